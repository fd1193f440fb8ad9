"""The rule `waits-for-ignored-result`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class WaitsForIgnoredResult(Rule):
    """A task waits for the result of one that throws it away.

    ## Why is this bad?

    The result never comes: `get()` waits until it times out, or for ever, and holds a
    place of the pool meanwhile.

    ## Example

    ```toml
    [queues.celery]
    [queues.charts]

    [results]
    backend = "redis"
    url = "env:RESULTS"

    [tasks."shop.report"]
    waits_for = ["shop.chart"]

    [tasks."shop.chart"]
    queue = "charts"
    ignore_result = true

    [workers.main]
    queues = ["celery"]

    [workers.charts]
    queues = ["charts"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.charts]

    [results]
    backend = "redis"
    url = "env:RESULTS"

    [tasks."shop.report"]
    waits_for = ["shop.chart"]

    [tasks."shop.chart"]
    queue = "charts"

    [workers.main]
    queues = ["celery"]

    [workers.charts]
    queues = ["charts"]
    ```

    ## Versions

    Any.

    ## Source

    Celery's documentation, Tasks: Ignore results you don't want.
    """

    name = "waits-for-ignored-result"
    code = "QT706"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the tasks that are waited for."""
        tasks = context.topology.tasks
        for name, task in tasks.items():
            for index, awaited in enumerate(task.waits_for):
                other = tasks.get(awaited)
                if other is not None and other.ignore_result:
                    yield self.finding(
                        f"task {name!r} waits for the result of {awaited!r}, which throws it away",
                        ("tasks", name, "waits_for", index),
                        help=f"leave ignore_result of {awaited!r} out, or do not wait for it",
                        related=[("it is thrown away here", ("tasks", awaited, "ignore_result"))],
                    )
