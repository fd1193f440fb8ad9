"""Rules of the family `queues`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.queues.argument_conflict import ArgumentConflict
from qtopo.rules.queues.argument_range import ArgumentRange
from qtopo.rules.queues.argument_type import ArgumentType
from qtopo.rules.queues.classic_quorum_argument import ClassicQuorumArgument
from qtopo.rules.queues.max_priority_large import MaxPriorityLarge
from qtopo.rules.queues.priority_without_levels import PriorityWithoutLevels
from qtopo.rules.queues.quorum_classic_argument import QuorumClassicArgument
from qtopo.rules.queues.quorum_max_priority import QuorumMaxPriority
from qtopo.rules.queues.quorum_property import QuorumProperty
from qtopo.rules.queues.stream_argument import StreamArgument
from qtopo.rules.queues.stream_as_task_queue import StreamAsTaskQueue

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    QuorumProperty,
    QuorumMaxPriority,
    QuorumClassicArgument,
    ClassicQuorumArgument,
    StreamAsTaskQueue,
    StreamArgument,
    ArgumentType,
    ArgumentRange,
    ArgumentConflict,
    MaxPriorityLarge,
    PriorityWithoutLevels,
)
