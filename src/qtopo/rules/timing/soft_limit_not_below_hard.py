"""The rule `soft-limit-not-below-hard`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.rules.base import Rule
from qtopo.topology.finding import WARNING
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path


class SoftLimitNotBelowHard(Rule):
    """The soft time limit of a task is not below the hard one.

    ## Why is this bad?

    Where it is above, each `delay()` and `apply_async()` raises `ValueError`: the task
    cannot be sent at all. Where they are equal the hard limit kills the task before
    it can clean up.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    time_limit = "9m"
    soft_time_limit = "10m"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [tasks."shop.report"]
    time_limit = "10m"
    soft_time_limit = "9m"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "soft-limit-not-below-hard"
    code = "QT602"
    severity = "error"
    needs = ("settings",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the limits of tasks, and those of the settings."""
        settings = context.topology.settings
        hard = _seconds(settings.get("task_time_limit"))
        soft = _seconds(settings.get("task_soft_time_limit"))
        general: Path = ("settings", "task_time_limit")
        yield from self._compare("tasks", soft, hard, ("settings", "task_soft_time_limit"), general)
        for name, task in context.topology.tasks.items():
            if task.time_limit is None and task.soft_time_limit is None:
                continue
            if not context.is_sound("tasks", name, "time_limit"):
                continue
            key = "time_limit" if task.soft_time_limit is None else "soft_time_limit"
            yield from self._compare(
                f"task {name!r}",
                task.soft_time_limit or soft,
                task.time_limit or hard,
                ("tasks", name, key),
                # Where the task has the hard limit alone, the soft one is everybody's.
                ("settings", "task_soft_time_limit")
                if task.soft_time_limit is None
                else general
                if task.time_limit is None
                else ("tasks", name, "time_limit"),
            )

    def _compare(
        self, who: str, soft: float | None, hard: float | None, at: Path, other: Path
    ) -> Iterator[Finding]:
        if soft is None or hard is None or soft < hard:
            return
        have = "have" if who == "tasks" else "has"
        limits = f"{who} {have} the soft limit {format_duration(soft)}"
        if soft > hard:
            yield self.finding(
                f"{limits}, above the hard one of {format_duration(hard)}: sending raises "
                "ValueError",
                at,
                help="make the soft limit the shorter one",
                related=[("the other limit is here", other)],
            )
        else:
            yield self.finding(
                f"{limits}, and the hard one is the same: there is no time to clean up",
                at,
                help="make the soft limit the shorter one",
                related=[("the other limit is here", other)],
                severity=WARNING,
            )


def _seconds(value: Any) -> float | None:
    """Return a setting in seconds, or None where it is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
        return float(value)
    return None
