"""Where messages end that a queue gives up."""

from __future__ import annotations

import pytest

from qtopo.routing import following
from qtopo.routing.deadletters import dead_letters
from qtopo.routing.letters import CYCLE, KEPT, MISSING, NO_EXCHANGE, UNKNOWN, UNROUTED, End
from qtopo.topology.topology import Topology


def letters_to(key=None, exchange="x", **more):
    """A queue whose dead letters go on with a key."""
    target = {"exchange": exchange} | ({} if key is None else {"routing_key": key})
    return {"dead_letter": target, **more}


def topology_of(version="4.1", transport="amqp", exchanges=None, workers=None, **queues):
    """Queues bound by their names to the direct exchange `x`."""
    data = {
        "broker": {"transport": transport} | ({"version": version} if version else {}),
        "exchanges": {"x": {}, **(exchanges or {})},
        "queues": {
            name: {"bindings": [{"exchange": "x", "routing_key": name}], **one}
            for name, one in queues.items()
        },
        "workers": workers or {},
    }
    topology, wrong = Topology.from_data(data)
    assert wrong == []
    return topology


def course(topology, queue, reason="rejected", **more):
    (one,) = (one for one in dead_letters(topology, queue, **more).courses if one.reason == reason)
    return one


WAITING = {"message_ttl": "1s"}
CIRCLE = {
    "start": letters_to("a"),
    "a": letters_to("b", **WAITING),
    "b": letters_to("a", **WAITING),
}


def test_a_rejected_message_is_parked():
    topology = topology_of(work=letters_to("dead"), dead={"parking": True})
    found = course(topology, "work")
    (letter,) = found.letters
    assert (letter.exchange, letter.routing_key, letter.keeps_key) == ("x", "dead", False)
    assert letter.delivered_to == ("dead",)
    assert found.ends == (End("dead", "parked", ()),)
    assert (found.circle, found.grows, found.cut) == ((), False, False)


@pytest.mark.parametrize(
    ("queue", "nowhere"),
    [
        ({}, NO_EXCHANGE),
        (letters_to("dead", exchange="gone"), MISSING),
        (letters_to("gone"), UNROUTED),
        (
            letters_to(
                "gone",
                type="quorum",
                overflow="reject-publish",
                arguments={"x-dead-letter-strategy": "at-least-once"},
            ),
            KEPT,
        ),
    ],
)
def test_why_a_letter_comes_nowhere(queue, nowhere):
    (letter,) = course(topology_of(work=queue), "work").letters
    assert (letter.delivered_to, letter.nowhere) == ((), nowhere)


def test_its_own_key_decides_where_the_queue_gives_none():
    topology = topology_of(
        exchanges={"t": {"type": "topic"}},
        work=letters_to(bindings=[{"exchange": "t", "routing_key": "#"}]),
        dead={},
    )
    (letter,) = course(topology, "work", key="dead").letters
    assert (letter.routing_key, letter.keeps_key, letter.delivered_to) == ("dead", True, ("dead",))
    # Celery sends to a queue with bindings by its name.
    (letter,) = course(topology, "work").letters
    assert (letter.routing_key, letter.nowhere) == ("work", UNROUTED)


def test_without_a_known_key_there_is_no_answer():
    topology, wrong = Topology.from_data(
        {
            "exchanges": {"t": {"type": "topic"}},
            "queues": {"work": {"exchange": "t", "routing_key": "#", "dead_letter": "t"}},
        }
    )
    assert wrong == []
    (letter,) = course(topology, "work").letters
    assert (letter.routing_key, letter.nowhere) == (None, UNKNOWN)


def test_a_key_of_the_queue_replaces_all_others():
    topology = topology_of(work=letters_to("dead"), own=letters_to(), dead={}, copies={}, more={})
    headers = {"CC": ["copies"], "BCC": ["more"]}
    (letter,) = course(topology, "work", headers=headers).letters
    assert letter.delivered_to == ("dead",)
    (letter,) = course(topology, "own", key="dead", headers=headers).letters
    assert letter.delivered_to == ("dead", "copies", "more")


def test_a_circle_without_a_rejection_is_broken():
    topology = topology_of(**CIRCLE)
    found = course(topology, "a", "expired")
    assert [(one.queue, one.delivered_to, one.cycle) for one in found.letters] == [
        ("a", ("b",), ()),
        ("b", (), ("a",)),
    ]
    assert found.letters[-1].nowhere == CYCLE
    assert found.circle == ()


def test_an_old_rabbitmq_forgets_that_the_rejection_came_first():
    old = course(topology_of("3.12.14", **CIRCLE), "start")
    assert old.circle == ("a", "b")
    assert not old.grows
    assert {(end.queue, end.fate) for end in old.ends} == {("a", "endless"), ("b", "endless")}
    # The first time round `a` and `b` are as they should be; from then on there is no end.
    assert [(one.queue, one.times) for one in old.letters] == [
        ("start", 1),
        ("a", 1),
        ("b", 1),
        ("a", None),
        ("b", None),
    ]
    new = course(topology_of("3.13", **CIRCLE), "start")
    assert (new.circle, new.circle_before_313) == ((), ())
    assert new.letters[-1].cycle == ("a",)


def test_without_a_version_the_answer_tells_of_old_ones():
    found = course(topology_of(None, **CIRCLE), "start")
    assert (found.circle, found.circle_before_313) == ((), ("a", "b"))


def test_a_worker_takes_messages_off_a_circle():
    topology = topology_of("3.12", workers={"main": {"queues": ["a"]}}, **CIRCLE)
    found = course(topology, "start")
    assert found.circle == ()
    assert End("a", "consumed", ("main",)) in found.ends
    assert {one.certain for one in found.letters if one.queue == "a"} == {False}


@pytest.mark.parametrize(
    "more",
    [
        {"rest": {"bindings": [{"exchange": "x", "routing_key": "a"}]}},
        {"c": letters_to("b", bindings=[{"exchange": "x", "routing_key": "a"}], **WAITING)},
    ],
)
def test_a_circle_that_leaves_messages_behind_or_makes_more_of_them_grows(more):
    found = course(topology_of("3.12", **CIRCLE, **more), "start")
    assert found.circle
    assert found.grows


def test_two_ways_into_one_queue_make_two_letters():
    both = [{"exchange": "x", "routing_key": key} for key in ("a", "b")]
    topology = topology_of(
        start=letters_to("a"),
        left=letters_to("end", bindings=both[:1], **WAITING),
        right=letters_to("end", bindings=both[:1], **WAITING),
        end={},
    )
    found = course(topology, "start")
    assert [(one.queue, one.after, one.times, one.seconds) for one in found.letters] == [
        ("start", None, 1, None),
        ("left", 0, 1, 1.0),
        ("right", 0, 1, 1.0),
    ]
    assert [one.delivered_to for one in found.letters[1:]] == [("end",), ("end",)]


@pytest.mark.parametrize(
    ("limit", "certain", "ends"),
    [(0, True, [("end", "waits")]), (5, False, [("full", "waits"), ("end", "waits")])],
)
def test_a_full_queue_further_on_gives_up_too(limit, certain, ends):
    topology = topology_of(
        start=letters_to("full"), full=letters_to("end", max_length=limit), end={}
    )
    found = course(topology, "start")
    assert [(one.queue, one.reason, one.certain) for one in found.letters] == [
        ("start", "rejected", True),
        ("full", "maxlen", certain),
    ]
    assert [(end.queue, end.fate) for end in found.ends] == ends


@pytest.mark.parametrize(
    ("limit", "ends"),
    [
        (0, (End("full", "refused", (), True),)),
        (5, (End("full", "refused", (), False), End("full", "waits", ()))),
    ],
)
def test_a_full_queue_may_refuse_a_letter(limit, ends):
    full = letters_to("end", max_length=limit, overflow="reject-publish")
    found = course(topology_of(start=letters_to("full"), full=full, end={}), "start")
    assert len(found.letters) == 1
    assert found.ends == ends


def test_reasons_say_when_in_words():
    topology = topology_of(
        "3.10",
        q={"message_ttl": "1h", "max_length": 5, "type": "quorum", "delivery_limit": 3},
        r={"max_length": 5, "overflow": "reject-publish"},
    )
    assert [(one.reason, one.when) for one in dead_letters(topology, "q").courses] == [
        ("rejected", "a consumer rejects it without requeueing"),
        ("expired", "it waited 1h"),
        ("maxlen", "it is the oldest of a full queue"),
        ("delivery_limit", "it came back more than 3 times"),
    ]
    refused = course(topology, "r", "maxlen")
    assert (refused.when, refused.letters) == ("it finds the queue full: it is refused", ())


def test_other_transports_and_streams_have_no_dead_letters():
    assert not dead_letters(topology_of(transport="redis", version=None, q={}), "q").supported
    assert not dead_letters(topology_of(q={"type": "stream"}), "q").supported


def test_a_queue_that_is_not_declared():
    with pytest.raises(KeyError):
        dead_letters(topology_of(q={}), "gone")


def test_too_many_ways_are_cut(monkeypatch):
    monkeypatch.setattr(following, "MOST_STEPS", 3)
    chain = {f"q{n}": letters_to(f"q{n + 1}", **WAITING) for n in range(5)}
    topology = topology_of(**chain, q5={})
    found = course(topology, "q0")
    assert found.cut
    assert len(found.letters) == 3
    monkeypatch.undo()
    assert not course(topology, "q0").cut


def test_json_has_plain_values():
    found = dead_letters(topology_of("3.12", **CIRCLE), "start").as_json()
    (one,) = found["courses"]
    assert one["circle"] == ["a", "b"]
    assert one["letters"][0]["delivered_to"] == ["a"]
