"""Rules of the family `capacity`: whether workers and machines can carry the load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.capacity.machine_overcommitted_cpu import MachineOvercommittedCpu
from qtopo.rules.capacity.machine_overcommitted_memory import MachineOvercommittedMemory
from qtopo.rules.capacity.mixed_latency import MixedLatency
from qtopo.rules.capacity.rate_over_capacity import RateOverCapacity
from qtopo.rules.capacity.task_memory_over_child_limit import TaskMemoryOverChildLimit

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    MachineOvercommittedMemory,
    MachineOvercommittedCpu,
    TaskMemoryOverChildLimit,
    RateOverCapacity,
    MixedLatency,
)
