"""The rule `beat-lock-too-short`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.rules.base import Rule
from qtopo.rules.beat.schedulers import REDBEAT
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path

INTERVAL = 300.0


class BeatLockTooShort(Rule):
    """RedBeat's lock runs out before beat renews it.

    ## Why is this bad?

    Beat renews the lock when it wakes, at the latest after `max_interval` (5 minutes
    where nothing is said). A lock that holds no longer than that is free in between:
    a second beat takes it, and both send the schedule.

    ## Example

    ```toml
    [queues.celery]

    [beat]
    scheduler = "redbeat"
    max_interval = "30s"
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

    celery-redbeat 2.4.

    ## Source

    Read in the source of celery-redbeat 2.4.2. Issue
    mozilla/telemetry-analysis-service#417.
    """

    name = "beat-lock-too-short"
    code = "QT751"
    severity = "error"
    needs = ("beat.scheduler", "beat.max_interval", "settings")

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the lock with the longest sleep."""
        beat = context.topology.beat
        if beat is None or beat.scheduler not in REDBEAT:
            return
        settings = context.topology.settings
        at: Path = ("beat", "lock_timeout")
        lock = beat.lock_timeout
        if lock is None:
            lock = _seconds(settings.get("redbeat_lock_timeout"))
            at = ("settings", "redbeat_lock_timeout")
        interval = beat.max_interval or _seconds(settings.get("beat_max_loop_interval")) or INTERVAL
        if lock is not None and lock <= interval:
            said = "" if beat.max_interval else " by default"
            yield self.finding(
                f"the lock holds {format_duration(lock)}, and beat sleeps for up to "
                f"{format_duration(interval)}{said}: two can hold it in turn, and both send the "
                "schedule",
                at,
                help=f"make it longer than max_interval, such as {format_duration(interval * 5)}",
                related=[("beat's sleep is set here", ("beat", "max_interval"))]
                if beat.max_interval
                else [],
            )


def _seconds(value: Any) -> float | None:
    """Return a setting in seconds, or None where it is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
        return float(value)
    return None
