"""The rule `time-limit-below-duration`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class TimeLimitBelowDuration(Rule):
    """A task runs for longer than its time limit lets it.

    ## Why is this bad?

    The mean of its runs is above the limit: most of them are killed before they are
    done, or get `SoftTimeLimitExceeded`.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    duration = "10m"
    time_limit = "5m"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    duration = "5m"
    time_limit = "10m"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Celery's user guide, "Time Limits".
    """

    name = "time-limit-below-duration"
    code = "QT620"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare each task's limits with its mean."""
        for name, task in context.topology.tasks.items():
            mean = None if task.duration is None else task.duration.mean
            if not mean:
                continue
            for key in ("time_limit", "soft_time_limit"):
                limit = getattr(task, key)
                if limit and limit < mean and context.is_sound("tasks", name):
                    yield self.finding(
                        f"task {name!r} runs for {format_duration(mean)}, and its {key} is "
                        f"{format_duration(limit)}: most runs are cut off",
                        ("tasks", name, key),
                        help="set the limit above the longest run that is still sound",
                        related=[("it runs that long", ("tasks", name, "duration"))],
                    )
                    break
