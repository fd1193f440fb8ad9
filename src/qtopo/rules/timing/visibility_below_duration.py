"""The rule `visibility-below-duration`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.timing.runtime import acks_late, longest
from qtopo.rules.timing.visibility import PATH, visibility
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path


class VisibilityBelowDuration(Rule):
    """A task that is acknowledged late runs for longer than the broker waits.

    ## Why is this bad?

    With `acks_late` the message stays unacknowledged while the task runs. When the
    visibility timeout of Redis or SQS is over the broker gives it to another worker,
    while the first still works on it.

    ## Example

    ```toml
    [broker]
    transport = "redis"

    [queues.celery]

    [tasks."shop.report"]
    acks_late = true
    time_limit = "2h"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "redis"
    options = { visibility_timeout = "3h" }

    [queues.celery]

    [tasks."shop.report"]
    acks_late = true
    time_limit = "2h"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Redis (an hour by default) and SQS (half an hour).

    ## Source

    Issues celery#5935, celery#5306, pretix#2058, unstract#1150.
    """

    name = "visibility-below-duration"
    code = "QT601"
    severity = "error"
    needs = ("broker.transport", "broker.options", "tasks.*.acks_late", "tasks.*.time_limit")

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare run times with the timeout."""
        timeout = visibility(context.topology.broker)
        if timeout is None:
            return
        related: list[tuple[str, Path]] = (
            [("the timeout is set here", PATH)] if timeout.given else []
        )
        for name, task in context.topology.tasks.items():
            run = longest(task)
            if run is not None and run.seconds > timeout.seconds and acks_late(context, task):
                yield self.finding(
                    f"task {name!r} is acknowledged late and {run.words} for "
                    f"{format_duration(run.seconds)}, "
                    f"longer than {timeout.words}: it runs more than once",
                    run.path,
                    help="raise visibility_timeout in [broker.options]",
                    related=related,
                )
