"""The rule `chord-backend-unsupported`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.canvas.chords import chords
from qtopo.topology.backends import REFUSES, chords_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ChordBackendUnsupported(Rule):
    """A workflow has a chord, and the result backend cannot do chords.

    ## Why is this bad?

    `rpc` sends each result to whoever asked for it and keeps none, and `disabled` has no
    results at all: Celery raises `NotImplementedError` when the chord is made.

    ## Example

    ```toml
    [queues.celery]

    [results]
    url = "rpc://"

    [workflows.checkout]
    chord = { header = ["shop.charge", "shop.reserve"], body = "shop.confirm" }

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [results]
    url = "redis://localhost/1"

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

    name = "chord-backend-unsupported"
    code = "QT701"
    severity = "error"
    needs = ("results",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the kind of backend, where there is a chord."""
        results = context.topology.results
        if results is None or chords_of(results) != REFUSES:
            return
        first = next(chords(context.topology), None)
        if first is not None:
            yield self.finding(
                f"the result backend {results.kind!r} cannot do chords, and {first.words} needs "
                "one that can",
                ("results", "url" if results.backend is None else "backend"),
                help="use redis, or a database",
                related=[("this is the chord", first.path)],
            )
