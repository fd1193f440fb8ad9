"""The rule `scale-reversed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.finding import At, Edit, Fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ScaleReversed(Rule):
    """The least of `scale` is more than its most.

    ## Why is this bad?

    The two were exchanged, or one of them is wrong. An autoscaler refuses such a range,
    or takes it for something nobody meant.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    scale = { min = 8, max = 2 }
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    scale = { min = 2, max = 8 }
    ```

    ## Versions

    Any.

    ## Source

    Read in the reference of KEDA 2.21 and of the HorizontalPodAutoscaler: the most is not less
    than the least.
    """

    name = "scale-reversed"
    code = "QT980"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the two."""
        for name, worker in context.topology.workers.items():
            scale = worker.scale
            if scale is None or scale.min is None or scale.max is None or scale.min <= scale.max:
                continue
            path = ("workers", name, "scale")
            yield self.finding(
                f"worker {name!r} is scaled from {scale.min} to {scale.max}: min is more than max",
                (*path, "min"),
                help=f"write {{ min = {scale.max}, max = {scale.min} }} if that is what is meant",
                fix=Fix(
                    "exchange min and max",
                    (Edit(At((*path, "min")), scale.max), Edit(At((*path, "max")), scale.min)),
                    safe=False,
                ),
            )
