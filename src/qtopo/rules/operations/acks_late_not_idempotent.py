"""The rule `acks-late-not-idempotent`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path


class AcksLateNotIdempotent(Rule):
    """A task that must not run twice is acknowledged when it is done.

    ## Why is this bad?

    With `acks_late` the broker keeps the message until the task is done, and delivers
    it again when the worker is lost on the way: a restart, a connection that breaks,
    a visibility timeout. What the first run did until then is done a second time, and
    the file says that this does harm.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.charge"]
    acks_late = true
    idempotent = false

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [tasks."shop.charge"]
    acks_late = false
    idempotent = false

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Celery's FAQ, "Should I use retry or acks_late?"; issues celery#1628, celery#5598.
    """

    name = "acks-late-not-idempotent"
    code = "QT900"
    severity = "warning"
    needs = ("settings",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the tasks that say they must not run twice."""
        by_setting = context.topology.settings.get("task_acks_late") is True
        for name, task in context.topology.tasks.items():
            if task.idempotent is not False or task.acks_late is False:
                continue
            if not (task.acks_late or by_setting) or not context.is_sound("tasks", name):
                continue
            at: Path
            related: Path
            if task.acks_late:
                at, related = ("tasks", name, "acks_late"), ("tasks", name, "idempotent")
                words = "it does harm to run it twice"
            else:
                at, related = ("tasks", name, "idempotent"), ("settings", "task_acks_late")
                words = "this holds for every task that says nothing else"
            yield self.finding(
                f"task {name!r} must not run twice, and with acks_late it does "
                "when its worker is lost",
                at,
                help="acknowledge it early (acks_late = false), or make it idempotent",
                related=[(words, related)],
            )
