"""The rule `near-miss-task`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references.lookup import PARTS
from qtopo.topology.finding import At, put
from qtopo.topology.misspelling import Misspellings
from qtopo.topology.workflows import steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path
    from qtopo.topology.topology import Topology


class NearMissTask(Rule):
    """A task's name is nearly, but not quite, one that is declared.

    ## Why is this bad?

    Celery takes any name: a route for a task that does not exist is never used,
    and a schedule or a workflow that sends one gets `Received unregistered task`
    in the log of a worker, which throws the message away. `[tasks]` need not list
    every task, so only names are reported that differ from a declared one by a
    slip of the keyboard.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.reports.build"]
    duration = "40s"

    [[routes]]
    task = "shop.reports.biuld"
    queue = "celery"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [tasks."shop.reports.build"]
    duration = "40s"

    [[routes]]
    task = "shop.reports.build"
    queue = "celery"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issues lokole#242, oncall#2922.
    """

    name = "near-miss-task"
    code = "QT112"
    severity = "warning"
    needs = PARTS

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare every name that is not declared with those that are."""
        declared = context.topology.tasks
        unknown = [one for one in _named(context.topology) if one[1] and one[1] not in declared]
        if not unknown or not declared:
            return
        known = Misspellings(declared)
        for path, name, subject in unknown:
            meant = known.find(name)
            if meant is not None:
                yield self.finding(
                    f"{subject} {name!r}, which is nearly the declared task {meant!r}",
                    path,
                    help=f"did you mean {meant!r}? if not, declare this one under [tasks]",
                    related=((f"{meant!r} is declared here", At(("tasks", meant), "table")),),
                    # It may be a task of its own, which nothing is known of.
                    fix=put(path, meant, safe=False),
                )


def _named(topology: Topology) -> Iterator[tuple[Path, str, str]]:
    """Yield where the file names one task: key path, name, and what a sentence says before it."""
    for index, route in enumerate(topology.routes):
        if isinstance(route.task, str):
            if "*" not in route.task:
                yield ("routes", index, "task"), route.task, "a route is for"
        elif isinstance(route.task, tuple):
            for place, one in enumerate(route.task):
                if "*" not in one:
                    yield ("routes", index, "task", place), one, "a route is for"
    for name, task in topology.tasks.items():
        for place, one in enumerate(task.waits_for):
            yield ("tasks", name, "waits_for", place), one, f"task {name!r} waits for"
    if topology.beat is not None:
        for name, entry in topology.beat.schedule.items():
            yield ("beat", "schedule", name, "task"), entry.task, f"schedule entry {name!r} sends"
    for name, workflow in topology.workflows.items():
        for path, one in steps(workflow, ("workflows", name)):
            yield path, one, f"workflow {name!r} sends"
