"""The rule `builtin-route-unused`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

NEVER = {
    "celery.chunks": 'the parts go out as celery.starmap: write task = "celery.starmap"',
    "celery.map": "it is routed by the name of the task inside it: route that one",
    "celery.group": "its tasks are sent one by one: route those",
    "celery.chain": "its tasks are sent one by one: route those",
    "celery.chord": "its tasks are sent one by one: route those",
}


class BuiltinRouteUnused(Rule):
    """A route is for one of Celery's own tasks that is never looked up.

    ## Why is this bad?

    Chains, groups and chords send the tasks in them, never a task of their own name.
    `map()` and `starmap()` are routed by the name of the task inside. `chunks()` sends
    `celery.starmap`, by that name: without a route for it the parts go to the default
    queue, whatever the route of the task inside says.

    ## Example

    ```toml
    [queues.celery]
    [queues.bulk]

    [[routes]]
    task = "celery.chunks"
    queue = "bulk"

    [[routes]]
    task = "shop.import"
    queue = "bulk"

    [workers.main]
    queues = ["celery", "bulk"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.bulk]

    [[routes]]
    task = ["celery.starmap", "shop.import"]
    queue = "bulk"

    [workers.main]
    queues = ["celery", "bulk"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0: which name the router is asked for.
    """

    name = "builtin-route-unused"
    code = "QT720"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the names in routes and tasks."""
        for index, route in enumerate(context.topology.routes):
            listed = isinstance(route.task, tuple)
            texts = route.task if isinstance(route.task, tuple) else (route.task,)
            for position, text in enumerate(texts):
                if isinstance(text, str) and text in NEVER:
                    at = ("routes", index, "task")
                    yield self.finding(
                        f"Celery never asks where {text!r} goes",
                        (*at, position) if listed else at,
                        help=NEVER[text],
                    )
        for name, way_out in NEVER.items():
            task = context.topology.tasks.get(name)
            if task is not None and task.queue:
                yield self.finding(
                    f"Celery never asks where {name!r} goes",
                    ("tasks", name, "queue"),
                    help=way_out,
                )
