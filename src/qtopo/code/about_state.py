"""The rule about shared state: what a change means depends on the pool that runs the task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.code import refs
from qtopo.code.findings import CodeFinding, finding
from qtopo.code.state import StateFinder
from qtopo.topology.finding import INFO, WARNING, At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.code.looked import Looked
    from qtopo.code.state import Shared
    from qtopo.topology.workers import Worker

SHARING = ("threads", "gevent", "eventlet")
"""Pools whose tasks run side by side in one process."""

_WHAT = {
    refs.GLOBAL: "assigns the global {what!r}",
    refs.MUTATION: "changes the module-level {what!r}",
    refs.MODULE: "sets {what!r} of an imported module",
    refs.SETTINGS: "changes the settings: {what!r}",
    refs.CLASS: "changes {what!r}, which the class holds",
    refs.TASK: "keeps {what!r} on the task's instance, which all its runs in a process have",
    refs.DEFAULT: "changes the default of its argument {what!r}, which all calls have",
    refs.CLOSURE: "changes {what!r} of the function around it, which all calls have",
    refs.FUNCTION: "keeps {what!r} on a function",
    refs.ENVIRONMENT: "changes {what}, for the whole process",
    refs.CACHE: "keeps what {what!r} returned",
}


def check(looked: Looked) -> Iterator[CodeFinding]:
    """Yield the changes of shared state that no lock is around, as far as is seen or declared."""
    finder = StateFinder(looked.survey.project)
    for shared in finder.run(looked.survey.tasks):
        if shared.effect.guard is None:
            tasks = [name for name in shared.tasks if not _declared(looked, name)]
            if tasks:
                yield _judge(looked, shared, tasks)


def _declared(looked: Looked, name: str) -> bool:
    """Whether the file says that the task uses what a lock is for, or the memory of its process.

    Rules of its own judge the latter.
    """
    task = looked.topology.tasks.get(name)
    resources = looked.topology.resources
    used = [] if task is None else [resources[one] for one in task.uses if one in resources]
    return any(one.lock or one.kind == "process-memory" for one in used)


def _judge(looked: Looked, shared: Shared, tasks: list[str]) -> CodeFinding:
    effect = shared.effect
    workers = dict.fromkeys(worker for name in tasks for worker in looked.where(name).workers)
    by_name = looked.topology.workers
    racing = [name for name in workers if _races(looked, by_name[name])]
    copies = [name for name in workers if _processes(looked, by_name[name]) != 1]
    who = f"task {tasks[0]!r}" + (f" (and {len(tasks) - 1} more)" if len(tasks) > 1 else "")
    change = _WHAT[effect.kind].format(what=effect.what)
    severity, outcome = WARNING, ""
    if racing:
        outcome = _of(looked, racing[0], "its tasks run at the same time and race on it")
        if effect.lazy:
            outcome = _of(looked, racing[0], "tasks that run at the same time may fill it twice")
    elif copies:
        outcome = _of(looked, copies[0], "each process has its own, which the others do not see")
        severity = INFO if effect.lazy else WARNING
    elif workers:
        severity = INFO
        outcome = _of(
            looked,
            next(iter(workers)),
            "fine as long as it is one process that runs one task at a time",
        )
    else:
        severity, outcome = INFO, "no worker is known to run it"
    if effect.kind == refs.CACHE:
        severity = INFO
    named = (racing or copies or list(workers))[:1]
    return finding(
        "shared-state",
        f"{who} {change}: {outcome}",
        effect.spot,
        help=_help(racing=bool(racing), kind=effect.kind),
        severity=severity,
        related=tuple(("this worker runs it", At(("workers", one), "table")) for one in named),
    )


def _help(*, racing: bool, kind: str) -> str:
    if kind == refs.CACHE:
        return "give it a limit and an age, or keep it in a cache that all processes have"
    if kind in (refs.MODULE, refs.SETTINGS, refs.ENVIRONMENT):
        return "set it once, before the worker starts, or hand it on in the call"
    if racing:
        return "put a lock around it, keep it in a database or a cache, or in the call"
    return "keep it in a database or a cache, or in the call"


def _of(looked: Looked, name: str, outcome: str) -> str:
    return f"on worker {name!r} ({looked.topology.workers[name].pool}) {outcome}"


def _cores(looked: Looked, worker: Worker) -> int | None:
    machine = looked.topology.machines.get(worker.machine or "")
    return None if machine is None or machine.cpus is None else max(int(machine.cpus), 1)


def _slots(looked: Looked, worker: Worker) -> int | None:
    return worker.capacity or _cores(looked, worker)


def _races(looked: Looked, worker: Worker) -> bool:
    return worker.pool in SHARING and _slots(looked, worker) != 1


def _processes(looked: Looked, worker: Worker) -> int:
    """Return how many processes run a worker's tasks; without a size there is one for each core."""
    each = _slots(looked, worker) if worker.pool == "prefork" else 1
    return worker.replicas * (2 if each is None else each)
