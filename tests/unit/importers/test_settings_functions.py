"""Settings that functions, readers of the environment and other modules put together.

Python itself is the oracle: the same files are imported, and must come to the same.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport.redis import Channel as Redis

from qtopo.cli.main import OK, main
from qtopo.importers.draft import Draft
from qtopo.importers.merge import merge
from qtopo.importers.settings import settings_of
from qtopo.importers.sources import Options, read
from qtopo.importers.static.budget import Budget
from qtopo.importers.static.expressions import Evaluator
from qtopo.importers.static.objects import Scope
from qtopo.importers.translate.connections import REDIS_ONLY
from qtopo.importers.values import Unknown, settled

if TYPE_CHECKING:
    from pathlib import Path


def put(path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def taken(path: Path, name: str = "settings.py") -> dict[str, Any]:
    return {
        key: settled(one)
        for key, one in settings_of(str(path / name), Options(), Draft("x")).items()
    }


def run(path: Path, module: str, names: list[str]) -> list[Any]:
    """What Python makes of the module, in a process without variables of ours."""
    code = f"import {module} as m; print([getattr(m, n) for n in {names!r}])"
    command = [sys.executable, "-c", code]
    env = {"PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"}
    told = subprocess.run(command, capture_output=True, text=True, env=env, check=True, timeout=30)
    found: list[Any] = ast.literal_eval(told.stdout)
    return found


READERS = """\
import os
from typing import overload

@overload
def number(key: str) -> int: ...
def number(key: str, default: int | None = None):
    '''An int of the environment.'''
    kept: int
    if key not in os.environ:
        return default
    return int(os.environ[key])

def pick(kind, most=8):
    low, high = 1, most
    if kind == "small":
        high = 2
    elif kind == "large":
        return most ** 2
    return low + high
"""
USING = """\
from .readers import number, pick
CELERY_WORKER_CONCURRENCY = number("NO_SUCH_VARIABLE", 3)
CELERY_TASK_TIME_LIMIT = pick("small")
CELERY_TASK_SOFT_TIME_LIMIT = pick("large", most=5)
CELERY_WORKER_PREFETCH_MULTIPLIER = pick("")
CELERY_RESULT_EXPIRES = 60 * (10**2)
"""


def test_functions_with_branches(tmp_path: Path) -> None:
    put(tmp_path, {"p/__init__.py": "", "p/readers.py": READERS, "p/settings.py": USING})
    names = [line.partition(" =")[0] for line in USING.split("\n")[1:-1]]
    found = taken(tmp_path / "p")
    ours = [found[name.removeprefix("CELERY_").lower()] for name in names]
    assert ours == run(tmp_path, "p.settings", names) == [3, 3, 25, 9, 6000]


def test_a_variable_that_decided_is_named(tmp_path: Path) -> None:
    put(tmp_path, {"p/__init__.py": "", "p/readers.py": READERS, "p/settings.py": USING})
    draft = read("settings", (str(tmp_path / "p/settings.py"),), Options())
    said = [
        note.message for note in merge([draft]).notes if note.trap == "setting-from-environment"
    ]
    assert any("NO_SUCH_VARIABLE" in one for one in said)


def test_what_a_function_cannot_say_has_its_callers_text(tmp_path: Path) -> None:
    """The text and the place are of the file that calls, not a piece of it at another's place."""
    other = "import secrets\n\n\ndef url():\n    x = secrets.host\n    return f'redis://{x}/0'\n"
    put(tmp_path, {"other.py": other, "settings.py": "from other import url\nbroker_url = url()\n"})
    (found,) = [settings_of(str(tmp_path / "settings.py"), Options(), Draft("x"))["broker_url"]]
    assert isinstance(found, Unknown)
    assert found.text == "f'redis://{x}/0'"
    assert found.where is not None
    assert found.where.endswith("other.py:6")


NUMBERS = st.integers(-5, 5)
TESTS = st.sampled_from(["a > b", "a == b", "not a", "a and b", "b in (1, 2)"])
STEPS = st.recursive(
    st.sampled_from(["return a", "return b * 2", "a = b + 1", "b, a = a, b", "pass"]),
    lambda inner: st.tuples(TESTS, inner, inner).map(
        lambda one: f"if {one[0]}:\n{indented(one[1])}\nelse:\n{indented(one[2])}"
    ),
    max_leaves=6,
)


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


@settings(deadline=None, max_examples=60)
@given(st.lists(STEPS, min_size=1, max_size=4), NUMBERS, NUMBERS)
def test_functions_come_to_what_python_says(body: list[str], a: int, b: int) -> None:
    text = f"def f(a, b={b}):\n{indented(chr(10).join(body))}\n    return (a, b)\n"
    names: dict[str, Any] = {}
    exec(text, names)
    scope = Scope("x.py")
    from qtopo.importers.static.objects import Function

    node = ast.parse(text).body[0]
    assert isinstance(node, ast.FunctionDef)
    scope.names["f"] = Function(node, scope, "f", text)
    call = ast.parse(f"f({a})", mode="eval").body
    found = Evaluator(text, "x.py", Budget()).value(call, [scope])
    assert found == names["f"](a)


ENVIRON = """\
import environ
env = environ.{reader}(
    A_LIMIT=(int, 30), A_URL=(str, "redis://h/1"), A_FLAG=(bool, False), A_LATE=bool
)
CELERY_BROKER_URL = env("A_URL")
if env("A_LIMIT") > 10:
    CELERY_TASK_TIME_LIMIT = env("A_LIMIT")
if env.bool("A_FLAG"):
    CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = env("A_LATE", default=True)
CELERY_TASK_SOFT_TIME_LIMIT = env("A_LIMIT", default=5)
"""


@pytest.mark.parametrize("reader", ["Env", "FileAwareEnv"])
def test_types_and_defaults_said_once(reader: str, tmp_path: Path) -> None:
    put(tmp_path, {"settings.py": ENVIRON.replace("{reader}", reader)})
    assert {key: one for key, one in taken(tmp_path).items() if key in _ASKED} == {
        "broker_url": "redis://h/1",
        "task_time_limit": 30,
        "task_ignore_result": True,
        "task_soft_time_limit": 5,
    }


_ASKED = (
    "broker_url",
    "task_time_limit",
    "task_acks_late",
    "task_ignore_result",
    "task_soft_time_limit",
)


def test_packages_without_init(tmp_path: Path) -> None:
    """A folder needs no `__init__.py` to be a package; imports lead no further than it."""
    files = {
        "proj/__init__.py": "",
        "proj/back/configs/base.py": "import proj.sizes\nworker_concurrency = proj.sizes.MANY\n",
        "proj/back/configs/primary.py": "import proj.back.configs.base as shared\n"
        "from proj.sizes import FEW\nworker_concurrency = shared.worker_concurrency\n"
        "worker_prefetch_multiplier = FEW\n",
        "proj/sizes.py": "FEW, MANY = 2, 9\n",
    }
    put(tmp_path, files)
    found = taken(tmp_path / "proj/back/configs", "primary.py")
    assert (found["worker_concurrency"], found["worker_prefetch_multiplier"]) == (9, 2)
    names = ["worker_concurrency", "worker_prefetch_multiplier"]
    assert run(tmp_path, "proj.back.configs.primary", names) == [9, 2]


FACTORY = """\
from celery import Celery
from entries import schedule

def make(app):
    found = Celery(app.name)
    found.conf.update(beat_schedule=schedule, task_default_queue="q")
    return found
"""
ENTRIES = """\
import somewhere
schedule = {}
if somewhere.space != "test":
    schedule = {"a": {"task": "t.a", "schedule": 5}}
"""


def test_an_application_that_a_function_makes(tmp_path: Path) -> None:
    put(tmp_path, {"make.py": FACTORY, "entries.py": ENTRIES})
    draft = merge([read("settings", (str(tmp_path / "make.py"),), Options())])
    assert list(draft.data["beat"]["schedule"]) == ["a"]
    assert draft.data["defaults"]["queue"] == "q"
    assert "conditional-setting" in [note.trap for note in draft.notes]


def test_settings_in_classes_are_not_passed_over(tmp_path: Path) -> None:
    put(tmp_path, {"settings.py": "class Base:\n    CELERY_TASK_ACKS_LATE = True\n"})
    path = str(tmp_path / "settings.py")
    draft = read("settings", (path,), Options())
    assert any(f"{path}:Base" in note.message for note in draft.notes)
    assert "Base" not in str(read("settings", (f"{path}:Base",), Options()).notes)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("import x\nbroker_url = f'redis://{x.host}/0'\n", "redis"),
        ("import x\nbroker_url = ('amqps://{}').format(x.host)\n", "amqps"),
        ("import x\nbroker_url = x.url\nbroker_transport_options = {'sep': ':'}\n", "redis"),
        ("broker_transport_options = {'global_keyprefix': 'a'}\n", "redis"),
        ("broker_transport_options = {'visibility_timeout': 5}\n", "rabbitmq"),
    ],
)
def test_the_kind_of_a_broker_whose_url_is_not_known(text: str, kind: str, tmp_path: Path) -> None:
    put(tmp_path, {"settings.py": text})
    draft = read("settings", (str(tmp_path / "settings.py"),), Options())
    assert draft.data["broker"]["transport"] == kind


def test_options_that_tell_redis_are_redis_alone() -> None:
    assert set(Redis.from_transport_options) >= REDIS_ONLY
    asked = 0
    for name, path in TRANSPORT_ALIASES.items():
        if name in ("redis", "rediss", "sentinel"):
            continue
        # One raises NameError without its library.
        with contextlib.suppress(ImportError, NameError):
            channel = getattr(importlib.import_module(path.partition(":")[0]), "Channel", None)
            asked += 1
            assert not REDIS_ONLY & set(getattr(channel, "from_transport_options", ())), name
    assert asked > 3


def test_two_spellings_of_a_scheduler_do_not_differ(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "settings.py": "beat_scheduler = 'p.q.Mine'\n",
            "run.sh": "celery -A p beat --scheduler p.q:Mine\n",
        },
    )
    first = read("settings", (str(tmp_path / "settings.py"),), Options())
    draft = merge([first, read("commands", (str(tmp_path / "run.sh"),), Options())])
    assert "sources-differ" not in [note.trap for note in draft.notes]


def test_several_settings_are_one_when_they_are_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django's settings and the entries that `celery.py` sets beside them."""
    monkeypatch.chdir(tmp_path)
    put(
        tmp_path,
        {
            "settings.py": "CELERY_TASK_ROUTES = {'a.*': 'q'}\n",
            "celery.py": "from celery import Celery\napp = Celery('x')\n"
            "app.conf.beat_schedule = {'e': {'task': 'a.b', 'schedule': 5}}\n",
        },
    )
    sources = ["settings", "settings.py", "settings", "celery.py"]
    assert main(["import", *sources, "-o", "topology.toml", "--verify"]) == OK
