"""Strange files: nothing of a project is run, nothing hangs, and what is not read is said."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from qtopo.code.files import Limits
from qtopo.code.project import Project
from qtopo.code.state import StateFinder
from qtopo.code.survey import survey

TASK = "from celery import shared_task, chain\nX = {}\n@shared_task\ndef t(x):\n    pass\n    "
MANY = range(900)

STRANGE = {
    "parentheses": TASK + "x = " + "(" * 199 + "1" + ")" * 199,
    "brackets": "celery = " + "[" * 59 + "a b" + "]" * 59,
    "minus": TASK + "x = " + "- " * 90_000 + "1",
    "not": TASK + "x = " + "not " * 90_000 + "1",
    "attributes": TASK + "X" + ".a" * 100_000 + " = 1",
    "some attributes": TASK + "X" + ".a" * 900 + " = 1",
    "subscripts": TASK + "X" + "[0]" * 900 + " = 1",
    "calls": TASK + "X" + ".get(1)" * 300 + "['a'] = 1",
    "pipes": TASK + "x = " + " | ".join(["t.s()"] * 900),
    "many pipes": TASK + "x = " + " | ".join(["t.s()"] * 60_000),
    "elif": TASK + "if x: pass\n" + "".join(f"    elif x == {i}: X[{i}] = 1\n" for i in MANY),
    "aliases": TASK + "a0 = X\n" + "".join(f"    a{i + 1} = a{i}\n" for i in MANY),
    "cycle of aliases": TASK + "a = b\n    b = a\n    a[1] = 1\n",
    "cycle of classes": "from celery import Task\nclass A(B): pass\nclass B(A): pass\n"
    "class C(Task, A):\n  name = 'x'\n  def run(self): self.foo()\n",
    "cycle of decorators": "from celery import shared_task\ndef a(f): return b(f)\n"
    "def b(f): return a(f)\n@a\ndef task(): ...\n",
    "cycle of imports": "from tasks import a as task\nfrom tasks import *\n@task\ndef f(): ...\n",
    "calls in a circle": TASK + "t(x)\n    u(x)\ndef u(x): t(x); u(x)\n",
    "null": "task = 1\0",
    "long number": "celery = " + "9" * 50_000,
    "codec": "# coding: unicode_escape\ncelery = '\\x00'\n",
    "no text": b"task = '\xff\xfe'\n".decode("latin-1"),
    "canvases": TASK + "chain(" * 90 + "t.s()" + ")" * 90,
    "set": TASK + "t.s()" + ".set()" * 900,
    "lambdas": TASK + "x = " + "lambda: " * 900 + "1",
    "decorators": "from celery import shared_task\n" + "@shared_task\n" * 9000 + "def t(): ...\n",
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_strange_text(tmp_path, text):
    (tmp_path / "tasks.py").write_text(text, encoding="utf-8")
    (tmp_path / "good.py").write_text(
        "from celery import shared_task\nX = []\n@shared_task\ndef good(): X.append(1)\n"
    )
    project = Project(str(tmp_path))
    found = survey(project)
    shared = StateFinder(project).run(found.tasks)
    # Whatever the one file is, the other is read.
    assert "good.good" in found.by_name
    assert [one for one in shared if one.tasks == ("good.good",)]
    assert all(problem.file.endswith("tasks.py") for problem in project.problems)


def test_nothing_is_run(tmp_path):
    trap = "import pathlib, sys\npathlib.Path('TRAP').touch()\nsys.exit(3)\n"
    tasks = trap + "from celery import shared_task\n@shared_task\ndef t(): ...\n"
    for name in ("shop/__init__", "shop/tasks", "celery", "setup", "sitecustomize"):
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(tasks)
    (tmp_path / "topology.toml").write_text('[queues.celery]\n[workers.w]\nqueues = ["celery"]\n')
    program = (
        "import sys\nfrom qtopo.cli.main import main\n"
        "code = main(['check', '--project', '.', '-t', 'topology.toml'])\n"
        "assert 'celery' not in sys.modules and 'shop' not in sys.modules\n"
        "sys.exit(code)"
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", program], cwd=tmp_path, capture_output=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert not (tmp_path / "TRAP").exists()


def test_links_and_pipes_are_left_alone(tmp_path):
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "secret.py").write_text("from celery import shared_task\n")
    (inside / "folder").symlink_to(outside)
    (inside / "file.py").symlink_to(outside / "secret.py")
    (inside / "around").symlink_to(inside)
    os.mkfifo(inside / "pipe.py")
    (inside / "real.py").write_text("")
    assert list(Project(str(inside)).modules) == ["real"]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(files=3), "has more than 3 Python files: the rest was not read"),
        (Limits(entries=3), "has too many files: the rest was not looked at"),
        (Limits(size=10), "is larger than 10 bytes: it was not read"),
        (Limits(total=90), "has more than 90 characters of Python: the rest was not looked at"),
        (Limits(parsed=90), "has more than 90 characters of Python: the rest was not looked at"),
    ],
)
def test_there_is_an_end(tmp_path, limits, message):
    for number in range(6):
        text = "from celery import shared_task\n@shared_task\ndef t(): ...\n"
        (tmp_path / f"tasks{number}.py").write_text(text)
    project = Project(str(tmp_path), limits)
    found = survey(project)
    assert len(found.tasks) < 6
    assert message in {one.message for one in project.problems}


def test_folders_that_are_too_deep_are_said(tmp_path):
    folder = tmp_path
    for name in "abcd":
        (folder / "module.py").write_text("")
        folder = folder / name
        folder.mkdir()
    project = Project(str(tmp_path), Limits(depth=2))
    assert len(project.modules) == 3
    (problem,) = project.problems
    assert problem.file.endswith("c")
    assert problem.message == "is more than 2 folders deep: it was not looked at"


def test_what_is_no_python_has_its_place(tmp_path):
    (tmp_path / "tasks.py").write_text("import celery\ndef x(:\n")
    project = Project(str(tmp_path))
    survey(project)
    (problem,) = project.problems
    assert (problem.line, problem.column) == (2, 7)
    assert problem.message.startswith("is no Python: ")
