"""Rules of the family `queues`: queues and exchanges as RabbitMQ takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.queues.argument_conflict import ArgumentConflict
from qtopo.rules.queues.argument_range import ArgumentRange
from qtopo.rules.queues.argument_type import ArgumentType
from qtopo.rules.queues.auto_delete_work_queue import AutoDeleteWorkQueue
from qtopo.rules.queues.classic_quorum_argument import ClassicQuorumArgument
from qtopo.rules.queues.dead_letter_cycle import DeadLetterCycle
from qtopo.rules.queues.dead_letter_key_without_exchange import DeadLetterKeyWithoutExchange
from qtopo.rules.queues.dead_letter_unbound import DeadLetterUnbound
from qtopo.rules.queues.delayed_exchange_type import DelayedExchangeType
from qtopo.rules.queues.exchange_type_plugin import ExchangeTypePlugin
from qtopo.rules.queues.exclusive_queue import ExclusiveQueue
from qtopo.rules.queues.max_priority_large import MaxPriorityLarge
from qtopo.rules.queues.overflow_drops_tasks import OverflowDropsTasks
from qtopo.rules.queues.overflow_without_confirm import OverflowWithoutConfirm
from qtopo.rules.queues.own_exchange_conflict import OwnExchangeConflict
from qtopo.rules.queues.priority_without_levels import PriorityWithoutLevels
from qtopo.rules.queues.queue_expires import QueueExpires
from qtopo.rules.queues.quorum_classic_argument import QuorumClassicArgument
from qtopo.rules.queues.quorum_max_priority import QuorumMaxPriority
from qtopo.rules.queues.quorum_property import QuorumProperty
from qtopo.rules.queues.stream_argument import StreamArgument
from qtopo.rules.queues.stream_as_task_queue import StreamAsTaskQueue
from qtopo.rules.queues.transient_queue import TransientQueue
from qtopo.rules.queues.ttl_below_wait import TtlBelowWait
from qtopo.rules.queues.ttl_without_dead_letter import TtlWithoutDeadLetter
from qtopo.rules.queues.unused_exchange import UnusedExchange

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
    DeadLetterKeyWithoutExchange,
    DeadLetterUnbound,
    DeadLetterCycle,
    TtlWithoutDeadLetter,
    OverflowDropsTasks,
    OverflowWithoutConfirm,
    QueueExpires,
    AutoDeleteWorkQueue,
    TransientQueue,
    ExclusiveQueue,
    OwnExchangeConflict,
    ExchangeTypePlugin,
    DelayedExchangeType,
    TtlBelowWait,
    UnusedExchange,
)
