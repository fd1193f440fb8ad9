"""Whether tasks go where they are meant to: what is asked, and every reason why they do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtopo.errors import QtopoError
from qtopo.routing.cases import call, checks
from qtopo.routing.expectations import expectation, judge, parse
from qtopo.routing.route import route, route_many
from qtopo.topology.tests import Case, CaseCall, DecoratorOptions, Expected
from qtopo.topology.topology import Topology
from strategies import topologies


def build(**data):
    topology, findings = Topology.from_data(data)
    assert findings == []
    return topology


SHOP = {
    "broker": {"transport": "rabbitmq"},
    "defaults": {"queue": "default"},
    "exchanges": {"events": {"type": "topic"}},
    "queues": {
        "default": {},
        "emails": {"exchange": "events", "routing_key": "email.#", "max_priority": 9},
        "audit": {"exchange": "events", "routing_key": "order.#"},
        "orders": {"exchange": "events", "routing_key": "order.*"},
        "letters": {"parking": True},
        "copies": {"exchange": "events", "routing_key": "email.copied", "parking": True},
        "news": {"broadcast": True},
        "cold": {},
    },
    "routes": [
        {"task": "shop.orders.*", "queue": "orders", "routing_key": "order.paid"},
        {"task": "shop.*", "queue": "default"},
        {"task": "shop.emails.*", "queue": "emails", "routing_key": "email.send", "priority": 7},
        {"task": "mail", "queue": "emails", "routing_key": "email.send", "priority": 7},
        {"task": ["copy", "copy2"], "queue": "emails", "routing_key": "email.copied"},
        {"task": "lost", "queue": "emails", "routing_key": "nobody"},
        {"task": "news", "queue": "news"},
        {"task": "park", "queue": "letters"},
        {"task": "cold", "queue": "cold"},
        {"task": "typo", "queue": "emals"},
        {"task": {"regex": "re"}, "queue": "cold"},
    ],
    "tasks": {"own": {"queue": "cold"}},
    "workers": {
        "main": {"queues": ["default", "orders", "news"]},
        "mail": {"queues": ["emails"]},
        "off": {"queues": ["audit", "cold"], "replicas": 0},
    },
}


@pytest.fixture(scope="module")
def shop():
    return build(**SHOP)


def reasons(topology, task, **expected):
    return judge(route(topology, task), Expected(**expected), topology)


PASSING = [
    ("mail", {"queue": "emails", "exchange": "events", "routing_key": "email.send"}),
    ("mail", {"priority": 7, "delivered_to": ("emails",), "workers": ("mail",)}),
    ("mail", {"exactly_once": True, "decided_by": ("routes", 3)}),
    ("shop.orders.pay", {"delivered_to": ("audit", "orders"), "workers": ("main",)}),
    ("shop.orders.pay", {"delivered_to": ("orders", "audit"), "exactly_once": False}),
    # What is parked waits for a person: it does not run twice.
    ("copy", {"delivered_to": ("emails", "copies"), "exactly_once": True}),
    ("news", {"exactly_once": False, "workers": ("main",)}),
    ("park", {"exactly_once": False, "workers": ()}),
    ("lost", {"exactly_once": False, "delivered_to": (), "workers": ()}),
    ("other", {"queue": "default", "decided_by": ("defaults", "queue")}),
    ("own", {"decided_by": ("tasks", "own")}),
    ("typo", {"refused": "QueueNotFound"}),
]


@pytest.mark.parametrize(("task", "expected"), PASSING)
def test_what_goes_as_meant_has_no_reason(shop, task, expected):
    assert reasons(shop, task, **expected) == []


FAILING = {
    "a route before the one that was meant": (
        "shop.emails.send",
        {"queue": "emails"},
        [
            (
                "queue is 'default', not 'emails': the route at routes[1] ('shop.*') decides "
                "before routes[2] ('shop.emails.*')"
            )
        ],
    ),
    "no route, and many lead there": (
        "other",
        {"queue": "emails"},
        ["queue is 'default', not 'emails': no route matches, so it is the default queue"],
    ),
    "no route, and some lead there": (
        "other",
        {"queue": "cold"},
        [
            (
                "queue is 'default', not 'cold': no route matches, so it is the default queue; "
                "to 'cold' lead routes[8] ('cold'), routes[10] (/re/)"
            )
        ],
    ),
    "no route at all leads there": (
        "mail",
        {"queue": "audit"},
        [
            (
                "queue is 'emails', not 'audit': the route at routes[3] ('mail') decides; "
                "no route leads to 'audit'"
            )
        ],
    ),
    "a task's own queue": (
        "own",
        {"queue": "default"},
        ["queue is 'cold', not 'default': [tasks.own] decides"],
    ),
    "a queue that is none": (
        "mail",
        {"queue": "email"},
        ["no queue 'email' is declared: did you mean 'emails'?"],
    ),
    "another exchange": (
        "own",
        {"exchange": "events"},
        ["exchange is 'cold', not 'events': queue 'cold' has it so"],
    ),
    "an exchange that is none": (
        "mail",
        {"exchange": "event"},
        ["no exchange 'event' is declared: did you mean 'events'?"],
    ),
    "another key": (
        "mail",
        {"routing_key": "email.sent"},
        ["routing_key is 'email.send', not 'email.sent': the route at routes[3] ('mail') decides"],
    ),
    "another priority": (
        "mail",
        {"priority": 3},
        ["priority is 7, not 3: the route at routes[3] ('mail') decides"],
    ),
    "a queue too few and one too many": (
        "mail",
        {"delivered_to": ("audit", "adit")},
        [
            (
                "'audit' does not get it: it is sent to 'events' with 'email.send', "
                "and 'audit' is bound to 'events' with 'order.#'"
            ),
            "no queue 'adit' is declared: did you mean 'audit'?",
            (
                "'emails' gets it too: it is sent to 'events' with 'email.send', "
                "and 'emails' is bound to 'events' with 'email.#'"
            ),
        ],
    ),
    "past all exchanges": (
        "own",
        {"delivered_to": ("audit", "cold")},
        ["'audit' does not get it: it is sent to queue 'cold' alone"],
    ),
    "meant for nobody": (
        "own",
        {"delivered_to": ()},
        ["'cold' gets it, and no queue is meant to: it is sent to queue 'cold' alone"],
    ),
    "other workers": (
        "mail",
        {"workers": ("main", "off", "mian")},
        [
            (
                "worker 'main' does not get it: it gets into 'emails', "
                "'main' consumes 'default', 'orders' and 'news'"
            ),
            "worker 'off' does not get it: it is switched off (replicas = 0)",
            "no worker 'mian' is declared: did you mean 'main'?",
            "worker 'mail' gets it too: it consumes 'emails'",
        ],
    ),
    "no queue for its worker": (
        "lost",
        {"workers": ("mail",)},
        ["worker 'mail' does not get it: it gets into no queue, 'mail' consumes 'emails'"],
    ),
    "more than one copy, and one that stays": (
        "shop.orders.pay",
        {"exactly_once": True},
        ["a copy stays in 'audit': no running worker consumes it"],
    ),
    "everybody gets it": (
        "news",
        {"exactly_once": True},
        ["it runs more than once: 'news' is a broadcast, every worker process gets a copy"],
    ),
    "parked": (
        "park",
        {"exactly_once": True},
        ["it does not run: it waits in 'letters', a parking queue"],
    ),
    "lost": (
        "lost",
        {"exactly_once": True},
        ["it does not run: no binding takes it, so it gets into no queue"],
    ),
    "once, and not meant to": (
        "mail",
        {"exactly_once": False},
        ["it runs exactly once, from 'emails'"],
    ),
    "another decides": (
        "shop.emails.send",
        {"decided_by": ("routes", 2)},
        [
            (
                "not decided by routes[2]: the route at routes[1] ('shop.*') decides "
                "before routes[2] ('shop.emails.*')"
            )
        ],
    ),
    "a task's table decides": (
        "own",
        {"decided_by": ("tasks", "it's.another")},
        ['not decided by tasks."it\'s.another": [tasks.own] decides'],
    ),
    "sent and not refused": (
        "other",
        {"refused": "QueueNotFound"},
        [
            (
                "it is sent and gets into 'default', not refused with QueueNotFound: "
                "no route matches, so it is the default queue"
            )
        ],
    ),
    "each thing that is not as meant": (
        "own",
        {"queue": "emails", "priority": 7, "exactly_once": True},
        [
            "queue is 'cold', not 'emails': [tasks.own] decides",
            "priority is not given, not 7: [tasks.own] decides",
            "a copy stays in 'cold': no running worker consumes it",
        ],
    ),
}


@pytest.mark.parametrize("name", FAILING)
def test_why_it_does_not_go_as_meant(shop, name):
    task, expected, said = FAILING[name]
    assert reasons(shop, task, **expected) == said


def test_refused_with_something_else(shop):
    [said] = reasons(shop, "typo", refused="KeyError")
    assert said.startswith("it is refused, but not with KeyError: QueueNotFound: ")


def test_refused_and_meant_to_be_sent(shop):
    [said] = reasons(shop, "typo", queue="emals", exactly_once=True)
    assert said.startswith("Celery refuses to send it: QueueNotFound: queue 'emals'")
    assert said.endswith("(the route at routes[9] ('typo') decides)")


def test_a_quick_answer_is_judged_too(shop):
    [routed] = route_many(shop, ["typo"])
    assert judge(routed, Expected(refused="QueueNotFound"), shop) == []
    [said] = judge(routed, Expected(queue="emals"), shop)
    assert said.startswith("Celery refuses to send it: QueueNotFound: queue 'emals'")
    [routed] = route_many(shop, ["shop.emails.send"])
    assert judge(routed, Expected(queue="emails"), shop) == [
        "queue is 'default', not 'emails': the route at routes[1] ('shop.*') decides"
    ]


def test_two_copies_that_run():
    topology = build(**{**SHOP, "workers": {"all": {"queues": ["audit", "orders"]}}})
    assert reasons(topology, "shop.orders.pay", exactly_once=True) == [
        "it runs more than once: 'audit' and 'orders' all get a copy"
    ]


def test_a_fanout_of_redis_is_a_broadcast_and_one_of_rabbitmq_is_not():
    data = {
        "exchanges": {"f": {"type": "fanout"}},
        "queues": {"celery": {"exchange": "f"}},
        "workers": {"w": {"queues": ["celery"]}},
    }
    rabbitmq = build(broker={"transport": "rabbitmq"}, **data)
    redis = build(broker={"transport": "redis"}, **data)
    assert reasons(rabbitmq, "t", exactly_once=True) == []
    assert reasons(redis, "t", exactly_once=False) == []


# How it is sent


CALLS = [
    ({}, {"queue": "emails", "priority": 7}),
    ({"queue": "cold"}, {"queue": "cold", "delivered_to": ["cold"]}),
    ({"queue": "colt"}, {"refused": "QueueNotFound"}),
    ({"routing_key": "order.x"}, {"delivered_to": ["audit", "orders"], "queue": "emails"}),
    ({"exchange": "events", "routing_key": "email.copied"}, {"delivered_to": ["emails", "copies"]}),
    ({"priority": 2}, {"queue": "emails", "priority": 2}),
    ({"decorator": {"queue": "cold"}}, {"queue": "cold"}),
    ({"decorator": {"queue": "cold"}, "registered": False}, {"queue": "emails"}),
    ({"decorator": {"queue": "cold"}, "queue": "default"}, {"queue": "default"}),
    ({"decorator": {"priority": 0}, "registered": True}, {"priority": 0, "queue": "emails"}),
    ({"countdown": "5m"}, {"queue": "emails", "exactly_once": True}),
]


@pytest.mark.parametrize(("sent", "expected"), CALLS)
def test_the_call_counts(sent, expected):
    topology = build(**SHOP, tests=[{"task": "mail", "call": sent, "expect": expected}])
    [check] = checks(topology)
    assert check.reasons(topology) == []


WHY = [
    ({"queue": "cold"}, {"queue": "emails"}, "queue is 'cold', not 'emails': the call says so"),
    (
        {"decorator": {"queue": "cold"}},
        {"queue": "emails"},
        "queue is 'cold', not 'emails': the task's decorator says so",
    ),
    ({"priority": 2}, {"priority": 7}, "priority is 2, not 7: the call says so"),
    (
        {"priority": 2, "queue": "cold"},
        {"priority": 7},
        "priority 7 has no effect: queue 'cold' knows no priorities",
    ),
    (
        {"queue": "colt"},
        {"queue": "cold"},
        "Celery refuses to send it: QueueNotFound: queue 'colt' is not in task_queues",
    ),
]


@pytest.mark.parametrize(("sent", "expected", "said"), WHY)
def test_the_call_is_named_where_it_decides(sent, expected, said):
    topology = build(**SHOP, tests=[{"task": "mail", "call": sent, "expect": expected}])
    [check] = checks(topology)
    assert check.reasons(topology) == [said]


def test_a_countdown_takes_the_way_of_native_delayed_delivery():
    late = {"countdown": "5m"}
    more = {"queues": {**SHOP["queues"], "safe": {"type": "quorum", "exchange": "events"}}}
    tests = [{"task": "mail", "call": late, "expect": {"delivered_to": ["audit"]}}]
    topology = build(**{**SHOP, **more}, tests=tests)
    [check] = checks(topology)
    missing, extra = check.reasons(topology)
    assert missing.startswith("'audit' does not get it: it comes out of its delay with '")
    assert missing.endswith(".email.#', and 'audit' is bound to 'events' with 'order.#'")
    assert extra.startswith("'emails' gets it too: ")


def test_an_exchange_that_chooses_is_no_promise():
    topology = build(
        exchanges={"h": {"type": "x-consistent-hash"}},
        queues={
            "a": {"exchange": "h", "routing_key": "1"},
            "b": {"exchange": "h", "routing_key": "1"},
        },
        defaults={"queue": "a"},
        workers={"w": {"queues": ["a", "b"]}},
    )
    assert reasons(topology, "t", exactly_once=True) == [
        "it may not run exactly once: exchange 'h' chooses among 'a' and 'b'"
    ]


# What an expectation may be


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["queue=emails"], {"queue": "emails"}),
        (["queue=a=b"], {"queue": "a=b"}),
        (["routing_key="], {"routing_key": ""}),
        (["priority=7", "exchange=events"], {"priority": 7, "exchange": "events"}),
        (["delivered_to=a,b"], {"delivered_to": ("a", "b")}),
        (["delivered_to=a", "delivered_to=b,c"], {"delivered_to": ("a", "b", "c")}),
        (["workers="], {"workers": ()}),
        (["exactly_once=true"], {"exactly_once": True}),
        (["exactly_once"], {"exactly_once": True}),
        (["exactly_once=false"], {"exactly_once": False}),
        (["decided_by=routes,3"], {"decided_by": ("routes", 3)}),
        (["decided_by=tasks,3"], {"decided_by": ("tasks", "3")}),
        (["refused=QueueNotFound"], {"refused": "QueueNotFound"}),
    ],
)
def test_texts_of_the_command_line(texts, expected):
    assert parse(texts) == Expected(**expected)


@pytest.mark.parametrize(
    ("texts", "message", "help"),
    [
        (["quue=a"], "--expect knows no 'quue'", "did you mean 'queue'?"),
        (["zzz=a"], "--expect knows no 'zzz'", "it knows queue, exchange"),
        (["queue"], "--expect takes KEY=VALUE, not 'queue'", "--expect queue=..."),
        (["queue="], "--expect: expect.queue cannot be ''", None),
        (["queue=a", "queue=b"], "--expect says 'queue' twice", None),
        (["priority=high"], "--expect: expect.priority takes a whole number", None),
        (["priority=10"], "--expect: expect.priority cannot be 10", None),
        (["exactly_once=yes"], "--expect: expect.exactly_once takes true or false", None),
        (["queue=a", "refused=b"], "--expect: expect has both 'refused' and 'queue'", "keep"),
        ([], "--expect says nothing", "it knows"),
    ],
)
def test_texts_that_are_none(texts, message, help):
    with pytest.raises(QtopoError) as caught:
        parse(texts)
    assert str(caught.value).startswith(message)
    assert (caught.value.help or "").startswith(help or "")


def test_an_expectation_of_python():
    assert expectation({"workers": ("a",)}, "expect()") == Expected(workers=("a",))
    with pytest.raises(QtopoError, match=r"expect\(\): unknown key 'quee' in expect"):
        expectation({"quee": "a"}, "expect()")


# The tests of a file


def case(**table):
    return build(tests=[{"task": "t", "expect": {"queue": "a"}, **table}]).tests[0]


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ({}, ["t"]),
        ({"name": "n"}, ["n"]),
        ({"task": ["t", "u"]}, ["t", "u"]),
        ({"task": ["t", "u"], "name": "n"}, ["n [t]", "n [u]"]),
        ({"call": {}}, ["t"]),
        (
            {"call": {"queue": "q", "priority": 0, "countdown": "90s", "registered": False}},
            ["t (queue 'q', priority 0, countdown 90s, not registered)"],
        ),
        # What stands in headers may be nothing for a log.
        (
            {"call": {"headers": {"token": "s3cret"}, "decorator": {"queue": "q"}}},
            ["t (headers 'token', decorator)"],
        ),
    ],
)
def test_what_a_test_is_called(table, names):
    topology = build(tests=[{"task": "t", "expect": {"queue": "a"}, **table}])
    assert [one.name for one in checks(topology)] == names


def test_a_call_is_in_celerys_words():
    assert call(case(), "t") is None
    sent = call(
        case(
            call={
                "queue": "q",
                "exchange": "e",
                "routing_key": "",
                "priority": 0,
                "countdown": "5m",
                "headers": {"a": [1, {"b": True}]},
                "decorator": {"queue": "d", "priority": 1},
            }
        ),
        "t",
    )
    assert sent is not None
    assert sent.task == "t"
    assert sent.options == {
        "queue": "q",
        "exchange": "e",
        "routing_key": "",
        "priority": 0,
        "countdown": 300.0,
        "headers": {"a": [1, {"b": True}]},
    }
    assert sent.decorator == {"queue": "d", "priority": 1}
    assert sent.registered


@settings(deadline=None)
@given(topologies(), st.data())
def test_what_is_expected_of_an_answer_is_so(data, choose):
    """Whatever the topology: an answer is as it is, and as nothing else."""
    topology, _ = Topology.from_data(data)
    task = choose.draw(st.sampled_from([*topology.known_tasks(), "unknown"]))
    routed = route(topology, task)
    if routed.refused is not None:
        assert judge(routed, Expected(refused=routed.refused.error), topology) == []
        return
    same = Expected(
        queue=routed.queue,
        exchange=routed.exchange,
        routing_key=routed.routing_key,
        priority=routed.priority,
        delivered_to=routed.delivered_to[::-1],
        workers=routed.workers[::-1],
        decided_by=routed.decided_by.path,
    )
    assert judge(routed, same, topology) == []
    for queue in topology.queues:
        got = judge(routed, Expected(queue=queue), topology)
        assert bool(got) == (queue != routed.queue)
        without = tuple(one for one in routed.delivered_to if one != queue)
        got = judge(routed, Expected(delivered_to=without), topology)
        assert bool(got) == (queue in routed.delivered_to)
    once = judge(routed, Expected(exactly_once=True), topology)
    assert bool(once) != bool(judge(routed, Expected(exactly_once=False), topology))


def test_every_key_of_an_expectation_is_looked_at(shop):
    """A key that nobody asks about would be a test that cannot fail."""
    other = {
        "queue": "audit",
        "exchange": "audit",
        "routing_key": "zzz",
        "priority": 1,
        "delivered_to": ("audit",),
        "workers": ("off",),
        "exactly_once": False,
        "decided_by": ("routes", 0),
        "refused": "KeyError",
    }
    assert set(other) == set(Expected.KEYS)
    for key, value in other.items():
        assert reasons(shop, "mail", **{key: value}), key


def test_a_case_is_a_value():
    assert Case(task="t", expect=Expected(queue="a")).tasks == ("t",)
    assert CaseCall(decorator=DecoratorOptions(queue="a")).known
