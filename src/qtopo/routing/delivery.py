"""Which queues the broker puts a message into: RabbitMQ's exchanges, and kombu's virtual ones."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol

from qtopo.routing.topics import TopicTrie, virtual_pattern
from qtopo.topology.common import EMPTY
from qtopo.topology.wiring import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qtopo.topology.exchanges import Exchange
    from qtopo.topology.topology import Topology
    from qtopo.topology.wiring import Bound


class Matcher(Protocol):
    """What is bound to one exchange, made for looking up many keys."""

    def find(self, key: str, headers: Mapping[str, Any]) -> Iterable[Bound]:
        """Return what a message goes to."""


class Deliveries:
    """The broker part of a topology: exchanges, bindings, queues.

    On RabbitMQ exchanges pass on to exchanges, and what finds no binding goes
    to the alternate exchange. kombu's virtual exchanges do neither.
    """

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._order = {name: index for index, name in enumerate(topology.queues)}
        self._matchers: dict[str, Matcher] = {}

    def queues(
        self, exchange: str, key: str, headers: Mapping[str, Any] = EMPTY
    ) -> tuple[str, ...]:
        """Return the queues that get a message, in the order of the file, each once.

        The anonymous exchange (`""`) takes it to the queue that the key names.
        An exchange that is not declared takes it nowhere.
        """
        if exchange == "":
            return (key,) if key in self._order else ()
        found: set[str] = set()
        seen: set[str] = set()
        todo = [exchange]
        exchanges = self._topology.wiring.exchanges
        while todo:
            name = todo.pop()
            declared = exchanges.get(name)
            if declared is None or name in seen:
                continue
            seen.add(name)
            took = False
            for bound in self._matcher(declared).find(key, headers):
                took = True
                if bound.kind == QUEUE:
                    found.add(bound.name)
                else:
                    todo.append(bound.name)
            if not took and declared.alternate and not self._virtual:
                todo.append(declared.alternate)
        return tuple(sorted(found, key=self._order.__getitem__))

    @property
    def _virtual(self) -> bool:
        return self._topology.broker.kind.virtual

    def _matcher(self, exchange: Exchange) -> Matcher:
        matcher = self._matchers.get(exchange.name)
        if matcher is None:
            bound = self._topology.wiring.bound.get(exchange.name, [])
            if self._virtual:
                bound = [one for one in bound if one.kind == QUEUE]
            matcher = self._matchers[exchange.name] = self._make(exchange, bound)
        return matcher

    def _make(self, exchange: Exchange, bound: list[Bound]) -> Matcher:
        kind = exchange.type
        if kind == "x-delayed-message":
            kind = str(exchange.arguments.get("x-delayed-type", "direct"))
        if kind == "direct":
            return _Direct(bound)
        if kind == "topic":
            return _VirtualTopic(bound) if self._virtual else _Topic(bound)
        if kind == "headers":
            return _Headers(bound)
        if kind == "fanout" and self._topology.broker.kind.name == "redis":
            return _RedisFanout(bound)
        # A plugin's exchange may choose among all that is bound to it.
        return _Everything(bound)


def deliveries(topology: Topology) -> Deliveries:
    """Return the broker part of a topology; built once for each topology."""
    return topology.wiring.memo("routing.deliveries", lambda: Deliveries(topology))


def deliver(
    topology: Topology, exchange: str, key: str, headers: Mapping[str, Any] = EMPTY
) -> tuple[str, ...]:
    """Return the queues a message gets into, in the order of the file."""
    return deliveries(topology).queues(exchange, key, headers)


class _Direct:
    def __init__(self, bound: list[Bound]) -> None:
        self._by_key: dict[str, list[Bound]] = {}
        for one in bound:
            self._by_key.setdefault(one.binding.routing_key, []).append(one)

    def find(self, key: str, headers: Mapping[str, Any]) -> Iterable[Bound]:  # noqa: ARG002
        return self._by_key.get(key, ())


class _Topic:
    def __init__(self, bound: list[Bound]) -> None:
        self._trie: TopicTrie[Bound] = TopicTrie()
        for one in bound:
            self._trie.add(one.binding.routing_key, one)

    def find(self, key: str, headers: Mapping[str, Any]) -> Iterable[Bound]:  # noqa: ARG002
        return self._trie.find(key)


class _VirtualTopic:
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
            except re.error:
                # kombu would raise while publishing; a rule says so.
                continue

    def find(self, key: str, headers: Mapping[str, Any]) -> Iterable[Bound]:  # noqa: ARG002
        yield from self._plain.get(key, ())
        for pattern, one in self._patterns:
            if pattern.match(key):
                yield one


class _Everything:
    def __init__(self, bound: list[Bound]) -> None:
        self._bound = bound

    def find(self, key: str, headers: Mapping[str, Any]) -> Iterable[Bound]:  # noqa: ARG002
        return self._bound


class _RedisFanout:
    """Redis publishes on a channel named after exchange and key; consumers subscribe by pattern."""

    def __init__(self, bound: list[Bound]) -> None:
        self._bound = bound

    def find(self, key: str, headers: Mapping[str, Any]) -> Iterable[Bound]:  # noqa: ARG002
        return [
            one
            for one in self._bound
            if one.binding.routing_key == key or fnmatchcase(key, one.binding.routing_key)
        ]


class _Headers:
    def __init__(self, bound: list[Bound]) -> None:
        self._bound = bound

    def find(self, key: str, headers: Mapping[str, Any]) -> Iterable[Bound]:  # noqa: ARG002
        return [one for one in self._bound if headers_match(one.binding.arguments, headers)]


def headers_match(wanted: Mapping[str, Any], headers: Mapping[str, Any]) -> bool:
    """Whether a headers exchange takes a message: `x-match` is all, any, all-with-x, any-with-x.

    Without `x-match` it is `all`. Only the `-with-x` kinds look at names that
    begin with `x-`. Values are equal when their types are too.
    """
    match = wanted.get("x-match", "all")
    names = [
        name
        for name in wanted
        if name != "x-match" and (str(match).endswith("-with-x") or not name.startswith("x-"))
    ]
    hits = (name in headers and _same(wanted[name], headers[name]) for name in names)
    return any(hits) if str(match).startswith("any") else all(hits)


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
