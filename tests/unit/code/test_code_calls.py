"""Which calls and canvases are found in code."""

from __future__ import annotations

import pytest

from qtopo.code.calls import Canvas, has_chord

TASKS = """\
from celery import shared_task
@shared_task
def a(): ...
@shared_task(name="named.b")
def b(): ...
@shared_task
def c(): ...
"""


def shown(step):
    """Return a canvas as nested lists, its kind first."""
    if step is None:
        return None
    if not isinstance(step, Canvas):
        return step.task
    inner = [step.kind, *(shown(one) for one in step.steps)]
    return [*inner, {"body": shown(step.body)}] if step.kind == "chord" else inner


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a.delay(1)", ("delay", "shop.tasks.a", {})),
        ("tasks.a.delay()", ("delay", "shop.tasks.a", {})),
        ("shop.tasks.b.delay()", ("delay", "named.b", {})),
        (
            "a.apply_async((1,), queue='q', countdown=5)",
            ("apply_async", "shop.tasks.a", {"queue": "q", "countdown": 5}),
        ),
        ("a.apply_async(queue=FAST)", ("apply_async", "shop.tasks.a", {"queue": "fast"})),
        ("unknown.apply_async(queue='q')", ("apply_async", None, {"queue": "q"})),
        ("app.send_task('x.y', queue='q')", ("send_task", "x.y", {"queue": "q"})),
        ("app.send_task(name=NAME)", ("send_task", "x.y", {})),
        ("celery.signature('x.y')", ("signature", "x.y", {})),
        ("a.s(1).set(queue='q')", ("s", "shop.tasks.a", {"queue": "q"})),
        ("a.si()", ("si", "shop.tasks.a", {})),
        ("app.tasks['x.y'].delay()", ("delay", "x.y", {})),
        ("a.chunks([1], 10)", ("chunks", "shop.tasks.a", {})),
        (
            "a.chunks([1], 10).apply_async(queue='q')",
            ("chunks", "shop.tasks.a", {"queue": "q"}),
        ),
        ("b.starmap([1])", ("starmap", "named.b", {})),
        ("pool.map(a, [1])", None),
        ("frame.s()", None),
        ("re.signature('x')", None),
        ("time.delay(1)", None),
    ],
)
def test_calls(read, code, expected):
    found = read(
        shop__tasks=TASKS,
        shop__views=(
            "import celery, re, time, shop.tasks\nfrom shop import tasks\n"
            "from shop.tasks import a, b\nfrom shop.celery import app\n"
            f"NAME = 'x.y'\nFAST = 'fast'\ndef view():\n    {code}\n"
        ),
    )
    assert [(one.method, one.task, dict(one.options)) for one in found.calls] == (
        [] if expected is None else [expected]
    )
    assert all(one.inside == "view" and one.spot.line == 8 for one in found.calls)


@pytest.mark.parametrize(
    ("code", "expected", "is_chord"),
    [
        ("chain(a.s(), b.s())()", ["chain", "shop.tasks.a", "named.b"], False),
        ("a.s() | b.s() | c.s()", ["chain", "shop.tasks.a", "named.b", "shop.tasks.c"], False),
        ("group([a.s(), b.si()]).delay()", ["group", "shop.tasks.a", "named.b"], False),
        ("group(a.s(i) for i in range(3))", ["group", "shop.tasks.a"], False),
        (
            "chord([a.s(), b.s()])(c.s())",
            ["chord", "shop.tasks.a", "named.b", {"body": "shop.tasks.c"}],
            True,
        ),
        (
            "chord(group(a.s()), c.s().on_error(b.s()))",
            ["chord", "shop.tasks.a", {"body": "shop.tasks.c"}],
            True,
        ),
        (
            "canvas.chain(a.s(), canvas.group(b.s(), c.s()), a.s())",
            ["chain", "shop.tasks.a", ["group", "named.b", "shop.tasks.c"], "shop.tasks.a"],
            True,
        ),
        (
            "group(a.s(), b.s()) | c.s()",
            ["chain", ["group", "shop.tasks.a", "named.b"], "shop.tasks.c"],
            True,
        ),
        ("set_a | set_b", None, False),
        ("itertools.chain([1], [2])", None, False),
    ],
)
def test_canvases(read, code, expected, is_chord):
    found = read(
        shop__tasks=TASKS,
        shop__views=(
            "import itertools\nfrom celery import canvas, chain, chord, group\n"
            f"from shop.tasks import a, b, c\nset_a = set_b = set()\nx = {code}\n"
        ),
    )
    assert [shown(one) for one in found.canvases] == ([] if expected is None else [expected])
    assert [has_chord(one) for one in found.canvases] == ([] if expected is None else [is_chord])


def test_retries_belong_to_the_task_they_stand_in(read):
    found = read(
        shop__tasks="""\
from celery import shared_task
@shared_task(bind=True)
def a(self):
    raise self.retry(countdown=5)
def helper(self):
    self.retry()
@shared_task
def b():
    b.retry()
"""
    )
    assert [(one.method, one.task) for one in found.calls] == [
        ("retry", "shop.tasks.a"),
        ("retry", None),
        ("retry", "shop.tasks.b"),
    ]
