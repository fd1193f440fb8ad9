"""The way of one message through exchanges, what cannot be sent, and hard topic patterns."""

from __future__ import annotations

import itertools

import pytest

from qtopo.routing.delivered import Match, Passed, Refused
from qtopo.routing.delivery import Deliveries
from qtopo.routing.topics import TopicTrie
from qtopo.topology.topology import Topology


def broker(**data):
    transport = data.pop("transport", "amqp")
    options = data.pop("options", {})
    given = {"broker": {"transport": transport, "options": options}, **data}
    topology, wrong = Topology.from_data(given)
    assert wrong == []
    return Deliveries(topology)


def bound(*pairs, **more):
    return {"bindings": [{"exchange": one, "routing_key": key} for one, key in pairs], **more}


CHAIN = {
    "exchanges": {
        "in": {"type": "topic", "alternate": "rest"},
        "mail": {"type": "fanout", **bound(("in", "mail.#"), ("rest", "x"))},
        "rest": {"type": "direct"},
    },
    "queues": {
        "letters": bound(("mail", "")),
        "copies": bound(("mail", ""), ("in", "mail.*")),
        "lost": bound(("rest", "lost")),
    },
}


def test_the_way_is_told_exchange_by_exchange():
    found = broker(**CHAIN).trace("in", "mail.new")
    assert found.queues == ("letters", "copies")
    assert [(step.exchange, step.type) for step in found.steps] == [
        ("in", "topic"),
        ("mail", "fanout"),
    ]
    assert {(one.kind, one.name, one.routing_key) for one in found.steps[0].matches} == {
        ("exchange", "mail", "mail.#"),
        ("queue", "copies", "mail.*"),
    }
    assert found.refused is None
    assert found.undeclared == ()


def test_what_nothing_takes_goes_to_the_alternate():
    found = broker(**CHAIN).trace("in", "lost")
    assert found.queues == ("lost",)
    assert [(step.exchange, step.alternate) for step in found.steps] == [
        ("in", "rest"),
        ("rest", None),
    ]


def test_exchanges_in_a_circle_pass_a_message_on_once():
    exchanges = {
        name: {"type": "fanout", **bound((other, ""))} for name, other in ("ab", "bc", "ca")
    }
    found = broker(exchanges=exchanges, queues={"q": bound(("a", ""), ("b", ""))}).trace("c", "")
    assert found.queues == ("q",)
    assert sorted(step.exchange for step in found.steps) == ["a", "b", "c"]


def test_the_anonymous_exchange_knows_queues_by_their_names():
    found = broker(**CHAIN).trace("", "lost")
    assert found.queues == ("lost",)
    assert found.steps == (Passed("", "direct", (Match("queue", "", "lost", {}, "lost"),)),)
    assert broker(**CHAIN).trace("", "gone").queues == ()


def test_a_virtual_transport_files_under_names_that_are_not_declared():
    found = broker(transport="redis", queues={"q": {}}).trace("", "gone")
    assert (found.queues, found.undeclared) == ((), ("gone",))


@pytest.mark.parametrize(
    ("exchange", "key", "headers", "error"),
    [
        ("in", "k" * 256, {}, "error"),
        ("in", "é" * 128, {}, "error"),
        ("gone", "k", {}, "NotFound"),
        ("in", "k", {"CC": "other"}, "PreconditionFailed"),
        ("in", "k", {"BCC": 1}, "PreconditionFailed"),
    ],
)
def test_rabbitmq_refuses(exchange, key, headers, error):
    found = broker(**CHAIN).trace(exchange, key, headers)
    assert found.refused is not None
    assert found.refused.error == error
    assert (found.queues, found.steps) == ((), ())


def test_rabbitmq_takes_the_longest_key_and_lists_of_keys():
    deliveries = broker(**CHAIN)
    assert deliveries.trace("in", "k" * 255).refused is None
    found = deliveries.trace("rest", "none", {"CC": ["lost"], "BCC": ["x"]})
    assert found.queues == ("letters", "copies", "lost")


@pytest.mark.parametrize(
    ("transport", "kind", "key", "refused"),
    [
        ("redis", "headers", "", ("OperationalError", "kombu has no exchange type 'headers'")),
        ("memory", "headers", "", ("KeyError", "kombu has no exchange type 'headers'")),
        ("gcpubsub", "topic", "a", ("NotImplementedError", "gcpubsub has no topic exchanges")),
    ],
)
def test_virtual_transports_refuse(transport, kind, key, refused):
    found = broker(
        transport=transport, exchanges={"x": {"type": kind}}, queues={"q": bound(("x", key))}
    ).trace("x", "a")
    assert found == ((), (), Refused(*refused), ())


def test_a_key_that_is_no_pattern_breaks_every_publish_to_the_exchange():
    queues = {"good": bound(("x", "a")), "bad": bound(("x", "a.**"))}
    deliveries = broker(transport="redis", exchanges={"x": {"type": "topic"}}, queues=queues)
    assert deliveries.trace("x", "a").refused.error == "re.error"
    assert "'a.**'" in deliveries.trace("x", "a").refused.message


class Counted(str):
    """A word that counts how often the trie looks it up."""

    looked = itertools.count()

    def __hash__(self):
        next(Counted.looked)
        return super().__hash__()

    __eq__ = str.__eq__


@pytest.mark.parametrize(
    ("pattern", "key", "matches"),
    [
        (".".join(["#"] * 40), ".".join(["a"] * 40), True),
        (".".join(["#", "a"] * 20 + ["b"]), ".".join(["a"] * 80), False),
        (".".join(["*"] * 40), ".".join(["*"] * 40), True),
        (".".join(["#", "*"] * 20), ".".join(["*"] * 40), True),
    ],
)
def test_hard_patterns_are_matched_in_few_steps(monkeypatch, pattern, key, matches):
    # RabbitMQ 3.10 takes the product of all ways; ours at most each word at each node.
    monkeypatch.setattr(Counted, "looked", itertools.count())
    monkeypatch.setattr(
        "qtopo.routing.topics._words", lambda text: [Counted(one) for one in text.split(".")]
    )
    trie: TopicTrie[str] = TopicTrie()
    trie.add(pattern, "q")
    assert list(trie.find(key)) == (["q"] if matches else [])
    nodes, words = pattern.count(".") + 2, key.count(".") + 2
    assert next(Counted.looked) <= 10 * nodes * words
