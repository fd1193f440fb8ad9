"""The rule `task-unknown-resource`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references.lookup import declared, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class TaskUnknownResource(Rule):
    """A task uses a resource that is not declared.

    ## Why is this bad?

    What a resource is, and what serialises access to it, decides whether tasks
    may run side by side. Of a name alone nothing is known, so that a race between
    workers stays hidden.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.carts.lock"]
    uses = ["cart"]

    [resources.carts]
    kind = "database"
    lock = "row"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [tasks."shop.carts.lock"]
    uses = ["carts"]

    [resources.carts]
    kind = "database"
    lock = "row"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    A contradiction in the file itself: no broker is asked.
    """

    name = "task-unknown-resource"
    code = "QT111"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the resources of each task."""
        resources = context.topology.resources
        if not declared(context, "resources"):
            return
        for name, task in context.topology.tasks.items():
            for index, resource in enumerate(task.uses):
                if resource and resource not in resources:
                    at = ("tasks", name, "uses", index)
                    yield missing(self, f"task {name!r}", "resources", resource, resources, at)
