"""Code of newer Pythons, tests that are no tasks, caches, and tasks that are sent on purpose."""

from __future__ import annotations

import ast
import sys

import pytest

from qtopo.code.check import examine
from qtopo.source.python_text import parse, said_by_this_python
from qtopo.topology.topology import Topology


def findings(found, **tables):
    topology, problems = Topology.from_data(
        {"queues": {"celery": {}, "q": {}}, "workers": {"w": {"queues": ["celery", "q"]}}, **tables}
    )
    assert not problems
    return examine(topology, found)


HEAD = "from celery import Celery\napp = Celery('x')\n\n"


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    a\nexcept A, b.C:\n    pass\n",
        "try:\n    a\nexcept* A, B, :\n    pass\n",
        "x = '''\nexcept A, B:\n'''\ntry:\n    a\nexcept A, B:  # why\n    pass\n",
    ],
)
def test_except_without_brackets(text):
    """Python 3.14 reads it; here it is the same tree as with brackets."""
    tree = parse(text)
    handler = next(one for one in ast.walk(tree) if isinstance(one, ast.ExceptHandler))
    assert isinstance(handler.type, ast.Tuple)
    assert handler.lineno == text[: text.rindex("except")].count("\n") + 1


def test_who_says_that_it_is_no_python():
    with pytest.raises(SyntaxError) as caught:
        parse("def f(:\n")
    assert said_by_this_python(caught.value).endswith(f"{sys.version_info.minor})")


def test_tests_py_is_not_read(read):
    task = HEAD + "@app.task\ndef one(): ...\n"
    assert [one.name for one in read(shop__tasks=task, shop__tests=task).tasks] == [
        "shop.tasks.one"
    ]


CACHES = """
KEPT, OTHER = {}, {}

@app.task
def one(key):
    try:
        return KEPT[key]
    except KeyError:
        KEPT[key] = key
    try:
        return KEPT[key]
    except ValueError:
        OTHER[key] = key
"""


def test_what_was_missing_is_filled(read):
    """A cache says the same each time: an info on prefork; what else is changed is a warning."""
    found = findings(read(tasks=HEAD + CACHES))
    said = {one.message.split("'")[3]: one.severity for one in found if one.rule == "shared-state"}
    assert said == {"KEPT": "info", "OTHER": "warning"}


SENT = """
@app.task
def directed(): ...

@app.task
def both(): ...

@app.task
def scheduled(): ...

@app.task
def plain(): ...

def send():
    directed.apply_async(queue="q")
    both.apply_async(queue="q")
    both.delay()
"""


def test_tasks_that_are_sent_with_a_queue_need_no_route(read):
    found = findings(
        read(tasks=HEAD + SENT),
        routes=[{"task": "other.*", "queue": "q"}],
        beat={"schedule": {"s": {"task": "tasks.scheduled", "every": "1h", "queue": "q"}}},
    )
    said = {one.message.split("'")[1] for one in found if one.rule == "task-without-route"}
    assert said == {"tasks.both", "tasks.plain"}
