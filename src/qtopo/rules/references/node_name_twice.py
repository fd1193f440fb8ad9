"""The rule `node-name-twice`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class NodeNameTwice(Rule):
    """Two workers run under the same node name.

    ## Why is this bad?

    A worker with several replicas runs as `name-1`, `name-2` and so on. Where
    another worker has one of these names, two processes on a machine call
    themselves the same: Celery warns of a duplicate node name, answers to remote
    control get mixed up, and files named after the node are overwritten.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    replicas = 2

    [workers.main-1]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    replicas = 2

    [workers.extra]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Read in the source of Celery 5.7.0. Issues celery#2938, airflow#58591, clp#2269.
    """

    name = "node-name-twice"
    code = "QT122"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the names of workers with those of replicas."""
        workers = context.topology.workers
        for name, worker in workers.items():
            base, _, number = name.rpartition("-")
            other = workers.get(base)
            if other is None or worker.replicas != 1 or other.replicas < 2:
                continue
            if number not in _numbers(other.replicas):
                continue
            if worker.machine and other.machine and worker.machine != other.machine:
                # The host is a part of the node's name.
                continue
            yield self.finding(
                f"worker {name!r} has the node name of replica {number} of worker {base!r}",
                At(("workers", name), "key"),
                help="give it a name that does not end in a number",
                related=(("this worker has several replicas", ("workers", base, "replicas")),),
            )


def _numbers(replicas: int) -> set[str]:
    return {str(one) for one in range(1, replicas + 1)}
