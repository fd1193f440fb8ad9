"""Options of decorators and calls, queues that nobody sends to, schedules in code."""

from __future__ import annotations

import celery
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kombu import Connection, Producer

from qtopo.code.about_options import OPTIONS
from qtopo.code.check import examine
from qtopo.code.project import Project
from qtopo.code.survey import survey
from qtopo.compiler.live import configure
from qtopo.topology.finding import At
from qtopo.topology.topology import Topology

HEAD = "from celery import shared_task\n"
BASE = {
    "queues": {"celery": {}, "mails": {"max_priority": 5}},
    "workers": {"main": {"queues": ["celery", "mails"]}},
}


@pytest.fixture
def find(write):
    """Reads files of Python against a topology; returns (rule, severity, file:line or path)."""

    def run(data=None, **files):
        topology, wrong = Topology.from_data({**BASE, **(data or {})})
        assert not wrong
        find.messages = []
        found = []
        for one in examine(topology, survey(Project(str(write(**files))))):
            at = one.at
            where = at.path if isinstance(at, At) else f"{at.module}:{at.line}"
            found.append((one.rule, one.severity, where))
            run.messages.append(one.message)
        return found

    run.messages = []
    return run


USED = HEAD + "@shared_task(queue='mails')\ndef used(): ...\n"
"""So that nothing is said of the queue."""


def test_celery_reads_the_options_that_are_known():
    """Whatever Celery's own task has as an attribute is an option, and so is known."""
    attributes = {
        name
        for name, value in vars(celery.Task).items()
        if not name.startswith("_")
        if not callable(value) and not isinstance(value, classmethod)
    }
    never = {"from_config", "request", "request_stack", "start_strategy", "send_event"}
    assert attributes - OPTIONS <= never | {"Request", "Strategy", "backend", "app"}


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ("queue_name='x'", "queue"),
        ("queues=['x']", "queue"),
        ("routingkey='x'", "routing_key"),
        ("max_retry=3", "max_retries"),
        ("retries=3", "max_retries"),
        ("timeout=3", "time_limit"),
        ("ignore_results=True", "ignore_result"),
        ("priorty=3", "priority"),
        ("acks_lates=True", "acks_late"),
    ],
)
def test_options_that_celery_does_not_read(find, option, meant):
    text = USED + f"@shared_task(queue='celery', {option})\ndef a(): ...\n"
    if meant == "queue":
        text = text.replace("queue='celery', ", "")
    found = find(shop__tasks=text)
    assert ("decorator-option-unknown", "warning", "shop.tasks:4") in found
    name = option.partition("=")[0]
    assert any(f"{name!r}" in one for one in find.messages)


@pytest.mark.parametrize(
    "text",
    [
        "@shared_task(queue='mails', owner='team', singleton=True)\ndef a(): ...\n",
        "@shared_task(bind=True, timeout=3)\ndef a(self): return self.timeout\n",
        "class Base(Task):\n    retries = 1\n@shared_task(base=Base, retries=3)\ndef a(): ...\n",
        "from lib import Base\n@shared_task(base=Base, retries=3)\ndef a(): ...\n",
        "@shared_task(**{'retries': 3})\ndef a(): ...\n",
    ],
)
def test_options_of_the_projects_own(find, text):
    found = find(shop__tasks="from celery import Task\n" + USED + text)
    assert "decorator-option-unknown" not in [one[0] for one in found]


@pytest.mark.parametrize(
    ("broker", "priority", "severity", "said"),
    [
        ({"transport": "redis"}, 10, "warning", "counts as 9, the least urgent there is"),
        ({"transport": "redis"}, -1, "warning", "counts as 0, the most urgent there is"),
        ({"transport": "redis"}, 9, None, ""),
        ({"transport": "rabbitmq"}, 6, "warning", "more than queue 'mails' has: it counts as 5"),
        ({"transport": "rabbitmq"}, 5, None, ""),
        ({"transport": "rabbitmq"}, 300, "error", "the message cannot be sent"),
        ({"transport": "rabbitmq"}, -1, "error", "the message cannot be sent"),
        ({"transport": "sqs"}, 300, None, ""),
    ],
)
def test_priorities(find, broker, priority, severity, said):
    call = f"def now():\n    used.apply_async(priority={priority})\n"
    found = find({"broker": broker}, shop__tasks=USED + call)
    wanted = [("priority-out-of-range", severity, "shop.tasks:5")] if severity else []
    assert [one for one in found if one[0] == "priority-out-of-range"] == wanted
    assert not said or any(said in one for one in find.messages)
    decorated = USED.replace("'mails'", f"'mails', priority={priority}")
    found = find({"broker": broker}, shop__tasks=decorated)
    wanted = [("priority-out-of-range", severity, "shop.tasks:2")] if severity else []
    assert [one for one in found if one[0] == "priority-out-of-range"] == wanted


IDLE = ("queue-without-sender", "info", ("queues", "mails"))


@pytest.mark.parametrize(
    ("data", "text", "idle"),
    [
        ({}, "", True),
        ({}, "def go(q): a.apply_async(queue='mails')\n", False),
        ({}, "def go(q): a.apply_async(queue=q)\n", False),
        ({}, "def go(q): other.apply_async(queue='mails')\n", False),
        (
            {},
            "x = {'y': {'task': 'shop.tasks.a', 'schedule': 3, 'options': {'queue': 'mails'}}}\n",
            False,
        ),
        ({}, "x = {'y': {'task': 'shop.tasks.a', 'schedule': 3, 'options': make()}}\n", False),
        ({"routes": [{"task": "shop.tasks.a", "queue": "mails"}]}, "", False),
        ({"routes": [{"task": "shop.tasks.gone", "queue": "mails"}]}, "", True),
        ({"routes": [{"task": "pkg.*", "queue": "mails"}]}, "", False),
        ({"routes": [{"task": {"regex": "x"}, "queue": "mails"}]}, "", False),
        ({"tasks": {"pkg.b": {"queue": "mails"}}}, "", False),
        ({"defaults": {"queue": "mails"}}, "def go(q): a.apply_async(queue='celery')\n", False),
        (
            {"beat": {"schedule": {"x": {"task": "pkg.b", "every": "1m", "queue": "mails"}}}},
            "",
            False,
        ),
        (
            {
                "queues": {
                    "celery": {"dead_letter": "dead"},
                    "mails": {"exchange": "dead", "routing_key": "celery"},
                },
                "exchanges": {"dead": {}},
            },
            "",
            False,
        ),
    ],
)
def test_queues_that_nobody_sends_to(find, data, text, idle):
    found = find(data, shop__tasks=HEAD + "@shared_task\ndef a(): ...\n" + text)
    assert (IDLE in found) is idle


def test_schedules_in_code(find):
    conf = (
        "NAME = 'shop.tasks.gone'\n"
        "beat_schedule = {\n"
        "    'a': {'task': 'shop.tasks.used', 'schedule': 3.0},\n"
        "    'b': {'task': NAME, 'schedule': 3.0},\n"
        "    'c': {'task': 'shop.tasks.used', 'schedule': 3.0, 'options': {'queue': 'mals'}},\n"
        "    'd': {'task': compute(), 'schedule': 3.0},\n"
        "    'e': {'task': 'pkg.tasks.other', 'schedule': 3.0},\n"
        "    'f': {'task': 'shop.tasks.gone'},\n"
        "}\n"
    )
    assert find(shop__tasks=USED, shop__conf=conf) == [
        ("unknown-task-sent", "warning", "shop.conf:4"),
        ("unknown-queue-sent", "error", "shop.conf:5"),
    ]


def test_an_attribute_that_a_class_does_not_have(find):
    names = (
        "class Names:\n    MAILS = 'mails'\n"
        "class Other(Base):\n    MAILS = 'mails'\n"
        "class Made:\n    for one in 'ab': vars()[one] = one\n"
    )
    calls = USED + (
        "from shop.names import Names, Other, Made\ndef go():\n"
        "    used.apply_async(queue=Names.MAILS)\n"
        "    used.apply_async(queue=Names.GONE)\n"
        "    used.apply_async(queue=Other.GONE)\n"
        "    used.apply_async(queue=Made.a)\n"
    )
    found = find(shop__names=names, shop__tasks=calls)
    assert found == [("unknown-queue-sent", "error", "shop.tasks:7")]
    assert "class 'Names' has no such attribute" in find.messages[0]


@settings(max_examples=60, deadline=None)
@given(
    said=st.fixed_dictionaries(
        {},
        optional={
            "queue": st.sampled_from(["celery", "mails", "news"]),
            "exchange": st.sampled_from(["celery", "mails", "events"]),
            "routing_key": st.sampled_from(["celery", "mails", "a.b"]),
            "priority": st.integers(0, 9),
        },
    ),
    route=st.fixed_dictionaries(
        {"queue": st.sampled_from(["celery", "mails", "news"])},
        optional={"priority": st.integers(0, 9)},
    ),
)
def test_decorators_against_routes_as_celery_sees_them(tmp_path_factory, said, route):
    """It is found if, and only if, Celery itself sends the task otherwise than without them."""
    topology, wrong = Topology.from_data(
        {
            "exchanges": {"events": {"type": "topic"}},
            "queues": {
                "celery": {"max_priority": 9},
                "mails": {"max_priority": 9},
                "news": {"exchange": "events", "routing_key": "a.*", "max_priority": 9},
            },
            "routes": [{"task": "shop.tasks.a", "routing_key": "a.b", **route}]
            if route["queue"] == "news"
            else [{"task": "shop.tasks.a", **route}],
            "workers": {"main": {"queues": ["celery", "mails", "news"]}},
        }
    )
    assert not wrong
    app = celery.Celery(set_as_current=False, broker="memory://")
    configure(app, topology)

    def sent(options):
        """Send it for real, on kombu's memory transport: where it is then, and its priority."""
        with Connection("memory://") as connection:
            channel = connection.channel()
            queues = [one(channel) for one in app.amqp.queues.values()]
            for one in queues:
                one.declare()
                one.purge()
            app.send_task("shop.tasks.a", producer=Producer(channel), **options)
            got = {one.name: one.get(no_ack=True) for one in queues}
        landed = {name: one.properties.get("priority") for name, one in got.items() if one}
        return set(landed), next(iter(landed.values()), None)

    folder = tmp_path_factory.mktemp("code")
    (folder / "shop").mkdir()
    (folder / "shop/__init__.py").touch()
    options = ", ".join(f"{key}={value!r}" for key, value in said.items())
    (folder / "shop/tasks.py").write_text(HEAD + f"@shared_task({options})\ndef a(): ...\n")
    found = [one.rule for one in examine(topology, survey(Project(str(folder))))]
    (to, priority), (plain, before) = sent(said), sent({})
    differs = to != plain or ("priority" in said and bool(to) and priority != before)
    assert ("decorator-beats-route" in found) is differs, (to, plain, priority, before)
