"""RabbitMQ's exchanges: which queues get a message.

Measured on RabbitMQ 3.10 and held against it by `tests/live/test_rabbitmq_oracle.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from qtopo.routing.amqp_tables import comparable, headers_rule
from qtopo.routing.delivered import Match, Passed, Refused, match
from qtopo.routing.topics import TopicTrie
from qtopo.topology.wiring import QUEUE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from qtopo.topology.exchanges import Exchange
    from qtopo.topology.wiring import Bound

CARRIES_ALL = ("fanout", "x-recent-history")
LONGEST_KEY = 255
"""Bytes of the longest routing key that AMQP can carry."""


class Matcher(Protocol):
    """What is bound to one exchange, made for looking up many messages."""

    def find(self, keys: Sequence[str], headers: Mapping[str, Any]) -> Iterable[Bound]:
        """Return what a message goes to; something may come more than once."""


class Rabbit:
    """The exchanges of one RabbitMQ vhost.

    Exchanges pass on to queues and to exchanges, each exchange once for each
    message. What no binding of an exchange takes goes to its alternate; that there
    is nothing behind a binding that takes it does not matter.
    """

    def __init__(
        self,
        exchanges: Mapping[str, Exchange],
        bound: Mapping[str, Sequence[Bound]],
        queues: Collection[str],
    ) -> None:
        self._exchanges = exchanges
        self._bound = bound
        self._queues = queues
        self._matchers: dict[str, Matcher] = {}

    def reach(
        self, exchange: str, key: str, headers: Mapping[str, Any], steps: list[Passed] | None
    ) -> set[str]:
        """Return the queues that get a message; fills `steps` with its way, where given."""
        keys = message_keys(key, headers) if headers else (key,)
        if exchange == "":
            return self._anonymous(keys, steps)
        found: set[str] = set()
        seen: set[str] = set()
        todo = [exchange]
        for name in todo:
            declared = self._exchanges.get(name)
            if declared is None or name in seen:
                continue
            seen.add(name)
            took = list(self._matcher(declared).find(keys, headers))
            for one in took:
                if one.kind == QUEUE:
                    found.add(one.name)
                else:
                    todo.append(one.name)
            alternate = None if took else alternate_of(declared)
            if alternate is not None:
                if alternate == "":
                    found |= self._anonymous(keys, None)
                todo.append(alternate)
            if steps is not None:
                steps.append(_passed(declared, took, alternate))
        return found

    def refusal(self, exchange: str, key: str, headers: Mapping[str, Any]) -> Refused | None:
        """Return why the broker or the client library takes no such message, or None."""
        if len(key.encode("utf-8", "surrogatepass")) > LONGEST_KEY:
            return Refused("error", f"a routing key is at most {LONGEST_KEY} bytes long")
        if exchange and exchange not in self._exchanges:
            # The first publish gets away with it: the channel is closed behind it.
            return Refused("NotFound", f"no exchange {exchange!r}")
        for name in ("CC", "BCC"):
            if name in headers and not isinstance(headers[name], (list, tuple)):
                return Refused("PreconditionFailed", f"the header {name!r} is not a list")
        return None

    def _anonymous(self, keys: Sequence[str], steps: list[Passed] | None) -> set[str]:
        names = [name for name in dict.fromkeys(keys) if name in self._queues]
        if steps is not None:
            steps.append(anonymous(names))
        return set(names)

    def _matcher(self, exchange: Exchange) -> Matcher:
        matcher = self._matchers.get(exchange.name)
        if matcher is None:
            bound = self._bound.get(exchange.name, ())
            make = _MATCHERS.get(kind_of(exchange), _Everything)
            matcher = self._matchers[exchange.name] = make(bound)
        return matcher


def kind_of(exchange: Exchange) -> str:
    """Return the type that decides: a delayed-message exchange holds back, then acts as another."""
    if exchange.type == "x-delayed-message":
        return str(exchange.arguments.get("x-delayed-type", "direct"))
    return exchange.type


def alternate_of(exchange: Exchange) -> str | None:
    """Return the alternate exchange, by its own key or as a raw argument."""
    raw = exchange.arguments.get("alternate-exchange")
    return exchange.alternate or (raw if isinstance(raw, str) else None)


def message_keys(key: str, headers: Mapping[str, Any]) -> tuple[str, ...]:
    """Return all keys of a message: the headers CC and BCC carry more of them."""
    keys = [key]
    for name in ("CC", "BCC"):
        more = headers.get(name)
        if isinstance(more, (list, tuple)):
            keys += [one for one in more if isinstance(one, str)]
    return tuple(dict.fromkeys(keys))


def anonymous(names: Iterable[str]) -> Passed:
    """Return the step through the anonymous exchange, to which each queue is bound by its name."""
    return Passed("", "direct", tuple(Match(QUEUE, "", name, {}, name) for name in names))


def _passed(exchange: Exchange, took: list[Bound], alternate: str | None) -> Passed:
    kind = kind_of(exchange)
    # A message with several keys may match one binding with each of them.
    matches = {id(one): match(one) for one in took}
    chooses = kind not in _MATCHERS and kind not in CARRIES_ALL and len(matches) > 1
    return Passed(exchange.name, exchange.type, tuple(matches.values()), alternate, chooses)


class _Direct:
    def __init__(self, bound: Sequence[Bound]) -> None:
        self._by_key: dict[str, list[Bound]] = {}
        for one in bound:
            self._by_key.setdefault(one.binding.routing_key, []).append(one)

    def find(self, keys: Sequence[str], headers: Mapping[str, Any]) -> Iterable[Bound]:  # noqa: ARG002
        for key in keys:
            yield from self._by_key.get(key, ())


class _Topic:
    def __init__(self, bound: Sequence[Bound]) -> None:
        self._trie: TopicTrie[Bound] = TopicTrie()
        for one in bound:
            self._trie.add(one.binding.routing_key, one)

    def find(self, keys: Sequence[str], headers: Mapping[str, Any]) -> Iterable[Bound]:  # noqa: ARG002
        for key in keys:
            yield from self._trie.find(key)


class _Headers:
    def __init__(self, bound: Sequence[Bound]) -> None:
        self._bound = [(headers_rule(one.binding.arguments), one) for one in bound]

    def find(self, keys: Sequence[str], headers: Mapping[str, Any]) -> Iterable[Bound]:  # noqa: ARG002
        values = {name: comparable(value) for name, value in headers.items()}
        for rule, one in self._bound:
            if rule.takes(values):
                yield one


class _Everything:
    """A fanout exchange, or a plugin's, which may choose among all that is bound to it."""

    def __init__(self, bound: Sequence[Bound]) -> None:
        self._bound = bound

    def find(self, keys: Sequence[str], headers: Mapping[str, Any]) -> Iterable[Bound]:  # noqa: ARG002
        return self._bound


_MATCHERS: dict[str, Callable[[Sequence[Bound]], Matcher]] = {
    "direct": _Direct,
    "topic": _Topic,
    "headers": _Headers,
}
