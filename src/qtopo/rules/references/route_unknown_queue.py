"""The rule `route-unknown-queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references.lookup import declared, missing
from qtopo.rules.senders import route_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class RouteUnknownQueue(Rule):
    """A route names a queue that is not declared.

    ## Why is this bad?

    Celery looks the name up when a task is sent, not when it starts. It then
    raises `QueueNotFound` in whoever sends the task; or, where it may create
    missing queues, it makes one that no worker consumes, and the tasks pile up
    unseen.

    ## Example

    ```toml
    [queues.celery]
    [queues.emails]

    [[routes]]
    task = "shop.emails.*"
    queue = "email"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.emails]

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issues celery#6692, packit#2365.
    """

    name = "route-unknown-queue"
    code = "QT101"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the queue of each route."""
        queues = context.topology.queues
        if not declared(context, "queues"):
            return
        for index, route in enumerate(context.topology.routes):
            if route.queue and route.queue not in queues:
                at = ("routes", index, "queue")
                yield missing(self, route_label(route), "queues", route.queue, queues, at)
