"""The rule `frequent-entry-without-expiry`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.finding import At
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

FREQUENT = 30.0


class FrequentEntryWithoutExpiry(Rule):
    """A task is sent every few seconds, and what nobody took in time stays.

    ## Why is this bad?

    While its workers are down, beat goes on sending: an hour at one every ten seconds
    is 360 copies of the same task. All of them run when the workers are back, before
    anything else in that queue, though the latest would do. `expires` lets the others
    go.

    ## Example

    ```toml
    [queues.celery]

    [beat.schedule.poll]
    task = "shop.poll"
    every = "10s"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [beat.schedule.poll]
    task = "shop.poll"
    every = "10s"
    expires = "10s"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Celery's user guide, "Periodic Tasks": `expires` among the options of an entry.
    """

    name = "frequent-entry-without-expiry"
    code = "QT770"
    severity = "info"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the entries that are sent often."""
        topology = context.topology
        if topology.beat is None or not topology.beat.replicas:
            return
        if topology.settings.get("task_default_expires") is not None:
            return
        for name, entry in topology.beat.schedule.items():
            path = ("beat", "schedule", name)
            if not entry.every or entry.every > FREQUENT or entry.expires is not None:
                continue
            task = topology.tasks.get(entry.task or "")
            if not context.is_sound(*path) or self._short_lived(context, entry.queue, task):
                continue
            yield self.finding(
                f"{entry.task!r} is sent every {format_duration(entry.every)} and never expires: "
                "all copies run when its workers come back",
                At((*path, "every")),
                help=f'write expires = "{format_duration(entry.every)}"',
            )

    def _short_lived(self, context: Context, queue: str | None, task: object) -> bool:
        """Whether the queue throws old messages away by itself."""
        named = queue or getattr(task, "queue", None) or context.topology.default_queue
        declared = context.topology.queues.get(named)
        return declared is not None and (
            declared.message_ttl is not None or "x-message-ttl" in declared.arguments
        )
