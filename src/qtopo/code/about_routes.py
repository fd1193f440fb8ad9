"""Rules about tasks and their routes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.code.findings import CodeFinding, finding
from qtopo.code.index import UNTOLD
from qtopo.routing.table import table
from qtopo.topology.finding import ERROR, INFO, WARNING, At
from qtopo.topology.patterns import compile_glob
from qtopo.topology.routes import Regex
from qtopo.topology.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.code.looked import Looked
    from qtopo.code.project import Spot
    from qtopo.code.tasks import Task
    from qtopo.topology.finding import Path
    from qtopo.topology.routes import Route

_ROUTING = ("queue", "exchange", "routing_key")


def check(looked: Looked) -> Iterator[CodeFinding]:
    """Yield what is wrong with routes, seen from the tasks, and the other way round."""
    if not looked.survey.tasks:
        return
    yield from _unrouted(looked)
    yield from _unused(looked)
    for task in looked.survey.tasks:
        yield from _decorator(looked, task)


def _unrouted(looked: Looked) -> Iterator[CodeFinding]:
    """Where neither the file nor any decorator routes, all go to one queue on purpose."""
    topology = looked.topology
    if not (
        topology.routes
        or any(one.queue for one in topology.tasks.values())
        or any(one.option("queue") for one in looked.survey.tasks)
    ):
        return
    find = table(topology).find
    directed = _directed(looked)
    for task in looked.survey.tasks:
        told = task.options.get("queue") or task.options.get("exchange")
        if told or task.options.get("name") is UNTOLD or find(task.name).kind != "default":
            continue
        if task.name in directed:
            continue
        yield finding(
            "task-without-route",
            f"no route is for task {task.name!r}: it goes to the default queue "
            f"{topology.default_queue!r}",
            task.spot,
            help="add a route if it is to go elsewhere",
        )


def _directed(looked: Looked) -> set[str]:
    """Return the tasks that are sent, as far as is seen, only with a queue or exchange said."""
    told: set[str] = set()
    untold: set[str] = set()
    for call in looked.survey.calls:
        if call.task is not None and call.method != "retry":
            said = call.options.get("queue") or call.options.get("exchange")
            (told if said else untold).add(call.task)
    entries = looked.topology.beat.schedule.values() if looked.topology.beat else ()
    for entry in entries:
        (told if entry.queue or entry.routing_key else untold).add(entry.task)
    return told - untold


def _unused(looked: Looked) -> Iterator[CodeFinding]:
    for index, route in enumerate(looked.topology.routes):
        for path, pattern, matched in _patterns(looked, route, ("routes", index)):
            if matched:
                continue
            top = re.split(r"[.*?\[]", pattern, maxsplit=1)[0]
            foreign = top == "celery" or top not in looked.tops
            exact = "*" not in pattern and not isinstance(route.task, Regex)
            near = looked.hint(pattern) if exact else None
            if top == "celery" or (exact and foreign and looked.is_foreign(pattern) and not near):
                continue
            yield finding(
                "route-without-task",
                f"the route for {pattern!r} matches no task of the project",
                At(path),
                help=near or "remove it, or mend the name; tasks of other projects are not seen",
                severity=INFO if foreign else WARNING,
            )
    for name, task in looked.topology.tasks.items():
        if task.queue and not looked.has(name) and not looked.is_foreign(name):
            yield finding(
                "route-without-task",
                f"the project has no task {name!r}, which has a queue here",
                At(("tasks", name), "table"),
                help=looked.hint(name),
            )


def _patterns(looked: Looked, route: Route, path: Path) -> Iterator[tuple[Path, str, bool]]:
    """Yield each name or pattern of a route with where it stands, and whether a task matches."""
    if isinstance(route.task, Regex):
        if route.task.regex:
            matches = re.compile(route.task.regex).match
            found = any(matches(name) for name in looked.names())
            yield (*path, "task"), route.task.regex, found
        return
    texts = (route.task,) if isinstance(route.task, str) else route.task or ()
    for place, text in enumerate(texts):
        where: Path = (*path, "task") if isinstance(route.task, str) else (*path, "task", place)
        if "*" in text:
            match = compile_glob(text)[1]
            yield where, text, any(match(name) for name in looked.names())
        elif text:
            yield where, text, looked.has(text)


def _decorator(looked: Looked, task: Task) -> Iterator[CodeFinding]:
    """What a decorator says of routing wins over every route."""
    topology = looked.topology
    queue, exchange = task.option("queue"), task.option("exchange")
    if isinstance(queue, str) and queue and queue not in topology.queues:
        at = task.places.get("queue", task.spot)
        yield unknown_queue(looked, queue, at, f"task {task.name!r} names")
        return
    if isinstance(exchange, str) and exchange and exchange not in topology.wiring.exchanges:
        at = task.places.get("exchange", task.spot)
        yield unknown_exchange(looked, exchange, at, f"task {task.name!r} names")
        return
    decision = table(topology).find(task.name)
    # A route for everything says what holds where nothing else is said.
    if (
        decision.kind == "default"
        or decision.pattern == "*"
        or any(task.options.get(key) is UNTOLD for key in _ROUTING)
    ):
        return
    said = [key for key in (*_ROUTING, "priority") if task.option(key) not in (None, "")]
    if not said:
        return
    real, routed = looked.where(task.name), looked.undecorated(task.name)
    if real.refused or routed.refused:
        return
    instead = ""
    if real.delivered_to != routed.delivered_to:
        goes = repr(queue) if queue else _by(said, task) + _lands(real.delivered_to)
        instead = f"is sent to {goes}, as its decorator says: its route to {routed.queue!r}"
    elif _outranks(real.publish.priority, routed.publish.priority, task):
        said = ["priority"]
        instead = (
            f"is sent with priority {real.publish.priority}, as its decorator says: the "
            f"{routed.publish.priority} of its route"
        )
    if instead:
        yield finding(
            "decorator-beats-route",
            f"task {task.name!r} {instead} counts for nothing",
            task.places.get(said[0], task.spot),
            help=f"take {said[0]}={task.option(said[0])!r} out of the code, or mend the route",
            related=(("the route is here", At(decision.path)),),
        )


def _by(said: list[str], task: Task) -> str:
    return " and ".join(f"{key} {task.option(key)!r}" for key in said if key != "priority")


def _lands(queues: tuple[str, ...]) -> str:
    return f" ({', '.join(map(repr, queues)) or 'no queue gets it'})"


def _outranks(real: int | None, routed: int | None, task: Task) -> bool:
    return task.option("priority") is not None and routed is not None and real != routed


def unknown_queue(looked: Looked, queue: str, at: Spot | At, who: str) -> CodeFinding:
    """Return the finding about a queue that is not declared."""
    created = looked.topology.defaults.create_missing_queues
    ends = "Celery creates it, and no worker consumes it" if created else "Celery refuses to send"
    return finding(
        "unknown-queue-sent",
        f"{who} queue {queue!r}, which is not declared: {ends}",
        at,
        help=did_you_mean(queue, looked.topology.queues) or f"declare it: [queues.{queue}]",
        severity=WARNING if created else ERROR,
    )


def unknown_exchange(looked: Looked, exchange: str, at: Spot, who: str) -> CodeFinding:
    """Return the finding about an exchange that is not declared."""
    return finding(
        "unknown-queue-sent",
        f"{who} exchange {exchange!r}, which is not declared",
        at,
        help=did_you_mean(exchange, looked.topology.wiring.exchanges)
        or "declare it, or name a queue",
    )
