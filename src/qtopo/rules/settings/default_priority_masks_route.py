"""The rule `default-priority-masks-route`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.settings.overrides import DEFAULT_PRIORITY, masks_routes
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class DefaultPriorityMasksRoute(Rule):
    """`task_default_priority` beats the priority of every route.

    ## Why is this bad?

    Celery gives the default priority to each task it knows when the application
    starts. By the time a task is sent it looks like a priority of its own, which
    goes over that of its route: all tasks travel with the same one. qtopo leaves
    the setting out of what it writes, so that the routes hold.

    ## Example

    ```toml
    [settings]
    task_default_priority = 4

    [queues.celery]
    max_priority = 9

    [[routes]]
    task = "shop.urgent.*"
    queue = "celery"
    priority = 9

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    A task without a priority counts as 4 as it is.

    ```toml
    [queues.celery]
    max_priority = 9

    [[routes]]
    task = "shop.urgent.*"
    queue = "celery"
    priority = 9

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issues celery#7516, dannyvfilms/Floppy#689.
    """

    name = "default-priority-masks-route"
    code = "QT154"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the setting beside priorities of routes."""
        topology = context.topology
        if DEFAULT_PRIORITY in topology.settings and masks_routes(topology, DEFAULT_PRIORITY):
            first = next(
                index for index, route in enumerate(topology.routes) if route.priority is not None
            )
            yield self.finding(
                f"setting {DEFAULT_PRIORITY!r} goes over the priority of every route",
                At(("settings", DEFAULT_PRIORITY), "key"),
                help="take it out: a task without a priority counts as 4",
                related=(("such as this one", ("routes", first, "priority")),),
            )
