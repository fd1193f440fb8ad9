"""The emitted module: what Celery makes of it, what ruff says of it, what cannot get into it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery, signals
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtopo.compiler.live import celery_settings
from qtopo.emit import celeryconfig, proof
from qtopo.emit.base import Job
from qtopo.errors import EmitError
from qtopo.topology.topology import Topology
from strategies import HOSTILE, names, topologies

if TYPE_CHECKING:
    from pathlib import Path

SLOW = settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)


def build(data: dict[str, Any]) -> Topology:
    topology, findings = Topology.from_data(data)
    assert findings == []
    return topology


def text_of(data: dict[str, Any], **options: Any) -> str:
    job = Job(build(data), "celeryconfig.py", "topology.toml", "1.2", **options)
    (artifact,) = celeryconfig.emit(job)
    return artifact.content


def run(text: str) -> ModuleType:
    module = ModuleType("emitted")
    receivers = list(signals.celeryd_init.receivers or ())
    exec(compile(text, "emitted", "exec"), module.__dict__)
    signals.celeryd_init.receivers = receivers
    return module


def ruff(*arguments: str, cwd: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--isolated", "."],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


SHOP = {
    "broker": {"url": "env:SHOP_BROKER_URL"},
    "results": {"url": "env:SHOP_RESULT_URL", "backend": "redis", "expires": "1d"},
    "defaults": {"queue": "default"},
    "exchanges": {
        "events": {"type": "topic", "alternate": "unrouted"},
        "unrouted": {"type": "fanout"},
        "dead": {"bindings": [{"exchange": "events", "routing_key": "dead.#"}]},
    },
    "queues": {
        "default": {"max_priority": 5},
        "emails": {"exchange": "events", "routing_key": "email.#", "dead_letter": "dead"},
        "audit": {
            "bindings": [
                {"exchange": "events", "routing_key": "order.*"},
                {"exchange": "events", "routing_key": "refund.*"},
            ]
        },
        "announce": {"broadcast": True},
        "morgue": {"exchange": "dead", "routing_key": "email", "parking": True},
    },
    "routes": [
        {"task": "shop.emails.*", "queue": "emails", "routing_key": "email.send"},
        {"task": "shop.audit.record", "queue": "audit", "routing_key": "order.new"},
        {"task": {"regex": "shop\\.all\\."}, "queue": "announce"},
    ],
    "tasks": {"shop.emails.send": {"time_limit": "10m"}, "shop.big": {"queue": "default"}},
    "workers": {"w": {"queues": ["default", "emails", "audit", "announce"]}},
    "beat": {
        "schedule": {
            "nightly": {"task": "shop.emails.send", "crontab": "0 3 * * mon", "expires": "1h"},
            "noon": {
                "task": "shop.big",
                "solar": {"event": "solar_noon", "latitude": 1.5, "longitude": -2.0},
            },
            "often": {"task": "shop.audit.record", "every": "90s", "queue": "default"},
        }
    },
    "settings": {"worker_send_task_events": True},
}


@settings(SLOW, max_examples=80)
@given(topologies(), st.lists(names(), max_size=4))
def test_any_topology_is_proved_and_is_the_same_twice(data, known):
    topology = build(data)
    job = Job(topology, "celeryconfig.py", "topology.toml", "1.2", tuple(known))
    (first,), (second,) = (
        celeryconfig.emit(job),
        celeryconfig.emit(replace(job, topology=build(data))),
    )
    assert first == second
    proved = celeryconfig.prove(job, [first])
    assert proved is not None
    assert proved.tasks == len({*topology.known_tasks(), *known})


@settings(SLOW, max_examples=5)
@given(st.lists(topologies(), min_size=12, max_size=12), st.sampled_from([None, "CELERY", "app"]))
def test_ruff_has_nothing_to_say(tmp_path_factory, many, namespace):
    """Many modules in one run of ruff: its start costs more than its work."""
    folder = tmp_path_factory.mktemp("emitted")
    for index, data in enumerate(many):
        text = text_of(data, namespace=namespace)
        (folder / f"celeryconfig_{index}.py").write_bytes(text.encode())
    ruff("check", cwd=folder)
    ruff("check", "--select", "I,E4,E7,E9,F,W", cwd=folder)
    ruff("format", "--check", cwd=folder)


def test_the_readable_one_is_clean_too(tmp_path):
    (tmp_path / "celeryconfig.py").write_text(text_of(SHOP))
    ruff("check", cwd=tmp_path)
    ruff("check", "--select", "I", cwd=tmp_path)
    ruff("format", "--check", cwd=tmp_path)


@settings(SLOW, max_examples=40)
@given(topologies())
def test_the_module_says_what_celery_settings_says(data):
    topology = build(data)
    module, live = run(text_of(data)), celery_settings(topology)
    for name, value in live.items():
        written = getattr(module, name)
        if name == "task_queues":
            # A broadcast's queue has a new name each time.
            written, value = (
                [
                    str(vars(q) | {"name": 0, "queue": 0, "bindings": sorted(map(str, q.bindings))})
                    for q in qs
                ]
                for qs in (written, value)
            )
        elif name == "beat_schedule":
            written, value = (repr(one) for one in (written, value))
        assert written == value, name


def test_it_needs_only_celery_and_kombu():
    """Run where qtopo cannot be imported; the environment holds the URL."""
    code = (
        "import sys; sys.modules['qtopo'] = None\n"
        "from types import SimpleNamespace\n"
        "sys.modules['ephem'] = SimpleNamespace(Observer=SimpleNamespace)\n"
        + text_of(SHOP)
        + "\nprint(broker_url, result_backend)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"SHOP_BROKER_URL": "amqp://secret@host//", "PATH": ""},
    )
    assert done.stdout.split() == ["amqp://secret@host//", "SHOP_RESULT_URL-is-not-set://"]


@pytest.mark.parametrize(
    ("variable", "wanted"),
    [(None, "is-not-set"), ("", "is-not-set"), ("redis://x/1", "redis://x/1")],
)
def test_urls_come_from_the_environment(monkeypatch, variable, wanted):
    monkeypatch.delenv("U", raising=False)
    if variable is not None:
        monkeypatch.setenv("U", variable)
    data = {"broker": {"transport": "redis", "url": "env:U"}, "queues": {"celery": {}}}
    url = run(text_of(data)).broker_url
    assert wanted in url
    assert url == celery_settings(build(data))["broker_url"]
    app = Celery(set_as_current=False)
    app.conf.broker_url = url
    assert app.connection().transport.driver_type == "redis"


def test_a_missing_result_url_is_refused_by_name():
    app = Celery(set_as_current=False, broker="memory://")
    app.conf.result_backend = run(text_of(SHOP | {"beat": {}})).result_backend
    with pytest.raises(Exception, match="SHOP_RESULT_URL-is-not-set"):
        app.send_task("x")


def test_djangos_spelling_is_read_by_celery():
    data = {key: value for key, value in SHOP.items() if key != "beat"}
    module = run(text_of(data, namespace="CELERY"))
    assert all(
        name.startswith("CELERY_") or not name.startswith(("task_", "beat_"))
        for name in vars(module)
    )
    app = Celery(set_as_current=False)
    app.config_from_object(module, namespace="CELERY")
    assert set(app.amqp.queues) >= {"default", "emails", "audit", "morgue"}
    assert app.conf.task_default_queue == "default"
    assert app.conf.worker_send_task_events is True
    assert app.amqp.router.route({}, "shop.emails.send")["routing_key"] == "email.send"
    assert app.conf.task_create_missing_queues is False


@pytest.mark.parametrize("namespace", ["CELERY", "CELERY_", "celery", "Celery", "A1_B"])
def test_any_namespace_celery_takes(namespace):
    job = Job(build(SHOP), "c.py", "t.toml", "1", namespace=namespace)
    artifacts = celeryconfig.emit(job)
    assert celeryconfig.prove(job, artifacts) is not None


@pytest.mark.parametrize("namespace", ["", "1A", "A B", "A-B", "Ä", "A\n", "A;import os"])
def test_no_other_namespace(namespace):
    with pytest.raises(EmitError, match="namespace"):
        text_of(SHOP, namespace=namespace)


@pytest.mark.parametrize(
    "name",
    [
        "import os; x",
        "os",
        "class",
        "crontab",
        "EXCHANGES",
        "Queue",
        "__name__",
        "a b",
        "ünï",
        "x\ny",
        "l",
        "declare_unconsumed",
    ],
)
def test_what_is_no_setting_cannot_be_written(name):
    with pytest.raises(EmitError, match="no name of a Celery setting"):
        text_of({"queues": {"celery": {}}, "settings": {name: 1}})


@pytest.mark.parametrize(
    "hostile", [*HOSTILE, 'a"""b', "'''", "x" * 200, "a#b", "${HOME}", "\\N{DASH}", "{name}", "%s"]
)
def test_hostile_names_are_only_names(hostile):
    data = {
        "defaults": {"queue": hostile},
        "exchanges": {hostile + "x": {"type": "topic", "alternate": hostile}},
        "queues": {
            hostile: {"arguments": {hostile: hostile}},
            "t": {"exchange": hostile + "x", "routing_key": "k"},
            "u": {"exchange": hostile + "x", "routing_key": "l"},
        },
        "routes": [
            {"task": f"{hostile}*", "queue": "t"},
            {"task": {"regex": "a'\"\\\\"}, "queue": "u"},
        ],
        "tasks": {hostile: {"queue": hostile, "rate_limit": "5/m"}},
        "beat": {
            "schedule": {
                hostile: {"task": hostile, "every": "1s", "args": [hostile], "kwargs": {hostile: 1}}
            }
        },
        "settings": {"worker_log_format": hostile},
    }
    job = Job(build(data), "celeryconfig.py", hostile + "\n'''\"\"\"", "1", (hostile + "2",))
    artifacts = celeryconfig.emit(job)
    assert celeryconfig.prove(job, artifacts) is not None
    module = run(artifacts[0].content)
    assert module.task_queues[0].name == hostile
    assert module.beat_schedule[hostile]["args"] == [hostile]
    assert module.worker_log_format == hostile
    assert set(vars(module)) - set(vars(ModuleType("x"))) <= {
        "__builtins__",
        "os",
        "re",
        "timedelta",
        "bootsteps",
        "celeryd_init",
        "Exchange",
        "Queue",
        "EXCHANGES",
        "DeclareUnconsumed",
        "declare_unconsumed",
        "worker_log_format",
    } | set(celery_settings(build(data)))


def test_the_header_says_where_it_came_from_and_nothing_of_when():
    text = text_of(SHOP)
    assert "# From: topology.toml\n# By: qtopo 1.2\n" in text
    topology, _ = Topology.from_data(SHOP, environment="staging")
    (artifact,) = celeryconfig.emit(Job(topology, "c.py", "topology.toml", "1.2"))
    assert "# From: topology.toml, environment staging\n" in artifact.content


def test_what_no_worker_declares_is_declared_by_a_step():
    module = run(text_of(SHOP))
    step = module.DeclareUnconsumed
    assert step.queues == ("morgue",)
    assert [one.name for one in step.exchanges] == ["unrouted"]
    assert [(one[0].name, one[1].name, one[2]) for one in step.bindings] == [
        ("dead", "events", "dead.#")
    ]
    idle = run(text_of({"queues": {"celery": {}}, "workers": {"w": {"queues": ["celery"]}}}))
    assert not hasattr(idle, "DeclareUnconsumed")


def test_proving_leaves_no_trace_in_the_process():
    before = list(signals.celeryd_init.receivers or ())
    job = Job(build(SHOP), "c.py", "t.toml", "1")
    celeryconfig.prove(job, celeryconfig.emit(job))
    assert list(signals.celeryd_init.receivers or ()) == before
    from celery import current_app

    assert current_app.main != "qtopo-proof"


def test_a_proof_needs_no_library_of_the_schedule(monkeypatch):
    """`solar` needs ephem where beat runs, not where qtopo does."""
    monkeypatch.setitem(sys.modules, "ephem", None)
    job = Job(build(SHOP), "c.py", "t.toml", "1")
    assert celeryconfig.prove(job, celeryconfig.emit(job)) is not None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"routing_key": "email.send"', '"routing_key": "email.sent"', "task 'shop.emails"),
        ('{"queue": "announce"}', '{"queue": "default"}', None),
        ('routing_key="email.#"', 'routing_key="email.*"', "binds queue 'emails'"),
        ('"exchange": "", ', "", "schedule entry 'often'"),
        (
            '("shop.big", {"queue": "default", "priority": 2})',
            '("shop.big", {"queue": "emails"})',
            "task 'shop.big'",
        ),
        ('("*", {"queue": "default", "priority": 2}),', "", "priority"),
    ],
)
def test_a_proof_can_fail(old, new, message):
    from qtopo.errors import ProofError

    job = Job(build(SHOP), "c.py", "t.toml", "1", ("shop.all.x",))
    text = text_of(SHOP, known_tasks=job.known_tasks)
    assert old in text
    with pytest.raises(ProofError, match=message):
        proof.prove_module(text.replace(old, new), job)
