"""The rule `beat-unknown-queue`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.references.lookup import declared, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class BeatUnknownQueue(Rule):
    """A schedule entry names a queue that is not declared.

    ## Why is this bad?

    Beat fails to send the task each time it is due, and says so only in its own
    log; or Celery creates a queue that no worker consumes. Either way the job of
    the schedule never runs.

    ## Example

    ```toml
    [queues.celery]

    [beat.schedule.nightly]
    task = "shop.reports.build"
    crontab = "0 3 * * *"
    queue = "reports"
    expires = "1h"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.reports]

    [beat.schedule.nightly]
    task = "shop.reports.build"
    crontab = "0 3 * * *"
    queue = "reports"
    expires = "1h"

    [workers.main]
    queues = ["celery", "reports"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issue freeframe#240.
    """

    name = "beat-unknown-queue"
    code = "QT103"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the queue of each schedule entry."""
        queues = context.topology.queues
        beat = context.topology.beat
        if beat is None or not declared(context, "queues"):
            return
        for name, entry in beat.schedule.items():
            if entry.queue and entry.queue not in queues:
                at = ("beat", "schedule", name, "queue")
                yield missing(self, f"schedule entry {name!r}", "queues", entry.queue, queues, at)
