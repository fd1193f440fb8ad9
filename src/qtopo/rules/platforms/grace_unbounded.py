"""The rule `grace-unbounded`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.compiler.shutdown import UNBOUNDED, stopping
from qtopo.rules.base import Rule
from qtopo.rules.placement import PLACING, placed
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


COUNTING = ("supervisor", "compose", "kubernetes")
"""systemd can be told to wait for ever; honcho cannot be told anything."""


class GraceUnbounded(Rule):
    """A platform needs to be told how long a worker may take to stop, and nothing bounds it.

    ## Why is this bad?

    Without a hard time limit a task may run for any time. The platform is told a day: a
    node that is drained, a rollout or a restart may wait so long for a task that hangs.
    A shorter time cuts off what still runs.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]

    [deploy]
    targets = ["supervisor"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    time_limit = "10m"

    [workers.main]
    queues = ["celery"]

    [deploy]
    targets = ["supervisor"]
    ```

    ## Versions

    Any.

    ## Source

    Read in the documentation of supervisor 4.3, compose and Kubernetes: stopwaitsecs,
    stop_grace_period and terminationGracePeriodSeconds are numbers.
    """

    name = "grace-unbounded"
    code = "QT984"
    severity = "warning"
    needs = (
        *PLACING,
        "deploy.targets",
        "settings",
        "tasks.*",
        "beat.schedule",
        "workers.*.shutdown",
    )

    def check(self, context: Context) -> Iterator[Finding]:
        """Work out the grace of each worker."""
        deploy = context.topology.deploy
        counting = [] if deploy is None else [one for one in deploy.targets if one in COUNTING]
        if not counting:
            return
        reach = {
            task.name: placement.queues
            for task, placement in placed(context, "time_limit", "duration")
        }
        for name, worker in context.topology.workers.items():
            if worker.queues is None or not (worker.replicas or worker.scale):
                continue
            if stopping(context.topology, worker, reach).grace is None:
                yield self.finding(
                    f"nothing bounds how long worker {name!r} takes to stop: {counting[0]} is told "
                    f"{format_duration(UNBOUNDED)}",
                    ("workers", name),
                    help="give its tasks a time_limit, or all tasks one with task_time_limit in "
                    '[settings], or say shutdown = { drain = "15m" }',
                    related=[("the platform is in use", ("deploy", "targets"))],
                )
