"""Rules of the family `transport`: what the kind of broker can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.transport.broadcast_retries import BroadcastRetries
from qtopo.rules.transport.broadcast_unsupported import BroadcastUnsupported
from qtopo.rules.transport.exchange_binding_unsupported import ExchangeBindingUnsupported
from qtopo.rules.transport.exchange_type_unsupported import ExchangeTypeUnsupported
from qtopo.rules.transport.memory_transport_with_workers import MemoryTransportWithWorkers
from qtopo.rules.transport.priority_unsupported import PriorityUnsupported
from qtopo.rules.transport.queue_arguments_ignored import QueueArgumentsIgnored
from qtopo.rules.transport.queue_name_collision import QueueNameCollision
from qtopo.rules.transport.queue_name_refused import QueueNameRefused
from qtopo.rules.transport.redis_fanout_forgets import RedisFanoutForgets
from qtopo.rules.transport.redis_fanout_starved import RedisFanoutStarved
from qtopo.rules.transport.redis_priority_steps_invalid import RedisPriorityStepsInvalid
from qtopo.rules.transport.redis_reserved_queue_name import RedisReservedQueueName
from qtopo.rules.transport.redis_separator_in_name import RedisSeparatorInName
from qtopo.rules.transport.sqs_queue_not_predefined import SqsQueueNotPredefined
from qtopo.rules.transport.sqs_visibility_ignored import SqsVisibilityIgnored
from qtopo.rules.transport.topic_pattern_crash import TopicPatternCrash
from qtopo.rules.transport.topic_pattern_not_portable import TopicPatternNotPortable
from qtopo.rules.transport.topic_wildcard_in_word import TopicWildcardInWord

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    ExchangeTypeUnsupported,
    ExchangeBindingUnsupported,
    QueueArgumentsIgnored,
    PriorityUnsupported,
    RedisSeparatorInName,
    RedisReservedQueueName,
    RedisPriorityStepsInvalid,
    RedisFanoutForgets,
    BroadcastUnsupported,
    BroadcastRetries,
    TopicWildcardInWord,
    TopicPatternCrash,
    TopicPatternNotPortable,
    QueueNameCollision,
    QueueNameRefused,
    MemoryTransportWithWorkers,
    SqsQueueNotPredefined,
    RedisFanoutStarved,
    SqsVisibilityIgnored,
)
