"""Which tasks are found, and that they have the names Celery registers."""

from __future__ import annotations

import subprocess
import sys

from qtopo.code.index import UNTOLD
from qtopo.code.project import Project
from qtopo.code.survey import survey

SHOP = {
    "shop__celery": "from celery import Celery\napp = Celery('shop', broker='memory://')\n",
    "shop__names": "class Queues:\n    HIGH = 'high'\nLOW = 'low'\n",
    "shop__emails": """\
from celery import shared_task, Task
from shop.celery import app
from . import names
from .names import LOW, Queues

@app.task
def receipt(): ...

@app.task(name="mail.reset", queue=Queues.HIGH, priority=7, bind=True, max_retries=3)
def reset(self): ...

@shared_task(queue=LOW, rate_limit="10/m", ignore_result=True)
def news(): ...

@shared_task()
def digest(): ...

def plain(): ...
plain_task = app.task(plain)

def named(): ...
named_task = app.task(name="mail.named", acks_late=True)(named)

class Import(app.Task):
    name = "mail.import"
    queue = names.LOW
    def run(self): ...
app.register_task(Import())

class Auto(Task):
    def run(self): ...
app.register_task(Auto())

class Base(Task):
    abstract = True

class Unregistered(Task):
    def run(self): ...
""",
}


def test_names_are_those_that_celery_registers(read, tmp_path):
    found = read(**SHOP)
    program = (
        "import shop.emails\nfrom shop.celery import app\n"
        "print('\\n'.join(one for one in app.tasks if not one.startswith('celery.')))"
    )
    celery = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert celery.returncode == 0, celery.stderr
    assert sorted(task.name for task in found.tasks) == sorted(celery.stdout.split())
    assert len(found.tasks) == 8
    assert all(task.sure for task in found.tasks)


def test_options_are_read_through_names(read):
    found = read(**SHOP).by_name
    reset = found["mail.reset"]
    assert dict(reset.options) == {
        "name": "mail.reset",
        "queue": "high",
        "priority": 7,
        "bind": True,
        "max_retries": 3,
    }
    assert reset.bound
    assert reset.places["queue"].line == 9
    assert found["shop.emails.news"].option("queue") == "low"
    assert found["mail.import"].option("queue") == "low"


def test_what_is_not_told_is_not_guessed(read):
    found = read(
        tasks="""\
import os
from celery import shared_task
OPTIONS = {"name": "x"}
@shared_task(queue=os.environ["Q"])
def one(): ...
@shared_task(**OPTIONS)
def two(): ...
@shared_task(name=f"{__name__}.x")
def three(): ...
"""
    ).tasks
    assert found[0].options["queue"] is UNTOLD
    assert found[0].option("queue") is None
    assert [task.sure for task in found] == [False, False, False]


def test_tasks_of_others_are_none(read):
    found = read(
        others="""\
from invoke import task
from huey import RedisHuey
from prefect import task as flow
import procrastinate
huey = RedisHuey()
app = procrastinate.App()
@task
def one(): ...
@huey.task()
def two(): ...
@flow
def three(): ...
@app.task
def four(): ...
class Router:
    def task(self, f): return f
@Router().task
def five(): ...
"""
    )
    assert not found.tasks


def test_a_decorator_of_the_projects_own(read):
    found = read(
        shop__base="""\
from celery import shared_task
def careful(**options):
    def wrap(f): return f
    return shared_task(acks_late=True, **options)
def other(f): return f
task = shared_task
""",
        shop__work="""\
from .base import careful, other
from . import base
@careful(queue="slow")
def one(): ...
@other
def two(): ...
""",
    )
    assert [(task.name, task.option("queue")) for task in found.tasks] == [
        ("shop.work.one", "slow")
    ]


def test_modules_are_named_from_where_they_are_imported(write, tmp_path):
    task = "from celery import shared_task\n@shared_task\ndef t(): ...\n"
    write(shop__deep__tasks=task)
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "manage.py").write_text("")
    (tmp_path / "backend" / "loose.py").write_text(task)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "jobs.py").write_text(task)
    for skipped in ("node_modules", ".git", "tests", "myenv"):
        (tmp_path / skipped).mkdir()
        (tmp_path / skipped / "more.py").write_text(task)
    (tmp_path / "myenv" / "pyvenv.cfg").write_text("")
    found = survey(Project(str(tmp_path)))
    assert {(one.name, one.sure) for one in found.tasks} == {
        ("shop.deep.tasks.t", True),
        ("loose.t", False),
        ("jobs.t", False),
    }
    inner = survey(Project(str(tmp_path / "shop" / "deep")))
    assert [one.name for one in inner.tasks] == ["shop.deep.tasks.t"]
