"""The rule `chord-header-ignores-result`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.canvas.chords import chords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path

SETTING = "task_ignore_result"


class ChordHeaderIgnoresResult(Rule):
    """A task in the header of a chord throws its result away.

    ## Why is this bad?

    The body of a chord waits for the results of the header. One that is thrown away
    never comes: the body is never run.

    ## Example

    ```toml
    [queues.celery]

    [results]
    backend = "redis"
    url = "env:RESULTS"

    [tasks."shop.charge"]
    ignore_result = true

    [workflows.checkout]
    chord = { header = ["shop.charge", "shop.reserve"], body = "shop.confirm" }

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [results]
    backend = "redis"
    url = "env:RESULTS"

    [tasks."shop.charge"]
    ignore_result = false

    [workflows.checkout]
    chord = { header = ["shop.charge", "shop.reserve"], body = "shop.confirm" }

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Celery's documentation, Canvas.
    """

    name = "chord-header-ignores-result"
    code = "QT703"
    severity = "error"
    needs = ("include", "tasks.*.ignore_result")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the tasks whose results each chord waits for."""
        topology = context.topology
        ignored: dict[str, tuple[str, Path]] = {}
        by_setting: list[tuple[str, Path]] = []
        for chord in chords(topology):
            for path, name in chord.awaited:
                task = topology.tasks.get(name)
                said = None if task is None else task.ignore_result
                if said:
                    ignored.setdefault(name, (f"{chord.words} waits for it", path))
                elif said is None and topology.settings.get(SETTING) is True:
                    by_setting.append((f"{chord.words} waits for {name!r}", path))
        for name, spot in ignored.items():
            yield self.finding(
                f"task {name!r} throws its result away, and the body of a chord waits for it",
                ("tasks", name, "ignore_result"),
                help="leave it out",
                related=[spot],
            )
        if by_setting:
            yield self.finding(
                f"tasks throw their results away, and {by_setting[0][0]}",
                ("settings", SETTING),
                help="say ignore_result = false for the tasks in the headers of chords",
                related=by_setting[:3],
            )
