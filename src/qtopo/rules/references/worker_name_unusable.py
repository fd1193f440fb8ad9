"""The rule `worker-name-unusable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class WorkerNameUnusable(Rule):
    """A worker's name does not work as the name of a node.

    ## Why is this bad?

    The worker runs as the node `name@host`. An `@` in the name shifts where the
    host begins; a comma splits it for `celery inspect --destination` and
    `celery control`, which then reach no worker at all.

    ## Example

    ```toml
    [queues.celery]

    [workers."main@eu"]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main-eu]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "worker-name-unusable"
    code = "QT120"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for characters that a node's name cannot have."""
        for name in context.topology.workers:
            for character in "@,":
                if character in name:
                    yield self.finding(
                        f"the name of worker {name!r} has {character!r}, which no node can have",
                        At(("workers", name), "key"),
                        help="name it without",
                    )
                    break
