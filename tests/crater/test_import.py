"""Real projects through `qtopo import`: what comes out makes Celery route as it did before."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli

from crater.corpus import CORPUS, facts, marked, projects
from qtopo.importers import sides, verify
from qtopo.importers.complete import complete
from qtopo.importers.draft import Draft
from qtopo.importers.merge import merge
from qtopo.importers.settings import settings_of
from qtopo.importers.sound import make_sound
from qtopo.importers.sources import Options, read
from qtopo.importers.write import write
from qtopo.topology.topology import Topology

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")

EXPLAINED = {
    # Priorities on queues without levels: a number that RabbitMQ does not look at.
    "priority-without-levels",
    # Priority 10 where the file's scale ends at 9.
    "priority-beyond-scale",
    # Names that the sender has not registered had none.
    "default-priority",
}
"""Traps after which a priority is another one on purpose."""


def literal(value: Any) -> str:
    """Return a value of the corpus as the Python that a project would write."""
    if isinstance(value, dict):
        if "$queue" in value:
            return _queue(value["$queue"])
        if "$broadcast" in value:
            return f"Broadcast({value['$broadcast']['name']!r})"
        if "$env" in value:
            return f"os.environ.get({value['$env']!r})"
        if "$regex" in value:
            return f"re.compile({value['$regex']!r})"
        if "$timedelta" in value:
            return f"timedelta(seconds={value['$timedelta']!r})"
        if "$crontab" in value:
            return _crontab(value["$crontab"])
        if "$callable" in value:
            return "router"
        if "$unresolved" in value:
            return "unresolved()"
        pairs = (f"{_key(key)}: {literal(one)}" for key, one in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return repr(value)


def _key(key: str) -> str:
    if key.startswith("$regex:"):
        return f"re.compile({key.removeprefix('$regex:')!r})"
    return repr(key)


def _queue(queue: dict[str, Any]) -> str:
    given = dict(queue)
    parts = [repr(given.pop("name"))]
    exchange = given.pop("exchange", None)
    if exchange is not None:
        options = {key: one for key, one in exchange.items() if key != "name"}
        more = "".join(f", {key}={one!r}" for key, one in options.items())
        parts.append(f"Exchange({exchange['name']!r}{more})")
    parts += [f"{key}={one!r}" for key, one in given.items()]
    return f"Queue({', '.join(parts)})"


def _crontab(given: Any) -> str:
    if isinstance(given, dict):
        return "crontab(" + ", ".join(f"{key}={one!r}" for key, one in given.items()) + ")"
    return "unresolved()"


HEAD = """\
import os
import re
from datetime import timedelta

from celery import Celery
from celery.schedules import crontab
from kombu import Exchange, Queue
from kombu.common import Broadcast


def unresolved():
    return None


TABLE = {table!r}


def router(name, args, kwargs, options, task=None, **more):
    queue = TABLE.get(name)
    return None if queue is None else {{"queue": queue}}

"""


def settings_text(known: dict[str, Any]) -> str:
    """Return the settings module of a project, names as it spells them."""
    text = HEAD.format(table=known.get("callable_results") or {})
    for name, value in known["settings"].items():
        if name.lower().endswith(("imports", "include")):
            # The project's modules are not here.
            continue
        if name.upper().endswith("ROUTES") and known.get("callable_results"):
            text += f"{name} = (router,)\n"
        elif not isinstance(value, dict) or not marked(value):
            text += f"{name} = {literal(value)}\n"
        elif isinstance(value, dict) and "$callable" in value:
            text += f"{name} = router\n"
    prefix = f"{known['namespace']}_" if known.get("namespace") else ""
    spelt = f"{prefix}BROKER_URL" if prefix or not _new(known) else "broker_url"
    return text + f"{spelt} = os.environ.get('CRATER_BROKER_URL', '{transport(known)}://')\n"


def transport(known: dict[str, Any]) -> str:
    """Return the scheme of a project's broker."""
    return "redis" if known["broker_transport"].startswith("redis") else "amqp"


def _new(known: dict[str, Any]) -> bool:
    return any(name.islower() for name in known["settings"])


def app_text(known: dict[str, Any], module: str) -> str:
    """Return a module that makes the application of a project, tasks and all."""
    namespace = known.get("namespace")
    text = HEAD.format(table={}) + f"import {module}\n\n"
    text += "app = Celery('crater', set_as_current=False)\n"
    text += f"app.config_from_object({module}, namespace={namespace!r})\n"
    for name, value in (known.get("conf_overrides") or {}).items():
        if not marked(value):
            text += f"app.conf.{name} = {literal(value)}\n"
    text += "\n\ndef body():\n    pass\n\n\n"
    for task in known["tasks"]:
        own = {
            key: task[key]
            for key in ("queue", "routing_key", "priority", "exchange", "acks_late")
            if task.get(key) is not None and not marked(task[key])
        }
        more = "".join(f", {key}={one!r}" for key, one in own.items())
        text += f"app.task(body, name={task['name']!r}, shared=False{more})\n"
    return text


def imported(*drafts: Draft) -> tuple[Draft, Topology]:
    """Return what the command would write, read again."""
    draft = merge(list(drafts))
    complete(draft)
    make_sound(draft)
    text = write(draft)
    data = tomli.loads(text)
    # Without worker commands nobody consumes: one worker on all queues stands in for them.
    data["workers"] = {"elsewhere": {"queues": list(data.get("queues", {}))}}
    topology, findings = Topology.from_data(data)
    assert not findings
    return draft, topology


def published(topology: Topology, names: list[str]) -> dict[str, sides.Way]:
    """Return what Celery publishes for tasks, with the settings that the topology emits."""
    from qtopo.compiler.live import celery_settings

    app = sides.application(celery_settings(topology))
    sides.register(app, names)
    try:
        return {name: sides.send(app, name) for name in names}
    finally:
        app.close()


def differences(
    known: dict[str, Any], topology: Topology, names: list[str]
) -> list[tuple[str, str, Any, Any]]:
    """Return where tasks go otherwise than the corpus has measured."""
    from qtopo.compiler.routes import Routes
    from qtopo.topology.publishing import publishing

    found = []
    routes = Routes(topology)
    for name, way in published(topology, names).items():
        expected = known["expected_routes"][name]
        if "queue" not in expected or "$unresolved" in expected or "$error" in expected:
            continue
        ours = publishing(topology, routes.decide(name))
        pairs = {
            "published_exchange": way.exchange,
            "published_routing_key": way.routing_key,
            "queue": ours.queue,
            "exchange": ours.exchange,
            "exchange_type": ours.exchange_type,
            "routing_key": ours.routing_key,
        }
        found += [
            (name, key, expected[key], one) for key, one in pairs.items() if expected[key] != one
        ]
        if (expected["priority"] or 0) != (way.priority or 0):
            found.append((name, "priority", expected["priority"], way.priority))
    return found


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write a project's modules into a folder of their own, and import from there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    monkeypatch.delenv("CRATER_BROKER_URL", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def write_project(project: str) -> tuple[dict[str, Any], str]:
        known = facts(project)
        monkeypatch.setenv("CRATER_BROKER_URL", f"{transport(known)}://crater.invalid/0")
        module = "crater_" + re.sub(r"\W", "_", project)
        (tmp_path / f"{module}_settings.py").write_text(settings_text(known))
        (tmp_path / f"{module}.py").write_text(app_text(known, f"{module}_settings"))
        return known, module

    yield write_project
    for name in set(sys.modules) - before:
        if name.startswith("crater_"):
            del sys.modules[name]


PROJECTS = projects() if CORPUS.is_dir() else []


@pytest.mark.parametrize("project", PROJECTS)
def test_every_task_of_an_application_goes_where_it_went(project: str, written: Any) -> None:
    known, module = written(project)
    draft, topology = imported(read("app", (f"{module}:app",)))
    found = differences(known, topology, [one["name"] for one in known["tasks"]])
    # Nothing goes elsewhere; a priority differs where the import says why.
    assert {what for _, what, _, _ in found} <= {"priority"}, found
    verdict = verify.verify_app(f"{module}:app", topology, draft)
    assert verdict.tasks >= len(known["tasks"])
    assert {name for name, *_ in found} <= {one.task for one in verdict.differences}
    assert {one.trap for one in verdict.differences} <= EXPLAINED, [
        (one.task, one.old.text(), one.new.text(), one.trap) for one in verdict.differences
    ]


@pytest.mark.parametrize("project", PROJECTS)
def test_settings_are_read_without_running_them(project: str, written: Any) -> None:
    """What a file says is what importing it says; tasks without options of their own go alike."""
    known, module = written(project)
    path = Path(f"{module}_settings.py")
    prefix = f"{known['namespace']}_" if known.get("namespace") else ""
    with path.open("a") as stream:
        for name, value in (known.get("conf_overrides") or {}).items():
            if not marked(value):
                spelt = prefix + name.upper() if prefix else name
                stream.write(f"{spelt} = {literal(value)}\n")
    options = Options(known.get("namespace"))
    draft, topology = imported(read("settings", (str(path),), options))
    _, by_module = imported(read("settings", (f"{module}_settings",), options))
    assert topology == by_module
    verdict = verify.verify_settings(
        settings_of(str(path), options, Draft("again")), topology, draft
    )
    assert {one.trap for one in verdict.differences} <= EXPLAINED
    own = ("queue", "routing_key", "priority", "exchange")
    routed = known.get("callable_results") or {}
    names = [
        one["name"]
        for one in known["tasks"]
        if not any(one.get(key) is not None for key in own) and one["name"] not in routed
    ]
    found = differences(known, topology, names)
    assert {what for _, what, _, _ in found} <= {"priority"}, found
    assert {name for name, *_ in found} <= {one.task for one in verdict.differences} | set(
        _default_priority(known, names)
    )


def _default_priority(known: dict[str, Any], names: list[str]) -> list[str]:
    """Return the names that only a registered task's default priority concerns."""
    return names if any("DEFAULT_PRIORITY" in one.upper() for one in known["settings"]) else []


def test_most_tasks_are_compared() -> None:
    assert sum(len(facts(project)["tasks"]) for project in PROJECTS) > 600
