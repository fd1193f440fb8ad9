"""Rules of the family `queues`: queues and exchanges as RabbitMQ takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.queues.argument_conflict import ArgumentConflict
from qtopo.rules.queues.argument_out_of_range import ArgumentOutOfRange
from qtopo.rules.queues.argument_wrong_type import ArgumentWrongType
from qtopo.rules.queues.auto_delete_work_queue import AutoDeleteWorkQueue
from qtopo.rules.queues.classic_quorum_argument import ClassicQuorumArgument
from qtopo.rules.queues.dead_letter_cycle import DeadLetterCycle
from qtopo.rules.queues.dead_letter_endless import DeadLetterEndless
from qtopo.rules.queues.dead_letter_key_without_exchange import DeadLetterKeyWithoutExchange
from qtopo.rules.queues.dead_letter_unbound import DeadLetterUnbound
from qtopo.rules.queues.delayed_exchange_without_type import DelayedExchangeWithoutType
from qtopo.rules.queues.exchange_type_plugin import ExchangeTypePlugin
from qtopo.rules.queues.exclusive_queue import ExclusiveQueue
from qtopo.rules.queues.max_priority_large import MaxPriorityLarge
from qtopo.rules.queues.overflow_drops_tasks import OverflowDropsTasks
from qtopo.rules.queues.overflow_without_confirm import OverflowWithoutConfirm
from qtopo.rules.queues.own_exchange_conflict import OwnExchangeConflict
from qtopo.rules.queues.priority_without_levels import PriorityWithoutLevels
from qtopo.rules.queues.queue_expires import QueueExpires
from qtopo.rules.queues.quorum_classic_argument import QuorumClassicArgument
from qtopo.rules.queues.quorum_invalid_property import QuorumInvalidProperty
from qtopo.rules.queues.quorum_max_priority import QuorumMaxPriority
from qtopo.rules.queues.stream_as_task_queue import StreamAsTaskQueue
from qtopo.rules.queues.stream_invalid_argument import StreamInvalidArgument
from qtopo.rules.queues.transient_queue import TransientQueue
from qtopo.rules.queues.ttl_below_wait import TtlBelowWait
from qtopo.rules.queues.ttl_without_dead_letter import TtlWithoutDeadLetter
from qtopo.rules.queues.unused_exchange import UnusedExchange

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    QuorumInvalidProperty,
    QuorumMaxPriority,
    QuorumClassicArgument,
    ClassicQuorumArgument,
    StreamAsTaskQueue,
    StreamInvalidArgument,
    ArgumentWrongType,
    ArgumentOutOfRange,
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
    DelayedExchangeWithoutType,
    TtlBelowWait,
    UnusedExchange,
    DeadLetterEndless,
)
