"""RabbitMQ's native delayed delivery: the detour of a countdown, and where it ends.

With a quorum queue anywhere, Celery sends a message with a countdown or an ETA
through 28 exchanges of its own; when it is due it comes out of
`celery_delayed_delivery`. Workers bind every queue's exchange to that one, and
the queue once more to its exchange, with `#.` before the key.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qtopo.routing.call import Delay
from qtopo.routing.delivered import Delivered, Passed, match
from qtopo.routing.delivery import deliveries
from qtopo.routing.options import RefusedError, Sourced
from qtopo.routing.sending import sending
from qtopo.routing.topics import TopicTrie
from qtopo.topology.common import EMPTY
from qtopo.topology.exchanges import Binding
from qtopo.topology.wiring import EXCHANGE, QUEUE, Bound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from qtopo.routing.options import Way
    from qtopo.routing.queues import Queues
    from qtopo.topology.topology import Topology

FIRST = "celery_delayed_27"
"""The exchange that delayed messages are published to."""

DELIVERY = "celery_delayed_delivery"
"""The exchange that they come out of."""

BITS = 28

_PREFIX = re.compile(rf"^(?:[01]\.){{{BITS}}}")
_DELAYED = "a delayed message is published with the queue's own key, which it comes out with"


def delay_of(
    named: Mapping[str, Any],
    merged: dict[str, Sourced],
    queues: Queues,
    way: Way,
    now: datetime | None,
) -> Delay | None:
    """Return the detour of a call, or None where it goes at once, or waits in a worker."""
    countdown, eta = named.get("countdown"), named.get("eta")
    if not (eta or countdown) or not queues.quorum:
        return None
    queue = merged.get("queue")
    if queue is not None and queue.value is not None:
        exchange_type, key = queue.value.exchange_type, queue.value.routing_key
    else:
        missing = [key for key in ("exchange_type", "routing_key", "exchange") if key not in merged]
        if missing:
            raise RefusedError(
                "KeyError", f"a delay needs a queue: without it Celery asks for {missing[0]!r}"
            )
        exchange_type, key = merged["exchange_type"].value, merged["routing_key"].value
    if exchange_type == "direct":
        return None
    if eta:
        countdown = _seconds_until(eta, now)
    if not countdown or countdown <= 0:
        return None
    delay = delayed(countdown, key)
    said = merged.get("routing_key")
    if said is not None and said.value and said.value != key:
        way.lose("routing_key", said, _DELAYED)
    return delay


def delayed(countdown: float, key: str | None) -> Delay:
    """Return the detour of so many seconds; raises where Celery does (below a second, no key).

    Of more than 28 bits the queues read the first 28 alone: the message comes
    out too early, and waits in a worker for the rest.
    """
    try:
        seconds = int(countdown)
    except OverflowError:
        raise RefusedError("OverflowError", "a delay has an end") from None
    if seconds < 1:
        raise RefusedError(
            "ValueError", f"a delay of {countdown!r} s is below one second: quorum queues refuse it"
        )
    if not key:
        raise RefusedError("ValueError", "a delay needs a routing key")
    bits = f"{seconds:0{BITS}b}"
    wire = ".".join(bits) + "." + _PREFIX.sub("", key, count=1)
    return Delay(int(bits[:BITS], 2), FIRST, wire, wire)


def native_delay_bindings(topology: Topology) -> list[tuple[str, Bound]]:
    """Return what workers bind besides the file when a queue is a quorum queue.

    Pairs of an exchange and the queue bound to it once more, with `#.` before
    the key and without arguments. Every queue of the application is, whether
    consumed or not, but broadcasts and those on a direct exchange.
    """
    return [
        (exchange, Bound(QUEUE, name, Binding(exchange=exchange, routing_key=key)))
        for name, exchange, key in _delayed_keys(topology)
    ]


def delivery_bindings(topology: Topology) -> list[Bound]:
    """Return the exchanges that workers bind to `celery_delayed_delivery`, each key once."""
    pairs = dict.fromkeys((exchange, key) for _, exchange, key in _delayed_keys(topology))
    return [
        Bound(EXCHANGE, exchange, Binding(exchange=DELIVERY, routing_key=key))
        for exchange, key in pairs
    ]


def delivered_late(
    topology: Topology, delay: Delay, headers: Mapping[str, Any] = EMPTY
) -> Delivered:
    """Return where a delayed message comes out once it is due."""
    broker = deliveries(topology, delayed=True)
    key = delay.arrives_with
    took = list(_trie(topology).find(key))
    steps = {DELIVERY: Passed(DELIVERY, "topic", tuple(match(one) for one in took))}
    found: set[str] = set()
    undeclared: set[str] = set()
    for exchange in dict.fromkeys(one.name for one in took):
        one = broker.trace(exchange, key, headers)
        if one.refused is not None:
            return one
        found.update(one.queues)
        undeclared.update(one.undeclared)
        for step in one.steps:
            steps.setdefault(step.exchange, step)
    queues = tuple(name for name in topology.queues if name in found)
    return Delivered(queues, tuple(steps.values()), None, tuple(sorted(undeclared)))


def _trie(topology: Topology) -> TopicTrie[Bound]:
    def build() -> TopicTrie[Bound]:
        trie: TopicTrie[Bound] = TopicTrie()
        for one in delivery_bindings(topology):
            trie.add(one.binding.routing_key, one)
        return trie

    return topology.wiring.memo("routing.delayed", build)


def _delayed_keys(topology: Topology) -> Iterator[tuple[str, str, str]]:
    """Yield queue, exchange and key of each binding that a worker adds."""
    if not sending(topology).quorum:
        return
    for name, queue in topology.queues.items():
        for binding in () if queue.broadcast else topology.wiring.bindings[name]:
            if topology.wiring.exchange_type(binding.exchange) == "direct":
                continue
            key = binding.routing_key
            yield name, binding.exchange, key if key.startswith("#") else f"#.{key}"


def _seconds_until(eta: Any, now: datetime | None) -> float:
    from datetime import UTC, datetime

    if isinstance(eta, str):
        try:
            eta = datetime.fromisoformat(eta.replace("Z", "+00:00"))
        except ValueError as error:
            raise RefusedError("ValueError", f"eta is no time: {error}") from None
    now = now or datetime.now(UTC)
    # Celery takes a time without a zone for UTC.
    one, other = (at if at.tzinfo is not None else at.replace(tzinfo=UTC) for at in (eta, now))
    seconds: float = (one - other).total_seconds()
    return seconds
