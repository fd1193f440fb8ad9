"""The rule `beat-option-ignored`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.beat.schedulers import DJANGO, PERSISTENT, REDBEAT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class BeatOptionIgnored(Rule):
    """A key of `[beat]` is for another scheduler.

    ## Why is this bad?

    Only RedBeat takes a lock, and only Celery's own scheduler keeps a file. Elsewhere
    the key has no effect, though it looks as if the lock were there.

    ## Example

    ```toml
    [queues.celery]

    [beat]
    lock_timeout = "25s"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [beat]
    scheduler = "redbeat"
    max_interval = "5s"
    lock_timeout = "25s"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Read in the source of Celery 5.7.0, celery-redbeat 2.4.2 and django-celery-beat 2.9.0.
    """

    name = "beat-option-ignored"
    code = "QT752"
    severity = "warning"
    needs = ("beat.scheduler",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the keys with the scheduler."""
        beat = context.topology.beat
        if beat is None:
            return
        for key, value, others in (
            ("lock_timeout", beat.lock_timeout, (*PERSISTENT, *DJANGO)),
            ("schedule_file", beat.schedule_file, (*REDBEAT, *DJANGO)),
        ):
            if value is not None and beat.scheduler in others:
                yield self.finding(
                    f"{key} has no effect with the scheduler {beat.scheduler!r}",
                    ("beat", key),
                    help="leave it out"
                    if key == "schedule_file"
                    else 'leave it out, or say scheduler = "redbeat"',
                    related=[("the scheduler is said here", ("beat", "scheduler"))],
                )
