"""`--verify` of beat's schedule, and of names that a function routes."""

from __future__ import annotations

import sys
import textwrap

import pytest

from qtopo.importers.complete import complete
from qtopo.importers.merge import merge
from qtopo.importers.sound import make_sound
from qtopo.importers.sources import Options, read
from qtopo.importers.verify import verify_app
from qtopo.importers.write import write
from qtopo.topology.topology import Topology

APP = """
    from datetime import timedelta
    from celery import Celery
    from celery.schedules import crontab
    from kombu import Queue

    app = Celery("timed", broker="memory://")

    def route(name, args, kwargs, options, task=None, **kw):
        if name.startswith("odd."):
            return {"queue": "slow"}

    app.conf.update(
        task_default_queue="main",
        task_queues=[Queue("main"), Queue("slow")],
        task_routes=(route, {"jobs.*": {"queue": "slow"}}),
        beat_schedule={
            "nightly": {"task": "jobs.build", "schedule": crontab(minute=0, hour="3,4")},
            "often": {
                "task": "jobs.sweep",
                "schedule": timedelta(seconds=90),
                "args": (1, "two"),
                "kwargs": {"deep": True},
                "options": {"queue": "main", "expires": 60},
            },
            "plain": {"task": "elsewhere.ping", "schedule": 30.0},
        },
    )

    @app.task(name="jobs.build")
    def build():
        pass

    @app.task(name="jobs.sweep")
    def sweep(a, b, deep):
        pass

    @app.task(name="odd.one")
    def odd():
        pass
"""


@pytest.fixture
def timed(tmp_path, monkeypatch):
    (tmp_path / "timed_app.py").write_text(textwrap.dedent(APP))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "timed_app:app"
    sys.modules.pop("timed_app", None)


def imported(name):
    draft = merge([read("app", (name,), Options())])
    complete(draft)
    make_sound(draft)
    return draft


def held(name, draft, change=None):
    import tomli

    data = tomli.loads(write(draft))
    if change is not None:
        change(data)
    topology, findings = Topology.from_data(data)
    assert not findings
    return verify_app(name, topology, draft)


def test_every_entry_is_compared_and_alike(timed):
    verdict = held(timed, imported(timed))
    assert verdict.entries == 3
    assert not verdict.unexplained
    assert not [one for one in verdict.differences if one.entry]


@pytest.mark.parametrize(
    ("entry", "key", "value", "old", "new"),
    [
        ("nightly", "crontab", "0 3 * * *", "crontab 0 3,4 ", "crontab 0 3 "),
        ("often", "every", "91s", "every 90 s", "every 91 s"),
        ("often", "expires", "1h", "expires after 60 s", "expires after 3600 s"),
        ("often", "args", [1], "args [1, 'two']", "args [1]"),
        ("often", "queue", "slow", "key 'main'", "key 'slow'"),
    ],
)
def test_whatever_differs_is_told(timed, entry, key, value, old, new):
    def change(data):
        data["beat"]["schedule"][entry][key] = value

    (found,) = held(timed, imported(timed), change).unexplained
    assert found.entry == entry
    assert old in found.old.text()
    assert new in found.new.text()


def test_an_entry_that_is_gone_is_told(timed):
    def change(data):
        del data["beat"]["schedule"]["plain"]

    (found,) = held(timed, imported(timed), change).unexplained
    assert (found.entry, found.task) == ("plain", "elsewhere.ping")
    assert "no such entry" in found.new.text()


def test_a_function_explains_only_what_it_routes(timed):
    """A name that a table routes is not excused by a function that says nothing of it."""

    def change(data):
        data["routes"] = [one for one in data["routes"] if "jobs." not in str(one["task"])]
        data["tasks"] = {
            "odd.new": {},
            **{
                name: one
                for name, one in data["tasks"].items()
                if not name.startswith("jobs.") or one.pop("queue", True)
            },
        }
        data["routes"].append({"task": "jobs.other", "queue": "main"})

    found = {one.task: one for one in held(timed, imported(timed), change).differences}
    assert found["odd.new"].trap == "router-function"
    assert found["jobs.other"].note is None
