"""Rules of the family `isolation`: state that tasks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.isolation.process_memory_not_shared import ProcessMemoryNotShared
from qtopo.rules.isolation.process_memory_race import ProcessMemoryRace
from qtopo.rules.isolation.resource_over_concurrency import ResourceOverConcurrency
from qtopo.rules.isolation.resource_race import ResourceRace

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    ProcessMemoryNotShared,
    ProcessMemoryRace,
    ResourceOverConcurrency,
    ResourceRace,
)
