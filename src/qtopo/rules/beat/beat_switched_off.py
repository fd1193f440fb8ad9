"""The rule `beat-switched-off`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.workers.flags import flags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class BeatSwitchedOff(Rule):
    """There is a schedule, and nobody sends it.

    ## Why is this bad?

    `replicas = 0` switches beat off, and no worker has it embedded: not one of the
    scheduled tasks is ever sent.

    ## Example

    ```toml
    [queues.celery]

    [beat]
    replicas = 0

    [beat.schedule.nightly]
    task = "shop.report"
    crontab = "0 3 * * *"

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [beat]
    replicas = 1

    [beat.schedule.nightly]
    task = "shop.report"
    crontab = "0 3 * * *"

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    A contradiction in the file itself: no broker is asked.
    """

    name = "beat-switched-off"
    code = "QT753"
    severity = "warning"
    needs = ("workers.*.extra_args", "workers.*.replicas")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for whoever sends the schedule."""
        beat = context.topology.beat
        if beat is None or beat.replicas or not beat.schedule:
            return
        embedded = any(
            flag.name == "beat"
            for worker in context.topology.workers.values()
            if worker.replicas
            for flag in flags(worker.extra_args)
        )
        if not embedded:
            yield self.finding(
                f"beat is switched off: nothing sends the {len(beat.schedule)} scheduled "
                + ("task" if len(beat.schedule) == 1 else "tasks"),
                ("beat", "replicas"),
                help="say replicas = 1",
                related=[
                    ("this is never sent", ("beat", "schedule", name))
                    for name in list(beat.schedule)[:3]
                ],
            )
