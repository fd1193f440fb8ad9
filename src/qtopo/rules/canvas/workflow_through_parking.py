"""The rule `workflow-through-parking`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import PLACING, place
from qtopo.topology.workflows import steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class WorkflowThroughParking(Rule):
    """A step of a workflow goes to a queue that nobody consumes on purpose.

    ## Why is this bad?

    With `parking = true` messages wait for a person. The step is never run, and neither
    is what comes after it: the chain stops, the chord's body never gets its results.

    ## Example

    ```toml
    [queues.celery]
    [queues.review]
    parking = true

    [[routes]]
    task = "shop.review"
    queue = "review"

    [workflows.checkout]
    chain = ["shop.charge", "shop.review", "shop.confirm"]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.review]

    [[routes]]
    task = "shop.review"
    queue = "review"

    [workflows.checkout]
    chain = ["shop.charge", "shop.review", "shop.confirm"]

    [workers.main]
    queues = ["celery", "review"]
    ```

    ## Versions

    Any.

    ## Source

    Celery's user guide, "Canvas": a step is sent when the one before it is done.
    """

    name = "workflow-through-parking"
    code = "QT722"
    severity = "error"
    needs = (*PLACING, "workflows.*", "workers.*.queues", "workers.*.replicas", "queues.*.parking")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look where each step of each workflow lands."""
        topology = context.topology
        parking = {name for name, queue in topology.queues.items() if queue.parking}
        if not parking:
            return
        for name, workflow in topology.workflows.items():
            for path, task in steps(workflow, ("workflows", name)):
                placement = place(context, task)
                if placement is None or placement.workers or not placement.queues:
                    continue
                if parking.issuperset(placement.queues):
                    queue = placement.queues[0]
                    yield self.finding(
                        f"workflow {name!r} stops at {task!r}: it goes to queue {queue!r}, "
                        "where messages wait for a person",
                        path,
                        help="route it to a queue that a worker consumes",
                        related=[("nobody consumes it", ("queues", queue, "parking"))],
                    )
