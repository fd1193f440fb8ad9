"""The rule `visibility-below-delay`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.timing.visibility import PATH, visibility
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path


class VisibilityBelowDelay(Rule):
    """A task is delayed for longer than the broker waits for its acknowledgement.

    ## Why is this bad?

    On Redis and SQS a worker holds a delayed task, unacknowledged, until it is due.
    When the visibility timeout is over the broker gives it to another worker, which
    holds it too: in the end it runs several times.

    ## Example

    ```toml
    [broker]
    transport = "redis"

    [queues.celery]

    [tasks."shop.remind"]
    max_delay = "2h"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "redis"
    options = { visibility_timeout = "3h" }

    [queues.celery]

    [tasks."shop.remind"]
    max_delay = "2h"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Redis (an hour by default) and SQS (half an hour).

    ## Source

    Celery's documentation, Using Redis. Issues kombu#337, celery#2599, celery#4766,
    notifications-api#4228.
    """

    name = "visibility-below-delay"
    code = "QT600"
    severity = "error"
    needs = ("broker.transport", "broker.options")

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare delays with the timeout."""
        timeout = visibility(context.topology.broker)
        if timeout is None:
            return
        related: list[tuple[str, Path]] = (
            [("the timeout is set here", PATH)] if timeout.given else []
        )
        for name, task in context.topology.tasks.items():
            if task.max_delay is not None and task.max_delay > timeout.seconds:
                yield self.finding(
                    f"task {name!r} is delayed for up to {format_duration(task.max_delay)}, "
                    f"longer than {timeout.words}: it runs more than once",
                    ("tasks", name, "max_delay"),
                    help="raise visibility_timeout in [broker.options], or let beat send it when "
                    "it is due",
                    related=related,
                )
