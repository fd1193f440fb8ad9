"""kombu's virtual exchanges, which every transport but RabbitMQ has: which queues get a message.

Read in kombu 5.7 (`transport/virtual`, `transport/redis.py`) and held against it,
crashes included, by `tests/property/test_virtual_oracle.py` and
`tests/live/test_redis_oracle.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from qtopo.routing.delivered import Match, Passed, Refused, match
from qtopo.routing.topics import redis_glob, virtual_pattern
from qtopo.topology.wiring import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qtopo.topology.exchanges import Exchange
    from qtopo.topology.topology import Topology
    from qtopo.topology.wiring import Bound

TYPES = ("direct", "topic", "fanout")
"""The exchange types that kombu's virtual channels know."""

REDIS_SEPARATOR = "\x06\x16"
"""What kombu puts between the parts of a binding in Redis (`sep`)."""


class Matcher(Protocol):
    """What is bound to one exchange; `refused` says what every publish to it raises."""

    refused: Refused | None

    def find(self, key: str) -> Iterable[Bound]:
        """Return what a message goes to."""

    def chooses(self, found: list[Bound]) -> bool:
        """Whether only some of what was found gets the message, nobody can tell which."""


class Virtual:
    """The exchanges of one virtual transport.

    They pass on to queues only: bindings between exchanges, alternates and dead
    letters of queues do not exist. What no binding takes is dropped, or filed in
    the queue that the transport option `deadletter_queue` names.
    """

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._kind = topology.broker.kind
        self._options = topology.broker.options
        self._queues = topology.queues
        lost = self._options.get("deadletter_queue")
        self._unrouted = lost if isinstance(lost, str) else None
        self._matchers: dict[str, Matcher] = {}

    def reach(
        self,
        exchange: str,
        key: str,
        headers: Mapping[str, Any],  # noqa: ARG002
        steps: list[Passed] | None,
    ) -> set[str]:
        """Return the names a message is filed under; fills `steps` with its way, where given.

        The anonymous exchange takes it to any name, declared or not.
        """
        if exchange == "":
            if steps is not None:
                steps.append(Passed("", "direct", (Match(QUEUE, "", key, {}, key),)))
            return {key}
        declared = self._topology.wiring.exchanges.get(exchange)
        if declared is None:
            return self._lost("direct")
        matcher = self._matcher(declared)
        took = list(matcher.find(key))
        if steps is not None:
            steps.append(
                Passed(
                    exchange, declared.type, tuple(map(match, took)), None, matcher.chooses(took)
                )
            )
        return {one.name for one in took} or self._lost(declared.type)

    def refusal(self, exchange: str, key: str, headers: Mapping[str, Any]) -> Refused | None:  # noqa: ARG002
        """Return what publishing raises, or None; an unknown exchange raises nothing."""
        declared = self._topology.wiring.exchanges.get(exchange)
        return None if declared is None else self._matcher(declared).refused

    def _lost(self, kind: str) -> set[str]:
        """Return where a message goes that no binding takes."""
        # kombu's topic exchange looks the queue up and then leaves it out; Redis
        # publishes to a fanout exchange without looking.
        ignored = kind == "topic" or (kind == "fanout" and not self._fanout_in_memory)
        return set() if self._unrouted is None or ignored else {self._unrouted}

    @property
    def _fanout_in_memory(self) -> bool:
        return self._kind.name == "memory"

    @property
    def _fanout(self) -> bool:
        return "fanout" in self._kind.exchange_types or bool(self._options.get("supports_fanout"))

    def _matcher(self, exchange: Exchange) -> Matcher:
        matcher = self._matchers.get(exchange.name)
        if matcher is None:
            wiring = self._topology.wiring
            bound = [one for one in wiring.bound.get(exchange.name, []) if one.kind == QUEUE]
            matcher = self._matchers[exchange.name] = self._make(exchange, bound)
        return matcher

    def _make(self, exchange: Exchange, bound: list[Bound]) -> Matcher:
        kind, redis = exchange.type, self._kind.name == "redis"
        if kind not in TYPES:
            # Celery publishes with retries, and kombu's Redis wraps what they end with.
            error = "OperationalError" if redis else "KeyError"
            return _Nothing(Refused(error, f"kombu has no exchange type {kind!r}"))
        if kind == "topic" and self._kind.name == "gcpubsub":
            return _Nothing(Refused("NotImplementedError", "gcpubsub has no topic exchanges"))
        if kind == "fanout":
            if not self._fanout:
                return _Nothing(None)
            return _RedisFanout(self._topology, bound) if redis else _Everything(bound)
        matcher: Matcher = _Topic(bound) if kind == "topic" else _Direct(bound)
        if redis and matcher.refused is None:
            matcher.refused = self._unreadable(exchange, bound)
        return matcher

    def _unreadable(self, exchange: Exchange, bound: list[Bound]) -> Refused | None:
        """Return what Redis makes of names that contain what separates them in a binding."""
        separator = self._options.get("sep", REDIS_SEPARATOR)
        if not isinstance(separator, str) or not separator:
            return None
        for one in bound:
            key = one.binding.routing_key
            pattern = virtual_pattern(key) if exchange.type == "topic" else ""
            if separator.join((key, pattern, one.name)).count(separator) != 2:
                why = f"the separator {separator!r} is part of the binding of {one.name!r}"
                return Refused("ValueError", why)
        return None


class _Matching:
    refused: Refused | None = None

    def chooses(self, found: list[Bound]) -> bool:  # noqa: ARG002
        return False


class _Nothing(_Matching):
    def __init__(self, refused: Refused | None) -> None:
        self.refused = refused

    def find(self, key: str) -> Iterable[Bound]:  # noqa: ARG002
        return ()


class _Direct(_Matching):
    def __init__(self, bound: list[Bound]) -> None:
        self._by_key: dict[str, list[Bound]] = {}
        for one in bound:
            self._by_key.setdefault(one.binding.routing_key, []).append(one)

    def find(self, key: str) -> Iterable[Bound]:
        return self._by_key.get(key, ())


class _Topic(_Matching):
    def __init__(self, bound: list[Bound]) -> None:
        self._patterns: list[tuple[re.Pattern[str], Bound]] = []
        self._plain: dict[str, list[Bound]] = {}
        for one in bound:
            key = one.binding.routing_key
            if "*" not in key and "#" not in key:
                self._plain.setdefault(key, []).append(one)
                continue
            try:
                self._patterns.append((re.compile(virtual_pattern(key)), one))
            except re.error as error:
                # kombu tries every pattern at every publish.
                self.refused = Refused(
                    "re.error", f"{error} of the pattern that kombu makes of {key!r}"
                )

    def find(self, key: str) -> Iterable[Bound]:
        yield from self._plain.get(key, ())
        if key.endswith("\n"):
            # `$` also matches before a last line break.
            yield from self._plain.get(key[:-1], ())
        for pattern, one in self._patterns:
            if pattern.match(key):
                yield one


class _Everything(_Matching):
    def __init__(self, bound: list[Bound]) -> None:
        self._bound = bound

    def find(self, key: str) -> Iterable[Bound]:  # noqa: ARG002
        return self._bound


class _RedisFanout(_Matching):
    """Redis publishes on a channel named after exchange and key; consumers subscribe by pattern.

    A queue is subscribed for one of its fanout bindings only, the one that kombu
    declares last; kombu keeps several in a set, so nobody can tell which that is.
    """

    def __init__(self, topology: Topology, bound: list[Bound]) -> None:
        self._by_key = topology.broker.options.get("fanout_patterns", True)
        self._patterns = [
            (redis_glob(self._channel(one.binding.exchange, _subscribed(one))), one)
            for one in bound
            # kombu's consumer takes what stands before a slash for the exchange.
            if "/" not in one.binding.exchange
        ]
        wiring = topology.wiring
        self._torn = {
            one.name
            for one in bound
            if sum(
                wiring.exchange_type(binding.exchange) == "fanout"
                for binding in wiring.bindings[one.name]
            )
            > 1
        }

    def find(self, key: str) -> Iterable[Bound]:
        for pattern, one in self._patterns:
            if pattern.fullmatch(self._channel(one.binding.exchange, key)):
                yield one

    def chooses(self, found: list[Bound]) -> bool:
        return any(one.name in self._torn for one in found)

    def _channel(self, exchange: str, key: str) -> str:
        channel = f"{exchange}/{key}" if key and self._by_key else exchange
        # Redis counts bytes: one character for each.
        return channel.encode("utf-8", "surrogatepass").decode("latin-1")


def _subscribed(one: Bound) -> str:
    return one.binding.routing_key.replace("#", "*")
