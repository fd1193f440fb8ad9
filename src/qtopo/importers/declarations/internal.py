"""Which queues and exchanges Celery and RabbitMQ make for themselves: they belong in no file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from qtopo.importers.declarations.objects import PREDECLARED

if TYPE_CHECKING:
    from qtopo.importers.declarations.objects import (
        BindingFound,
        ExchangeFound,
        Objects,
        QueueFound,
    )

_UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_UUIDS = re.compile(_UUID, re.IGNORECASE)
_BROADCAST = re.compile(rf"bcast\.{_UUID}", re.IGNORECASE)
_DELAYED = re.compile(r"celery_delayed_(?:[0-9]{1,2}|delivery)")
_DELIVERY = "celery_delayed_delivery"
_STEMS = {
    "celeryev": "events",
    "celeryresults": "results",
    "C.dq2": "worker_direct",
}


class Kind(NamedTuple):
    """Why something is left out, in words for the report."""

    text: str


CONTROL = Kind("Celery's remote control")
EVENTS = Kind("Celery's events")
RESULTS = Kind("Celery's results")
DIRECT = Kind("Celery's worker_direct")
DELAYED = Kind("Celery's delayed delivery")
REPLIES = Kind("replies and other queues with a name made up for one process")
EXCLUSIVE = Kind("exclusive: they belong to one connection, and go with it")
BROKER = Kind("RabbitMQ's own")
_BY_STEM = {"celeryev": EVENTS, "celeryresults": RESULTS, "C.dq2": DIRECT}


def is_broadcast(queue: QueueFound, homes: list[ExchangeFound]) -> bool:
    """Whether a queue is what kombu's Broadcast makes for one worker."""
    return (
        _BROADCAST.fullmatch(queue.name) is not None
        and len(homes) == 1
        and homes[0].type == "fanout"
        and not homes[0].name.startswith("amq.")
    )


def internal_queue(queue: QueueFound) -> Kind | None:
    """Return what makes a queue for itself, or None; broadcast queues are not asked about."""
    name = queue.name
    if _is_pidbox(name):
        return CONTROL
    if name.startswith("celeryev.") or name == "celeryev":
        return EVENTS
    if name.endswith(".dq2"):
        return DIRECT
    if _DELAYED.fullmatch(name):
        return DELAYED
    if queue.exclusive:
        return EXCLUSIVE
    if _UUIDS.fullmatch(name):
        return REPLIES
    return BROKER if name.startswith("amq.") else None


def internal_exchange(exchange: ExchangeFound) -> Kind | None:
    """Return what makes an exchange for itself, or None."""
    name = exchange.name
    if exchange.type == "fanout" and name.endswith(".pidbox"):
        return CONTROL
    if name.startswith("reply.") and name.endswith(".pidbox"):
        return CONTROL
    if name in _BY_STEM:
        return _BY_STEM[name]
    if _DELAYED.fullmatch(name):
        return DELAYED
    if not name or (name.startswith("amq.") and name not in PREDECLARED):
        return BROKER
    return None


def _is_pidbox(name: str) -> bool:
    # `worker@host.celery.pidbox`, `UUID.reply.celery.pidbox`; the stem is a setting.
    return name.endswith(".pidbox") and name.count(".") >= 2


def delay_bindings(objects: Objects) -> set[int]:
    """Return the indexes of bindings that delayed delivery adds to exchanges and queues.

    Celery binds the queue's exchange to its delivery exchange with `#.KEY`, and the
    queue to its exchange with the same, beside the queue's own KEY. A key that begins
    with `#` it takes as it is, so that the queue's binding is the file's too.
    """
    delayed: set[tuple[str, str]] = set()
    found: set[int] = set()
    for index, one in enumerate(objects.bindings):
        if one.source == _DELIVERY:
            found.add(index)
            if one.to_exchange:
                delayed.add((one.destination, one.key))
    own = {(one.source, one.destination, one.key) for one in objects.bindings}
    for index, one in enumerate(objects.bindings):
        if (one.source, one.key) in delayed and _added(one, own):
            found.add(index)
    return found


def _added(binding: BindingFound, own: set[tuple[str, str, str]]) -> bool:
    plain = binding.key.removeprefix("#.")
    if binding.to_exchange or plain == binding.key:
        return False
    return (binding.source, binding.destination, plain) in own
