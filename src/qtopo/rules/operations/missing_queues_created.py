"""The rule `missing-queues-created`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class MissingQueuesCreated(Rule):
    """Celery may create queues that the file does not declare.

    ## Why is this bad?

    A task that is sent with `apply_async(queue=...)` to a name that is misspelt, or
    that was renamed here, makes a new queue of that name, which no worker consumes.
    Nothing fails: the tasks wait for ever. Without it Celery raises `QueueNotFound`
    where the task is sent.

    ## Example

    ```toml
    [defaults]
    create_missing_queues = true

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [defaults]
    create_missing_queues = false

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0: the route `hgih` went to a queue made for it, and with
    `task_create_missing_queues = False` to `QueueNotFound`.
    """

    name = "missing-queues-created"
    code = "QT907"
    severity = "info"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the switch."""
        if context.topology.defaults.create_missing_queues:
            yield self.finding(
                "a queue's name that is misspelt where a task is sent makes a queue "
                "that nobody consumes",
                ("defaults", "create_missing_queues"),
                help="declare every queue, and leave this out",
            )
