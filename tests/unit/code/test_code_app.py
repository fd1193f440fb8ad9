"""`--app`: a real application is loaded, in a process of its own, and held against a topology."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from qtopo.topology.code_rules import RULES

TOPOLOGY = """\
[app]
celery = "shop.celery:app"
[queues.celery]
[queues.mails]
[[routes]]
task = "shop.tasks.*"
queue = "mails"
[[routes]]
task = "shop.gone.*"
queue = "mails"
[workers.main]
queues = ["celery", "mails"]
"""
FILES = {
    "shop/__init__.py": "",
    "shop/celery.py": """\
from celery import Celery
print("noise")
app = Celery("shop", include=["shop.tasks"], broker="memory://")
app.conf.task_routes = {"shop.tasks.mail": {"queue": "other"}}
app.conf.beat_schedule = {n: {"task": f"shop.{n}", "schedule": 1.0} for n in ["lost"]}
app.conf.beat_schedule["old"] = {"task": "shop.tasks.old", "schedule": 1.0}
""",
    "shop/tasks.py": """\
from celery import shared_task
SEEN = {}
class Named:
    queue = "celery"
@shared_task(queue="celery")
def decorated(x):
    SEEN[x] = 1
@shared_task
def mail(x): ...
def make(n):
    @shared_task(name=f"shop.made.{n}")
    def inner(x):
        SEEN.clear()
    return inner
one = make(1)
""",
    "shop/views.py": """\
from shop.jobs import job
from shop.tasks import mail
mail.apply_async(queue="mials")
""",
    "shop/jobs.py": "from celery import shared_task\n@shared_task\ndef job(): ...\n",
    "shop/broken.py": "raise ValueError('no')\n",
    "shop/leaves.py": "import sys\nsys.exit(3)\n",
}
PROGRAM = """\
import contextlib, io, json, sys
from qtopo.cli.main import main
answers = []
for arguments in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    answers.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(answers))
"""
CHECK = ["check", "--format", "json"]
COMMANDS = {
    "app": [*CHECK, "--app", "shop.celery:app"],
    "package": [*CHECK, "--app", "shop"],
    "both": [*CHECK, "--app", "shop.celery:app", "--project", "."],
    "two files": [*CHECK, "topology.toml", "second.toml", "--app", "shop.celery:app"],
    "missing": [*CHECK, "--app", "shop.nowhere:app"],
    "broken": [*CHECK, "--app", "shop.broken:app"],
    "leaves": [*CHECK, "--app", "shop.leaves:app"],
    "no app": [*CHECK, "--app", "shop.tasks:SEEN"],
    "watch": ["check", "--watch", "--app", "shop.celery:app"],
    "emit": ["emit", "-", "--no-check", "--app", "shop.celery:app"],
    "emitted": ["emit", "-", "--no-check"],
    "stale": ["emit", "celeryconfig.py", "--check", "--no-check", "--app", "shop.celery:app"],
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Return the answer to each command: exit code, stdout and stderr."""
    folder = tmp_path_factory.mktemp("shop")
    for name, text in {**FILES, "topology.toml": TOPOLOGY, "second.toml": TOPOLOGY}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(list(COMMANDS.values()))],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    return dict(zip(COMMANDS, json.loads(ran.stdout), strict=True))


def found(answer):
    """Return what is found in code: (file, line, rule, severity)."""
    return [
        (one["file"], one["start"] and one["start"]["line"], one["rule"], one["severity"])
        for one in json.loads(answer[1])["diagnostics"]
        if one["rule"] in RULES
    ]


SAME = [
    ("shop/celery.py", 1, "unknown-task-sent", "warning"),
    ("shop/celery.py", 6, "unknown-task-sent", "warning"),
    ("shop/tasks.py", 5, "decorator-beats-route", "warning"),
    ("shop/tasks.py", 7, "shared-state", "warning"),
    ("shop/tasks.py", 11, "task-without-route", "info"),
    ("shop/tasks.py", 13, "shared-state", "warning"),
]
LAST = [
    ("topology.toml", 2, "app-routes-otherwise", "warning"),
    ("topology.toml", 9, "route-without-task", "warning"),
]


def test_what_an_application_has(answers):
    # What was imported with it, and no more: neither the view nor the job.
    assert found(answers["app"]) == SAME + LAST


def test_an_application_is_found_as_celery_finds_it(answers):
    assert found(answers["package"]) == found(answers["app"])
    assert "application 'shop' sends" in answers["package"][1]


def test_the_noise_of_a_project_is_kept_off_the_answer(answers):
    assert answers["app"][1].startswith("{")
    assert "noise" in answers["app"][2]


def test_messages_name_who_differs(answers):
    messages = {one["rule"]: one["message"] for one in json.loads(answers["app"][1])["diagnostics"]}
    assert messages["app-routes-otherwise"] == (
        "application 'shop.celery:app' sends task 'shop.tasks.mail' to 'other', and this file to "
        "'mails'"
    )


def test_with_a_folder_the_rest_is_read_too(answers):
    assert found(answers["both"]) == [
        *SAME[:2],
        ("shop/jobs.py", 2, "task-without-route", "info"),
        *SAME[2:],
        ("shop/views.py", 3, "unknown-queue-sent", "error"),
        *LAST,
        ("topology.toml", 11, "task-not-imported", "warning"),
    ]


def test_it_is_loaded_once_for_several_files(answers):
    twice = found(answers["two files"])
    assert [one for one in twice if one[0] == "second.toml"] == [
        ("second.toml", *one[1:]) for one in LAST
    ]
    assert [one for one in twice if one[0] == "topology.toml"] == LAST


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing", "cannot load application shop.nowhere:app"),
        ("broken", "Couldn't import 'shop.broken:app': no"),
        ("leaves", "cannot load application shop.leaves:app: it exits"),
        ("no app", "is no Celery application"),
        ("watch", "--watch and --app exclude each other"),
    ],
)
def test_what_cannot_be_loaded(answers, name, said):
    code, _, err = answers[name]
    assert code == 2
    assert said in err


def test_emit_writes_patterns_out_for_the_tasks_of_an_application(answers):
    code, text, err = answers["emit"]
    assert code == 0, err
    for name in ("shop.tasks.decorated", "shop.tasks.mail"):
        assert f'("{name}", {{"queue": "mails"}})' in text
        assert f'("{name}"' not in answers["emitted"][1]
    assert "shop.made.1" not in text


def test_a_stale_file_says_how_it_is_refreshed(answers):
    code, _, err = answers["stale"]
    assert code == 1
    assert "qtopo emit celeryconfig.py --app shop.celery:app" in err
    assert not Path("celeryconfig.py").exists()
