"""The rule `beat-duplicated`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.beat.schedulers import DJANGO, PERSISTENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class BeatDuplicated(Rule):
    """Beat runs more than once, and nothing keeps the copies apart.

    ## Why is this bad?

    Neither Celery's own scheduler nor django-celery-beat takes a lock: each process
    sends the whole schedule, so that every task is sent as often as there are
    replicas. RedBeat takes a lock, and the others stand by.

    ## Example

    ```toml
    [queues.celery]

    [beat]
    replicas = 2

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [beat]
    scheduler = "redbeat"
    replicas = 2

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Read in the source of Celery 5.7.0 and django-celery-beat 2.9.0. Issues celery#2856,
    celery#4808, celery#251, django-celery-beat#337, django-celery-beat#576.
    """

    name = "beat-duplicated"
    code = "QT750"
    severity = "error"
    needs = ("beat.scheduler",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Count the replicas."""
        beat = context.topology.beat
        if beat is not None and beat.replicas > 1 and beat.scheduler in (*PERSISTENT, *DJANGO):
            yield self.finding(
                f"{beat.replicas} replicas of beat each send the whole schedule",
                ("beat", "replicas"),
                help='say replicas = 1, or scheduler = "redbeat", which takes a lock',
                related=[("its scheduler takes no lock", ("beat", "scheduler"))],
            )
