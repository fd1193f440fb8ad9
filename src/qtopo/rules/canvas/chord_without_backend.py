"""The rule `chord-without-backend`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.canvas.chords import chords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ChordWithoutBackend(Rule):
    """A workflow has a chord, and there is no result backend.

    ## Why is this bad?

    A chord runs its body when the results of its header are there, so it needs a
    place for results. Without one Celery raises `NotImplementedError` when the chord
    is made. A group in the middle of a chain is a chord too.

    ## Example

    ```toml
    [queues.celery]

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

    [workflows.checkout]
    chord = { header = ["shop.charge", "shop.reserve"], body = "shop.confirm" }

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "chord-without-backend"
    code = "QT700"
    severity = "error"
    needs = ("results", "include")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the first chord, where there are no results."""
        if context.topology.results is not None:
            return
        found = list(chords(context.topology))
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            yield self.finding(
                f"{found[0].words} needs a result backend{more}, and there is none",
                found[0].path,
                help="declare one: [results]",
                related=[("this is a chord too", one.path) for one in found[1:4]],
            )
