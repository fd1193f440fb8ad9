"""Rules about what a loaded application is set to do, where that is not what the file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.code.about_routes import unknown_queue
from qtopo.code.calls import SCHEDULED
from qtopo.code.findings import CodeFinding, finding
from qtopo.code.project import Spot
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.code.application import Application
    from qtopo.code.looked import Looked

_SHOWN = 3


def check(looked: Looked) -> Iterator[CodeFinding]:
    """Yield where the application and the file disagree; nothing where none was loaded."""
    app = looked.survey.app
    if app is not None:
        yield from _routes(looked, app)
        yield from _schedule(looked, app)


def _routes(looked: Looked, app: Application) -> Iterator[CodeFinding]:
    """Hold the application's own routers against the file's routes, in one finding."""
    differ = []
    for task in looked.survey.tasks:
        real = app.sends.get(task.name)
        wanted = looked.where(task.name)
        if real is not None and wanted.queue is not None and real != wanted.queue:
            differ.append((task, real, wanted.queue))
    if not differ:
        return
    task, real, queue = differ[0]
    more = f" (and {len(differ) - 1} more tasks elsewhere)" if len(differ) > 1 else ""
    yield finding(
        "app-routes-otherwise",
        f"application {app.name!r} sends task {task.name!r} to {real!r}, and this file to "
        f"{queue!r}{more}",
        At(("app", "celery")) if looked.topology.app.celery else At(()),
        help="let the application load what `qtopo emit` writes, and nothing that overrides it",
        related=tuple(
            (f"{one.name} goes to {there!r} instead of {here!r}", one.spot)
            for one, there, here in differ[:_SHOWN]
        ),
    )


def _schedule(looked: Looked, app: Application) -> Iterator[CodeFinding]:
    """Look at entries of the schedule that stand neither in the file nor, as text, in the code."""
    beat = looked.topology.beat
    ours = {one.task for one in beat.schedule.values()} if beat is not None else set()
    written = {one.task for one in looked.survey.calls if one.method == SCHEDULED}
    for entry in app.entries:
        at = _beginning(looked, app)
        who = f"schedule entry {entry.name!r} of application {app.name!r} sends"
        if entry.task in written or entry.task in ours:
            continue
        if not (looked.has(entry.task) or looked.is_foreign(entry.task)):
            yield finding(
                "unknown-task-sent",
                f"{who} task {entry.task!r}, which it does not have: a worker throws it away",
                at,
                help=looked.hint(entry.task) or "mend the name, or register the task",
            )
        if entry.queue and entry.queue not in looked.topology.queues:
            yield unknown_queue(looked, entry.queue, at, f"{who} {entry.task!r} to")


def _beginning(looked: Looked, app: Application) -> Spot | At:
    """Return the first line of the application's module: where an entry was made is not known."""
    # `celery -A shop` looks into shop.celery too.
    for name in (f"{app.module}.celery", app.module):
        if name in looked.survey.project.modules:
            return Spot(name, 1, 0, 1, 0)
    return At(("app", "celery")) if looked.topology.app.celery else At(())
