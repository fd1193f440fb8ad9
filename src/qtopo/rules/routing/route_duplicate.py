"""The rule `route-duplicate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.routing.answers import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path


class RouteDuplicate(Rule):
    """A task's name or a pattern is answered twice.

    ## Why is this bad?

    Only one of the answers can be meant. Of an exact name Celery keeps one and
    forgets the other; of two equal patterns it takes the value of the later and
    the place of the earlier. What the file says twice it says in two places that
    drift apart.

    ## Example

    ```toml
    [queues.celery]
    [queues.reports]

    [[routes]]
    task = "shop.reports.build"
    queue = "reports"

    [tasks."shop.reports.build"]
    queue = "celery"

    [workers.main]
    queues = ["celery", "reports"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.reports]

    [tasks."shop.reports.build"]
    queue = "reports"

    [workers.main]
    queues = ["celery", "reports"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "route-duplicate"
    code = "QT200"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Collect names and patterns, and look for equal ones."""
        seen: dict[tuple[str, str], Path] = {}
        for kind, text, path in answers(context.topology):
            first = seen.setdefault((kind, text), path)
            if first is not path:
                yield self.finding(
                    f"{kind} {text!r} is answered twice",
                    path,
                    help="keep one of them",
                    related=(("it is answered here already", first),),
                )
