"""`[[tests]]` run: every task of each, with the reasons where it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.routing.call import Call
from qtopo.routing.expectations import judge
from qtopo.routing.route import route
from qtopo.topology.common import EMPTY
from qtopo.topology.raw import thaw
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.topology.finding import Path
    from qtopo.topology.tests import Case, CaseCall, DecoratorOptions
    from qtopo.topology.topology import Topology

_PLAIN = ("queue", "exchange", "routing_key", "priority")


class Check(NamedTuple):
    """One test of one task, not run yet; `path` is that of the test."""

    name: str
    task: str
    path: Path
    case: Case

    def reasons(self, topology: Topology) -> list[str]:
        """Return why it fails; nothing where it passes."""
        routed = route(topology, self.task, call(self.case, self.task))
        return judge(routed, self.case.expect, topology)


def checks(topology: Topology) -> Iterator[Check]:
    """Yield the tests of a file in its order, one for each task."""
    for index, case in enumerate(topology.tests):
        for task in case.tasks:
            yield Check(title(case, task), task, ("tests", index), case)


def title(case: Case, task: str) -> str:
    """Return what a test is called: by its name, else by the task and the call."""
    if case.name:
        return case.name if len(case.tasks) == 1 else f"{case.name} [{task}]"
    options = [] if case.call is None else list(_said(case.call))
    return f"{task} ({', '.join(options)})" if options else task


def _said(sent: CaseCall) -> Iterator[str]:
    """Yield the options of a call in short; headers may hold what nobody is to read."""
    for key in _PLAIN:
        if getattr(sent, key) is not None:
            yield f"{key} {getattr(sent, key)!r}"
    if sent.countdown is not None:
        yield f"countdown {format_duration(sent.countdown)}"
    if sent.headers:
        yield f"headers {', '.join(map(repr, sent.headers))}"
    if sent.decorator is not None:
        yield "decorator"
    if sent.registered is not None:
        yield "registered" if sent.registered else "not registered"


def call(case: Case, task: str) -> Call | None:
    """Return how a test sends a task; None where it says nothing of it."""
    sent = case.call
    if sent is None:
        return None
    options = _options(sent)
    if sent.countdown is not None:
        options["countdown"] = sent.countdown
    if sent.headers:
        options["headers"] = thaw(sent.headers)
    decorator = EMPTY if sent.decorator is None else _options(sent.decorator)
    return Call(task, options=options, decorator=decorator, registered=sent.known)


def _options(said: DecoratorOptions) -> dict[str, Any]:
    return {key: getattr(said, key) for key in _PLAIN if getattr(said, key) is not None}
