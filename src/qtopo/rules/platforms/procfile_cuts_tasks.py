"""The rule `procfile-cuts-tasks`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.deploy import PROCFILE_GRACE, PROCFILE_SOFT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ProcfileCutsTasks(Rule):
    """A Procfile's manager kills running tasks of a worker when it stops.

    ## Why is this bad?

    honcho stops with a SIGTERM to the whole process group. The processes of a prefork
    pool die of it at once, and the tasks that they run are lost, with `acks_late` too.
    Other pools get five seconds from the moment when the first process has left. Only a
    soft shutdown of three seconds or less fits: it gives back to the queue what has
    `acks_late`.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]

    [deploy]
    targets = ["procfile"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    shutdown = { soft = "2s" }

    [deploy]
    targets = ["procfile"]
    ```

    ## Versions

    Any.

    ## Source

    Read in the source of honcho 2.0.0, and measured on it with Celery 5.7.0.
    """

    name = "procfile-cuts-tasks"
    code = "QT983"
    severity = "warning"
    needs = ("deploy.targets", "workers.*.shutdown")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for workers that are not done by then."""
        deploy = context.topology.deploy
        if deploy is None or "procfile" not in deploy.targets:
            return
        at = deploy.targets.index("procfile")
        for name, worker in context.topology.workers.items():
            soft = worker.shutdown.soft if worker.shutdown is not None else None
            if worker.replicas == 0 or (soft is not None and soft <= PROCFILE_SOFT):
                continue
            if worker.shutdown is not None and not (soft or worker.shutdown.drain):
                continue
            when = "at once" if worker.pool == "prefork" else f"after {PROCFILE_GRACE} s"
            given = worker.shutdown is not None
            yield self.finding(
                f"honcho kills what worker {name!r} runs {when} when it stops",
                ("workers", name, "shutdown") if given else ("workers", name),
                help='say shutdown = { soft = "2s" } and give its tasks acks_late, or leave '
                "procfile out of the platforms where that does not matter",
                related=[("the platform is in use", ("deploy", "targets", at))],
            )
