"""The rule `unused-suppression`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class UnusedSuppression(Rule):
    """A comment `# qtopo: ignore[...]` waives nothing.

    ## Why is this bad?

    The mistake it was written for is gone, or its rule was misspelled. A comment
    that waives nothing today hides the next mistake of its kind, and nobody will
    have decided that it should.

    ## Example

    ```toml
    [queues.celery]  # qtopo: ignore[queue-unconsumed] the worker is deployed elsewhere

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    A promise of qtopo's own.
    """

    name = "unused-suppression"
    code = "QT959"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:  # noqa: ARG002
        """Find nothing: what comments waive is known when all rules have run (`rules.waiving`)."""
        yield from ()
