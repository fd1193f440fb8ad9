"""Settings in every form that Celery takes, read from a file without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tomli

from qtopo.errors import UnreadableFileError
from qtopo.importers import verify
from qtopo.importers.complete import complete
from qtopo.importers.draft import Draft
from qtopo.importers.merge import merge
from qtopo.importers.naming import old_name
from qtopo.importers.settings import settings_of
from qtopo.importers.sound import make_sound
from qtopo.importers.sources import Options, read
from qtopo.importers.write import write
from qtopo.topology.celery_settings import SETTINGS
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from pathlib import Path

IMPORTS = "from kombu import Queue, Exchange\nfrom celery.schedules import crontab\nimport os, re\n"


def take(path: Path, text: str, namespace: str | None = None) -> tuple[dict[str, Any], Draft]:
    """Return the written file as data, and the draft; what was said to be the same is the same."""
    file = path / "settings.py"
    file.write_text(IMPORTS + text)
    options = Options(namespace)
    draft = merge([read("settings", (str(file),), options)])
    complete(draft)
    make_sound(draft)
    data = tomli.loads(write(draft))
    topology, findings = Topology.from_data(data)
    assert not findings
    values = settings_of(str(file), options, Draft("again"))
    assert not verify.verify_settings(values, topology, draft).unexplained
    return data, draft


def traps(draft: Draft) -> set[str]:
    return {note.trap for note in draft.notes if note.trap}


ROUTES = {
    "dict": "task_routes = {'a.*': {'queue': 'q'}}",
    "text": "task_routes = {'a.*': 'q'}",
    "list of dicts": "task_routes = [{'a.*': {'queue': 'q'}}]",
    "pairs": "task_routes = ([('a.*', {'queue': 'q'})],)",
    "old name": "CELERY_ROUTES = {'a.*': 'q'}",
    "built": "Q = 'q'\ntask_routes = {f'{p}.*': dict(queue=Q) for p in ['a']}",
    "updated": "task_routes = {}\ntask_routes['a.*'] = {'queue': 'q'}",
    "function": "def to(q):\n    return {'queue': q}\n\ntask_routes = {'a.*': to('q')}",
    "app": "from celery import Celery\napp = Celery('x')\napp.conf.task_routes = {'a.*': 'q'}",
    "conf update": "from celery import Celery\napp = Celery('x')\n"
    "app.conf.update(task_routes={'a.*': 'q'})",
}


@pytest.mark.parametrize("form", ROUTES)
def test_routes(form: str, tmp_path: Path) -> None:
    data, draft = take(tmp_path, ROUTES[form])
    assert data["routes"] == [{"task": "a.*", "queue": "q"}]
    assert set(data["queues"]) == {"celery", "q"}
    assert "auto-created-queue" in traps(draft)


QUEUES = {
    "list": "task_queues = [Queue('celery', Exchange('celery'), 'celery'), Queue('q',"
    " Exchange('t', type='topic'), routing_key='q.#', queue_arguments={'x-max-priority': 5})]",
    "dict": "task_queues = {'celery': {'exchange': 'celery'}, 'q': {'exchange': 't',"
    " 'exchange_type': 'topic', 'binding_key': 'q.#', 'queue_arguments': {'x-max-priority': 5}}}",
    "appended": "task_queues = [Queue('celery', Exchange('celery'), 'celery')]\n"
    "task_queues += [Queue('q', Exchange('t', 'topic'), 'q.#', max_priority=5)]",
}


@pytest.mark.parametrize("form", QUEUES)
def test_queues(form: str, tmp_path: Path) -> None:
    data, _ = take(tmp_path, QUEUES[form])
    assert data["queues"] == {
        "celery": {},
        "q": {"exchange": "t", "routing_key": "q.#", "max_priority": 5},
    }
    assert data["exchanges"] == {"t": {"type": "topic"}}


TRAPS = {
    "shared-default-binding": "task_queues = [Queue('celery'), Queue('b')]",
    "duplicate-queue": "task_queues = [Queue('celery'), Queue('celery', Exchange('x'), 'y')]",
    "default-queue-undeclared": "task_queues = [Queue('b', Exchange('b'), 'b')]",
    "default-queue-type-ignored": "task_queues = [Queue('celery')]\n"
    "task_default_queue_type = 'quorum'",
    "route-key-ignored": "task_routes = {'a': {'queue': 'celery', 'routingkey': 'x'}}",
    "route-exchange-without-key": "task_routes = {'a': {'exchange': 'x',"
    " 'exchange_type': 'topic'}}",
    "route-key-unbound": "task_routes = {'a': {'exchange': 'x', 'routing_key': 'k'}}",
    "route-shadowed": "task_routes = [{'a.*': 'q'}, {'a.b': 'r'}]",
    "router-function": "task_routes = 'proj.routers.route'",
    "mixed-setting-names": "CELERY_ROUTES = {'a': 'q'}\ntask_acks_late = True",
    "legacy-setting-under-namespace": "CELERY_BROKER_URL = 'amqp://'\nCELERY_QUEUES = [Queue('b')]",
    "unknown-setting": "CELERY_BROKER_URL = 'amqp://'\nCELERY_TASK_ACK_LATE = True",
    "secret-in-settings": "broker_url = 'amqp://me:hunter2@host//'",
    "default-priority-masks-route": "task_default_priority = 3\n"
    "task_queues = [Queue('celery', max_priority=9)]\n"
    "task_routes = {'a': {'queue': 'celery', 'priority': 7}}",
    "queue-alias": "task_queues = [Queue('celery', alias='c')]",
    "worker-pool-setting": "worker_pool = 'gevent'",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_traps_are_named(trap: str, tmp_path: Path) -> None:
    _, draft = take(tmp_path, TRAPS[trap])
    assert trap in traps(draft)
    assert "hunter2" not in write(draft) + repr(draft.notes)


def test_a_bare_queue_is_bound_as_celery_binds_it(tmp_path: Path) -> None:
    data, _ = take(tmp_path, "task_queues = [Queue('celery'), Queue('b')]")
    assert data["queues"]["b"] == {"exchange": "celery", "routing_key": "celery"}


def test_the_base_of_settings_is_followed(tmp_path: Path) -> None:
    (tmp_path / "base.py").write_text("CELERY_TASK_DEFAULT_QUEUE = 'main'\nDEBUG = False\n")
    data, _ = take(
        tmp_path,
        "from .base import *\nCELERY_BROKER_URL = os.environ.get('B', 'redis://localhost')\n"
        "if DEBUG:\n    CELERY_TASK_DEFAULT_QUEUE = 'debug'\n",
    )
    assert data["defaults"] == {"queue": "main"}
    assert data["broker"] == {"transport": "redis", "url": "env:B"}


def test_a_class_of_settings(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text(
        "class Base:\n    CELERY_TASK_DEFAULT_QUEUE = 'a'\n\n"
        "class Prod(Base):\n    CELERY_TASK_ACKS_LATE = True\n"
    )
    draft = read("settings", (f"{tmp_path}/settings.py:Prod",))
    assert draft.data["defaults"] == {"queue": "a"}
    assert draft.data["settings"] == {"task_acks_late": True}


def test_the_schedule(tmp_path: Path) -> None:
    data, draft = take(
        tmp_path,
        "from datetime import timedelta\n"
        "CELERYBEAT_SCHEDULE = {'a': {'task': 't', 'schedule': crontab(minute=0, hour='3'),"
        " 'options': {'queue': 'celery', 'expires': 60}},"
        " 'b': {'task': 't', 'schedule': timedelta(minutes=5), 'args': (1,)},"
        " 'c': {'task': 't', 'schedule': when()}}\n",
    )
    assert data["beat"]["schedule"] == {
        "a": {"task": "t", "crontab": "0 3 * * *", "queue": "celery", "expires": "1m"},
        "b": {"task": "t", "every": "5m", "args": [1]},
    }
    assert any(one.title == "beat.schedule.c" for one in draft.leftovers)


HOSTILE = {
    "runs": "open('ran', 'w').write('x')\n__import__('os').system('touch ran')\n",
    "grows": "x = 'a'\n" + "x = x + x\n" * 60,
    "times": "x = [0] * 10**12\ny = 'a' * 10**12\n",
    "widths": "x = '%1000000000d' % 1\ny = '{:>1000000000}'.format(1)\n",
    "loops": "for a in range(10**9):\n    task_routes = {}\n",
    "nests": "x = " + "(" * 90 + "1" + ")" * 90 + "\n",
    "adds": "x = " + "+".join(["1"] * 5000) + "\n",
    "itself": "from settings import *\nfrom .settings import *\n",
    "recursion": "def f(a):\n    return f(a)\n\nx = f(1)\n",
    "power": "x = 9 ** 9 ** 9\n",
    "laughs": "x = [1]\n" + "x = [x, x]\n" * 60 + "y = x == x\ntask_routes = x\n",
    "deep": "x = []\nfor i in range(3000):\n    x = [x]\ntask_routes = x\n",
    "list in itself": "task_routes = []\ntask_routes.append(task_routes)\n",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_end(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "settings.py").write_text(HOSTILE[kind] + "task_acks_late = True\n")
    try:
        draft = read("settings", ("settings.py",))
    except UnreadableFileError:
        return
    make_sound(draft)
    tomli.loads(write(draft))
    assert not (tmp_path / "ran").exists()


def test_no_python_is_said(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text("task_routes = {")
    draft = read("settings", (str(tmp_path / "settings.py"),))
    assert [note.severity for note in draft.notes if "no Python" in note.message] == ["error"]


def test_a_missing_file_cannot_be_read() -> None:
    with pytest.raises(UnreadableFileError):
        read("settings", ("no/such/file.py",))
    with pytest.raises(UnreadableFileError):
        read("settings", ("no_such_module_at_all",))


def test_old_names_are_celerys() -> None:
    from celery.app.defaults import _TO_NEW_KEY

    theirs = {new: old for old, new in _TO_NEW_KEY.items() if new in SETTINGS}
    assert {new: old_name(new) for new in theirs} == theirs
