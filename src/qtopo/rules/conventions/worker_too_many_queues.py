"""The rule `worker-too-many-queues`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from qtopo.rules.base import Option, Rule
from qtopo.topology.common import POSITIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class WorkerTooManyQueues(Rule):
    """A worker consumes more queues than was agreed on.

    ## Why is this bad?

    A worker takes from its queues in turn and has one pool for all of them: each
    queue more is one more that can fill the pool while the others wait. The rule
    is silent until a maximum is set.

    ## Example

    ```toml
    [lint.rules.worker-too-many-queues]
    max = 2

    [queues.celery]
    [queues.emails]
    [queues.reports]

    [workers.main]
    queues = ["celery", "emails", "reports"]
    ```

    ## Use instead

    ```toml
    [lint.rules.worker-too-many-queues]
    max = 2

    [queues.celery]
    [queues.emails]
    [queues.reports]

    [workers.main]
    queues = ["celery", "emails"]

    [workers.reports]
    queues = ["reports"]
    ```

    ## Versions

    Any.

    ## Source

    A convention of your own.
    """

    name = "worker-too-many-queues"
    code = "QT951"
    severity = "warning"
    options = MappingProxyType({"max": Option(POSITIVE, "The largest number of queues.")})

    def check(self, context: Context) -> Iterator[Finding]:
        """Count the queues of each worker."""
        most = context.option(self, "max")
        if most is None:
            return
        for name, worker in context.topology.workers.items():
            count = len(dict.fromkeys(worker.queues))
            if count > most:
                yield self.finding(
                    f"worker {name!r} consumes {count} queues, more than the {most} agreed on",
                    ("workers", name, "queues"),
                    help="spread them over several workers",
                )
