"""The rule about queues that nothing is sent to: no task, no call, no schedule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.code.findings import CodeFinding, finding
from qtopo.code.index import UNTOLD
from qtopo.topology.finding import At
from qtopo.topology.patterns import compile_glob
from qtopo.topology.routes import Regex
from qtopo.topology.workflows import steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.code.looked import Looked
    from qtopo.topology.routes import Route

_ROUTING = ("queue", "exchange", "routing_key")


def check(looked: Looked) -> Iterator[CodeFinding]:
    """Yield the queues that nothing of the project goes to; silent where a queue is computed."""
    if not looked.survey.tasks or _computed(looked):
        return
    topology = looked.topology
    used = set(_used(looked))
    for name, queue in topology.queues.items():
        if name in used or queue.parking or _is_fed(looked, name):
            continue
        yield finding(
            "queue-without-sender",
            f"nothing of the project is sent to queue {name!r}: no task, no call and no schedule "
            "entry names it or is routed to it",
            At(("queues", name), "table"),
            help="remove it, or route to it what is meant for it; other projects are not seen",
        )


def _computed(looked: Looked) -> bool:
    """Whether anything is sent to a queue that the text does not tell."""
    options = [
        *(one.options for one in looked.survey.tasks),
        *(one.options for one in looked.survey.calls),
    ]
    return any(one.get(key) is UNTOLD for one in options for key in _ROUTING)


def _used(looked: Looked) -> Iterator[str]:
    topology, survey = looked.topology, looked.survey
    yield topology.default_queue
    names = {*looked.names(), *topology.tasks}
    for workflow in topology.workflows.values():
        names.update(task for _, task in steps(workflow, ()))
    for name in names:
        yield from looked.where(name).delivered_to
    for call in survey.calls:
        if call.task:
            yield from looked.where(call.task, call.options).delivered_to
        elif isinstance(call.options.get("queue"), str):
            yield call.options["queue"]
    for entry in topology.beat.schedule.values() if topology.beat else ():
        if entry.task:
            given = {} if entry.queue is None else {"queue": entry.queue}
            yield from looked.where(entry.task, given).delivered_to
    for one in survey.app.entries if survey.app else ():
        yield from looked.where(one.task, {"queue": one.queue}).delivered_to
    for route in topology.routes:
        for name in _unseen(looked, route):
            yield from looked.where(name).delivered_to
            if route.queue:
                yield route.queue


def _unseen(looked: Looked, route: Route) -> Iterator[str]:
    """Yield the patterns of a route that are for tasks of other packages, as far as it looks."""
    if isinstance(route.task, Regex):
        yield str(route.task.regex)
        return
    for text in (route.task,) if isinstance(route.task, str) else route.task or ():
        top = re.split(r"[.*?\[]", text, maxsplit=1)[0]
        if top in looked.tops:
            continue
        if "*" not in text or not any(map(compile_glob(text)[1], looked.names())):
            yield text


def _is_fed(looked: Looked, name: str) -> bool:
    """Whether messages come by another way: a dead letter, an alternate or bound exchange."""
    wiring, topology = looked.topology.wiring, looked.topology
    homes = {one.exchange for one in wiring.bindings.get(name, ())}
    others = {queue.dead_letter.exchange for queue in topology.queues.values() if queue.dead_letter}
    others |= {one.alternate for one in topology.exchanges.values() if one.alternate}
    others |= {
        bound.binding.exchange
        for some in wiring.bound.values()
        for bound in some
        if bound.kind == "exchange" and bound.name in homes
    }
    return bool(homes & others) or bool(others & {name, ""})
