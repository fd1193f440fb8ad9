"""What one call takes and loses, in words; oracles hold the values against Celery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qtopo.routing.call import Call, Lost, Refusal, Resolved
from qtopo.routing.resolve import message_headers, resolve
from qtopo.routing.sending import MADE_UP_NAME, QueueFacts, RouteValue, Sending, sending
from qtopo.topology.topology import Topology

DATA = {
    "exchanges": {"news": {"type": "topic"}},
    "queues": {
        "celery": {},
        "other": {},
        "feed": {"exchange": "news", "routing_key": "feed.#"},
        "mail": {"exchange": "news", "routing_key": "mail.#"},
    },
    "routes": [{"task": "a.*", "queue": "feed", "routing_key": "feed.one"}],
}


def topology(**more) -> Topology:
    found, findings = Topology.from_data({**DATA, **more})
    assert findings == []
    return found


def sent(call: Call, **more) -> Resolved:
    found = resolve(sending(topology(**more)), call)
    assert isinstance(found, Resolved), found
    return found


def refused(call: Call, **more) -> Refusal:
    found = resolve(sending(topology(**more)), call)
    assert isinstance(found, Refusal), found
    return found


def sources(found: Resolved | Refusal) -> dict[str, tuple]:
    return {one.key: (one.value, one.source, one.path) for one in found.taken}


def lost(found: Resolved | Refusal) -> dict[tuple[str, str], Lost]:
    return {(one.key, one.source): one for one in found.lost}


def test_a_route_gives_queue_and_key_and_its_queue_the_rest():
    found = sent(Call("a.b"))
    assert (found.wire_exchange, found.wire_key) == ("news", "feed.one")
    assert sources(found) == {
        "queue": ("feed", "route", ("routes", 0)),
        "exchange": ("news", "queue", ("queues", "feed")),
        "exchange_type": ("topic", "queue", ("queues", "feed")),
        "routing_key": ("feed.one", "route", ("routes", 0)),
        "delivery_mode": (2, "setting", None),
    }
    assert found.lost == ()
    assert found.declares == ("feed",)


def test_a_queue_of_the_call_keeps_the_key_of_the_route():
    found = sent(Call("a.b", {"queue": "mail"}))
    assert (found.queue, found.wire_exchange, found.wire_key) == ("mail", "news", "feed.one")
    assert [(one.key, one.value, one.source, one.why) for one in found.lost] == [
        ("queue", "feed", "route", "the call's queue is stronger")
    ]


def test_a_direct_queue_takes_no_key():
    found = sent(Call("a.b", {"queue": "other"}))
    assert (found.wire_exchange, found.wire_key) == ("", "other")
    assert sources(found)["routing_key"] == ("other", "queue", ("queues", "other"))
    assert "no exchange goes with it" in lost(found)["routing_key", "route"].why
    assert "'other'" in lost(found)["routing_key", "route"].why


def test_an_exchange_without_a_key_counts_as_nothing():
    found = sent(Call("x", {"exchange": "news"}))
    assert (found.queue, found.wire_exchange, found.wire_key) == ("celery", "", "celery")
    assert lost(found)["exchange", "call"].value == "news"


def test_a_queue_that_is_only_declared():
    found = sent(Call("x", {"queue": "other", "exchange": "news", "routing_key": "k"}))
    assert (found.wire_exchange, found.wire_key, found.declares) == ("news", "k", ("other",))
    assert "only declared" in lost(found)["queue", "call"].why


@pytest.mark.parametrize("method", ["send_task", "apply_async"])
def test_call_over_annotation_over_decorator_over_route(method):
    settings = {"task_annotations": {"a.b": {"queue": "celery"}}}
    call = Call("a.b", {}, {"queue": "mail"}, registered=True, method=method)
    found = sent(call, settings=settings)
    path = ("settings", "task_annotations", "a.b")
    assert sources(found)["queue"] == ("celery", "annotation", path)
    assert lost(found)["queue", "decorator"].why == "the annotation's queue is stronger"
    assert lost(found)["queue", "route"].why == "the annotation's queue is stronger"
    found = sent(call._replace(options={"queue": "other"}), settings=settings)
    assert sources(found)["queue"][:2] == ("other", "call")
    assert lost(found)["queue", "annotation"].why == "the call's queue is stronger"
    # None takes it back: the route has its turn.
    found = sent(call._replace(options={"queue": None}), settings=settings)
    assert sources(found)["queue"][:2] == ("feed", "route")
    assert "takes back" in lost(found)["queue", "annotation"].why


def test_annotations_of_all_tasks_come_last_and_lists_ask_for_the_first():
    several = [{"a.b": {"queue": "mail"}}, {"a.b": {"queue": "other"}, "*": {"queue": "celery"}}]
    call = Call("a.b", registered=True)
    found = sent(call, settings={"task_annotations": several})
    assert sources(found)["queue"][:2] == ("celery", "annotation")
    found = sent(call, settings={"task_annotations": several[:1]})
    assert sources(found)["queue"][:2] == ("mail", "annotation")


def test_a_task_that_is_not_registered_has_no_decorator():
    found = sent(Call("a.b", {}, {"queue": "mail"}))
    assert found.queue == "feed"
    assert "not registered" in lost(found)["queue", "decorator"].why
    assert refused(Call("a.b", method="apply_async")).error == "NotRegistered"


class Answer:
    def __init__(self, **options):
        self.options = options

    def find(self, name):
        return RouteValue(self.options, ("routes", 0))


def raw(**more) -> Sending:
    return Sending({"celery": QueueFacts("celery", "celery", "direct", "celery")}, **more)


def test_the_default_priority_hides_that_of_the_route():
    known = raw(routers=(Answer(priority=9),), defaults={"priority": 3})
    found = resolve(known, Call("x", registered=True))
    assert isinstance(found, Resolved)
    assert found.priority == 3
    assert sources(found)["priority"][1:] == ("setting", ("settings", "task_default_priority"))
    assert lost(found)["priority", "route"].why == "the setting's priority is stronger"
    unknown = resolve(known, Call("x"))
    assert isinstance(unknown, Resolved)
    assert unknown.priority == 9


def test_an_exchange_alone_is_lost_without_a_key():
    found = resolve(raw(routers=(Answer(exchange="x"),)), Call("x"))
    assert isinstance(found, Resolved)
    assert (found.queue, found.wire_exchange, found.wire_key) == (None, "", None)
    assert found.declares == ()
    assert "nowhere" in lost(found)["exchange", "route"].why


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"queue": "nope"}, "QueueNotFound"),
        ({"callbacks": []}, "TypeError"),
        ({"priority": 256}, "struct.error"),
        ({"delivery_mode": "bogus"}, "KeyError"),
        ({"exchange": "x" * 256, "routing_key": "k"}, "struct.error"),
        ({"stamped_headers": ["s"]}, "KeyError"),
        ({"countdown": -(2**31) - 1}, "ValueError"),
        ({"expires": "soon"}, "ValueError"),
        ({"headers": {"k": object()}}, "FrameSyntaxError"),
    ],
)
def test_what_is_refused_says_why(options, error):
    found = refused(Call("x", options))
    assert found.error == error
    assert found.message


QUORUM = {"queues": {**DATA["queues"], "safe": {"type": "quorum"}}}


def test_a_countdown_takes_the_detour_with_the_queues_own_key():
    found = sent(Call("a.b", {"countdown": 5}), **QUORUM)
    assert found.delay is not None
    assert found.delay.seconds == 5
    assert found.wire_exchange == "celery_delayed_27"
    assert found.wire_key == ".".join(f"{5:028b}") + ".feed.#"
    assert found.declares == ()
    assert "own key" in lost(found)["routing_key", "route"].why
    late = datetime(2030, 1, 1, tzinfo=UTC)
    eta = {"eta": (late + timedelta(seconds=7)).isoformat()}
    again = resolve(sending(topology(**QUORUM)), Call("a.b", eta), now=late)
    assert isinstance(again, Resolved)
    assert again.delay is not None
    assert again.delay.seconds == 7


def test_what_no_detour_is_for():
    assert sent(Call("a.b", {"countdown": 5})).delay is None
    assert sent(Call("x", {"countdown": 5}), **QUORUM).delay is None
    assert refused(Call("a.b", {"countdown": 0.5}), **QUORUM).error == "ValueError"
    assert sent(Call("a.b", {"countdown": 0}), **QUORUM).delay is None


def test_the_bits_that_do_not_fit_make_it_come_out_early():
    found = sent(Call("a.b", {"countdown": 2**28 + 2}), **QUORUM)
    assert found.delay is not None
    assert found.delay.seconds == 2**27 + 1


def test_a_broadcast_on_a_direct_exchange_goes_to_a_made_up_name():
    facts = QueueFacts("b", "b", "direct", "b", broadcast=True)
    found = resolve(Sending({"b": facts}), Call("x", {"queue": "b"}))
    assert isinstance(found, Resolved)
    assert (found.wire_exchange, found.wire_key, found.declares) == ("", MADE_UP_NAME, ())


def test_headers_of_the_call_replace_those_of_the_route_and_celerys_go_along():
    found = resolve(raw(routers=(Answer(headers={"a": 1}),)), Call("x", {"headers": {"b": 2}}))
    assert isinstance(found, Resolved)
    assert found.headers == {"b": 2}
    assert message_headers(Call("x"), found) == {"lang": "py", "task": "x", "retries": 0, "b": 2}


def test_what_a_process_knows_is_built_once():
    known = topology()
    assert sending(known) is sending(known)


def test_a_quorum_queue_behind_an_alias_is_not_seen():
    hidden = QueueFacts("b", "x", "topic", "k", quorum=True)
    plain = QueueFacts("c", "x", "topic", "k")
    assert Sending({"b": hidden, "c": plain}).quorum
    assert not Sending({"b": hidden, "c": plain}, aliases={"b": plain}).quorum
