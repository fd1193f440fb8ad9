"""The rule `prefetch-unlimited`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

SETTING = "worker_prefetch_multiplier"


class PrefetchUnlimited(Rule):
    """Workers reserve every message there is.

    ## Why is this bad?

    A `worker_prefetch_multiplier` of 0 does not mean that nothing is reserved, but that
    nothing bounds it: the first worker takes the whole queue into its memory, others
    idle, and priorities have no effect on what it already has.

    ## Example

    ```toml
    [settings]
    worker_prefetch_multiplier = 0

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [settings]
    worker_prefetch_multiplier = 1

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0; issue celery#2788.
    """

    name = "prefetch-unlimited"
    code = "QT533"
    severity = "warning"
    needs = ("workers.*.prefetch_multiplier",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the setting, and whether a worker goes by it."""
        multiplier = context.topology.settings.get(SETTING)
        if type(multiplier) is not int or multiplier != 0:
            return
        worker = next(
            (
                name
                for name, worker in context.topology.workers.items()
                if worker.prefetch_multiplier is None and worker.replicas
            ),
            None,
        )
        if worker is not None:
            yield self.finding(
                "0 is no limit: a worker that says nothing else reserves all messages there are",
                ("settings", SETTING),
                help="1 reserves the least",
                related=[(f"worker {worker!r} says nothing else", ("workers", worker))],
            )
