"""The rule `waits-without-backend`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.canvas.chords import chords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class WaitsWithoutBackend(Rule):
    """A task waits for results, and there is no result backend.

    ## Why is this bad?

    Without one `get()` raises `NotImplementedError`: the task fails each time it gets
    there.

    ## Example

    ```toml
    [queues.celery]
    [queues.charts]

    [tasks."shop.report"]
    waits_for = ["shop.chart"]

    [tasks."shop.chart"]
    queue = "charts"

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

    Measured on Celery 5.7.0.
    """

    name = "waits-without-backend"
    code = "QT705"
    severity = "error"
    needs = ("results", "include")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the first task that waits, where there are no results."""
        topology = context.topology
        if topology.results is not None and topology.results.kind != "disabled":
            return
        waiting = [name for name, task in topology.tasks.items() if task.waits_for]
        # One backend that is missing is one mistake: a chord says so where there is one.
        if waiting and next(chords(topology), None) is None:
            more = f" (and {len(waiting) - 1} more)" if len(waiting) > 1 else ""
            yield self.finding(
                f"task {waiting[0]!r} waits for results{more}, and there is no result backend",
                ("tasks", waiting[0], "waits_for"),
                help="declare one: [results]",
            )
