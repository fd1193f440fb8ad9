"""The rule `autoscale-reversed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.finding import At, Edit, Fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class AutoscaleReversed(Rule):
    """The least of `autoscale` is more than its most.

    ## Why is this bad?

    The two were exchanged, or one of them is wrong. Celery sorts them without a
    word, so that the worker grows to a size nobody meant.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    autoscale = { min = 8, max = 2 }
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    autoscale = { min = 2, max = 8 }
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "autoscale-reversed"
    code = "QT502"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the two."""
        for name, worker in context.topology.workers.items():
            scale = worker.autoscale
            if scale is None or scale.min is None or scale.max is None:
                continue
            path = ("workers", name, "autoscale")
            if scale.min > scale.max:
                yield self.finding(
                    f"worker {name!r} scales from {scale.min} to {scale.max}: min is more than max",
                    (*path, "min"),
                    help=f"write {{ min = {scale.max}, max = {scale.min} }} if that is what is "
                    "meant",
                    fix=Fix(
                        "exchange min and max",
                        (Edit(At((*path, "min")), scale.max), Edit(At((*path, "max")), scale.min)),
                        safe=False,
                    ),
                )
