"""Rules of the family `conventions`: what a team agrees on, and how it says so in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.conventions.name_unconventional import NameUnconventional
from qtopo.rules.conventions.unused_suppression import UnusedSuppression
from qtopo.rules.conventions.worker_too_many_queues import WorkerTooManyQueues

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    NameUnconventional,
    WorkerTooManyQueues,
    UnusedSuppression,
)
