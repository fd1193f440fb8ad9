"""Rules of the family `references`: names that are used and declared, and what nobody consumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.references.beat_unknown_queue import BeatUnknownQueue
from qtopo.rules.references.dead_letter_unknown_exchange import DeadLetterUnknownExchange
from qtopo.rules.references.default_queue_unconsumed import DefaultQueueUnconsumed
from qtopo.rules.references.default_queue_undeclared import DefaultQueueUndeclared
from qtopo.rules.references.exchange_unknown_alternate import ExchangeUnknownAlternate
from qtopo.rules.references.exchange_unknown_exchange import ExchangeUnknownExchange
from qtopo.rules.references.name_too_long import NameTooLong
from qtopo.rules.references.near_duplicate_name import NearDuplicateName
from qtopo.rules.references.near_miss_task import NearMissTask
from qtopo.rules.references.node_name_twice import NodeNameTwice
from qtopo.rules.references.parking_queue_consumed import ParkingQueueConsumed
from qtopo.rules.references.queue_name_not_selectable import QueueNameNotSelectable
from qtopo.rules.references.queue_unconsumed import QueueUnconsumed
from qtopo.rules.references.queue_unknown_exchange import QueueUnknownExchange
from qtopo.rules.references.reserved_name import ReservedName
from qtopo.rules.references.route_unknown_exchange import RouteUnknownExchange
from qtopo.rules.references.route_unknown_queue import RouteUnknownQueue
from qtopo.rules.references.task_unknown_queue import TaskUnknownQueue
from qtopo.rules.references.task_unknown_resource import TaskUnknownResource
from qtopo.rules.references.worker_name_unusable import WorkerNameUnusable
from qtopo.rules.references.worker_queue_twice import WorkerQueueTwice
from qtopo.rules.references.worker_serves_nothing import WorkerServesNothing
from qtopo.rules.references.worker_unknown_machine import WorkerUnknownMachine
from qtopo.rules.references.worker_unknown_queue import WorkerUnknownQueue

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    DefaultQueueUndeclared,
    RouteUnknownQueue,
    TaskUnknownQueue,
    BeatUnknownQueue,
    WorkerUnknownQueue,
    QueueUnknownExchange,
    ExchangeUnknownExchange,
    ExchangeUnknownAlternate,
    DeadLetterUnknownExchange,
    RouteUnknownExchange,
    WorkerUnknownMachine,
    TaskUnknownResource,
    NearMissTask,
    QueueUnconsumed,
    DefaultQueueUnconsumed,
    ParkingQueueConsumed,
    WorkerQueueTwice,
    QueueNameNotSelectable,
    NameTooLong,
    ReservedName,
    WorkerNameUnusable,
    NearDuplicateName,
    NodeNameTwice,
    WorkerServesNothing,
)
