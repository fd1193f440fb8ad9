"""The rule `queue-name-not-selectable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class QueueNameNotSelectable(Rule):
    """A queue's name cannot be given to a worker.

    ## Why is this bad?

    `celery worker -Q` takes its queues with commas between them. A name with a
    comma becomes two queues; with a blank at its start or end it is easily taken
    for another. Either way the worker creates and consumes queues that nothing is
    sent to.

    ## Example

    ```toml
    [queues.celery]
    [queues."emails,sms"]

    [workers.main]
    queues = ["celery", "emails,sms"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.emails-sms]

    [workers.main]
    queues = ["celery", "emails-sms"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "queue-name-not-selectable"
    code = "QT117"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for commas and blanks in the names of queues."""
        for name in context.topology.queues:
            if "," in name:
                problem = "has a comma, which `celery worker -Q` takes for the end of a name"
            elif name != name.strip():
                problem = "begins or ends with a blank"
            else:
                continue
            yield self.finding(
                f"the name of queue {name!r} {problem}",
                At(("queues", name), "key"),
                help="name it without",
            )
