"""The rule `scale-without-autoscaler`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


SCALING = frozenset({"kubernetes"})


class ScaleWithoutAutoscaler(Rule):
    """A worker has a `scale`, and no platform in use has an autoscaler.

    ## Why is this bad?

    supervisor, systemd, compose and a Procfile start a fixed number of processes: the
    worker has as many as `replicas` says, whatever waits in its queues.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    shutdown = { drain = "5m" }
    scale = { min = 2, max = 8 }

    [deploy]
    targets = ["supervisor"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    shutdown = { drain = "5m" }
    replicas = 4

    [deploy]
    targets = ["supervisor"]
    ```

    ## Versions

    Any.

    ## Source

    Read in the documentation of supervisor 4.3, systemd 252, honcho 2.0 and compose.
    """

    name = "scale-without-autoscaler"
    code = "QT982"
    severity = "warning"
    needs = ("deploy.targets",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for a platform that scales."""
        deploy = context.topology.deploy
        if deploy is None or not deploy.targets or SCALING.intersection(deploy.targets):
            return
        for name, worker in context.topology.workers.items():
            if worker.scale is not None:
                yield self.finding(
                    f"the scale of worker {name!r} has no effect: none of the platforms in use "
                    f"({', '.join(deploy.targets)}) has an autoscaler",
                    ("workers", name, "scale"),
                    help="say how many processes there are with 'replicas'",
                    related=[("the platforms in use", ("deploy", "targets"))],
                )
