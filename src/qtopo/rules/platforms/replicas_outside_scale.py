"""The rule `replicas-outside-scale`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ReplicasOutsideScale(Rule):
    """A worker has another number of replicas than its `scale` allows.

    ## Why is this bad?

    Where an autoscaler runs it goes by `scale`, and `replicas` is not written at all;
    every other platform starts `replicas` processes. The two say different things about
    how many there are: with `replicas = 0` the worker is switched off in one place and
    runs in the other.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    replicas = 12
    scale = { min = 2, max = 8 }
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    replicas = 4
    scale = { min = 2, max = 8 }
    ```

    ## Versions

    Any.

    ## Source

    Read in the sources of qtopo's targets: with a scale, Kubernetes is told no replicas.
    """

    name = "replicas-outside-scale"
    code = "QT981"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the number in the range; a worker with one replica says nothing of it."""
        for name, worker in context.topology.workers.items():
            scale, replicas = worker.scale, worker.replicas
            if scale is None or None in (scale.min, scale.max, replicas) or scale.min > scale.max:
                continue
            if replicas != 1 and not scale.min <= replicas <= scale.max:
                yield self.finding(
                    f"worker {name!r} has {replicas} replicas, and is scaled from {scale.min} to "
                    f"{scale.max}",
                    ("workers", name, "replicas"),
                    help="say a number within the range, or leave replicas out",
                    related=[("its range", ("workers", name, "scale"))],
                )
