"""Messages that RabbitMQ and kombu's own exchanges are asked about, for docs/transports.md.

A case is the exchanges and queues of a topology and one message. Those that both
treat alike are here too where one would expect a difference.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Case(NamedTuple):
    """One message into one topology; `reject` names a queue that then gives it up."""

    group: str
    about: str
    exchanges: dict[str, Any]
    queues: dict[str, Any]
    exchange: str = "x"
    key: str = "a"
    headers: dict[str, Any] = {}
    reject: str | None = None
    options: dict[str, Any] = {}
    """Transport options, for kombu only."""


PAIRS = (
    ("a.#", "a.b"),
    ("a.#", "a"),
    ("#.b", "b"),
    ("a.#.b", "a.b"),
    ("*.#", "a"),
    ("#.*", "a"),
    ("#.a.#", "a"),
    ("a.*.#", "a.b"),
    ("#", ""),
    ("#.#", ""),
    ("#.#", "a"),
    ("*", ""),
    ("*", "a.b"),
    ("a.*", "a."),
    ("*.*", "."),
    ("a*", "a"),
    ("a*", ""),
    ("a*", "aa"),
    ("a*", "a*"),
    ("a.b*", "a.bb"),
    ("*.b", "é.b"),
    ("a+", "a+"),
    ("a", "a\n"),
    ("a.**", "a.b"),
    ("#*", "a"),
    ("**", "a"),
)
"""Binding keys with routing keys."""


def bound(exchange: str = "x", key: str = "a", **more: Any) -> dict[str, Any]:
    """Return a queue with one binding."""
    binding = {"exchange": exchange, "routing_key": key}
    if arguments := more.pop("arguments", None):
        binding["arguments"] = arguments
    return {"bindings": [binding], **more}


def cases() -> list[Case]:
    """Return all cases, those of one group together."""
    return [*_topic(), *_headers(), *_fanout(), *_chains(), *_letters(), *_names()]


def _topic() -> list[Case]:
    return [
        Case("topic", "", {"x": {"type": "topic"}}, {"q": bound(key=pattern)}, key=key)
        for pattern, key in PAIRS
    ]


def _headers() -> list[Case]:
    exchanges = {"x": {"type": "headers"}}
    queues = {"q": bound(key="", arguments={"h": "1"})}
    return [
        Case("headers", "a header that the binding wants", exchanges, queues, headers={"h": "1"}),
        Case("headers", "another value of the header", exchanges, queues, headers={"h": "2"}),
    ]


def _fanout() -> list[Case]:
    exchanges = {"x": {"type": "fanout"}}
    one, two = {"q": bound(key="")}, {"q": bound(key="b")}
    return [
        Case("fanout", "bound and sent without a key", exchanges, one, key=""),
        Case("fanout", "bound without a key, sent with `a`", exchanges, one),
        Case("fanout", "bound with `b`, sent with `a`", exchanges, two),
        Case("fanout", "bound with `#`, sent with `a`", exchanges, {"q": bound(key="#")}),
    ]


def _chains() -> list[Case]:
    other = {"type": "fanout"}
    direct = {"q": bound(), "rest": bound("y", "")}
    alternate = {"x": {"alternate": "y"}, "y": {"type": "topic"}}
    chain = {"x": {}, "y": {"bindings": [{"exchange": "x", "routing_key": "c"}]}}
    lost = {"q": bound(), "lost": bound("y")}
    return [
        Case("chains", "no binding takes it; `x` has an alternate exchange", alternate,
             {"q": bound(), "rest": bound("y", "#")}, key="c"),
        Case("chains", "no binding takes it; `x` has none", {"x": {}}, {"q": bound()}, key="c"),
        Case("chains", "the same, and the option `deadletter_queue` is `lost`",
             {"x": {}, "y": {}}, lost, key="c", options={"deadletter_queue": "lost"}),
        Case("chains", "the same on a topic exchange", {"x": {"type": "topic"}, "y": {}}, lost,
             key="c", options={"deadletter_queue": "lost"}),
        Case("chains", "`x` is bound to `y`, and that one to `q`", chain,
             {"q": bound("y", "c")}, key="c"),
        Case("chains", "one queue bound twice", {"x": {"type": "topic"}},
             {"q": {"bindings": [{"exchange": "x", "routing_key": key} for key in ("a", "*")]}}),
        Case("chains", "an exchange that does not exist", {"y": other}, {"rest": direct["rest"]}),
        Case("chains", "the anonymous exchange, the name of a queue", {"y": {}}, {"q": bound("y")},
             exchange="", key="q"),
        Case("chains", "more keys in the header `CC`", {"x": {}},
             {"q": bound(), "r": bound(key="b")}, headers={"CC": ["b"]}),
    ]  # fmt: skip


def _letters() -> list[Case]:
    dead = {"dead_letter": {"exchange": "y", "routing_key": "d"}}
    exchanges = {"x": {}, "y": {}}
    parked = {"dead": bound("y", "d")}
    return [
        Case("letters", "a consumer rejects it; the queue has a dead-letter exchange", exchanges,
             {"q": bound(**dead), **parked}, reject="q"),
        Case("letters", "a consumer rejects it; the queue has none", exchanges,
             {"q": bound(), **parked}, reject="q"),
        Case("letters", "the queue has no room (`max_length = 0`)", exchanges,
             {"q": bound(max_length=0, **dead), **parked}),
    ]  # fmt: skip


def _names() -> list[Case]:
    exchanges = {"x": {"type": "topic"}}
    named = {"a:b": bound(key="#")}
    return [
        Case("names", "a queue named `a:b`", exchanges, named),
        Case("names", "the same with the transport option `sep = \":\"`", exchanges, named,
             options={"sep": ":"}),
    ]  # fmt: skip
