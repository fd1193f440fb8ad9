"""The rule `glob-without-star`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.routing.answers import NAME, answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class GlobWithoutStar(Rule):
    """A route's name has `?` or `[` but no `*`, and so is no pattern.

    ## Why is this bad?

    Celery takes a name for a pattern only where it has a `*`. With a star, `?` and
    `[...]` are wildcards too; without one they are characters of an exact name,
    which no task has.

    ## Example

    ```toml
    [queues.celery]
    [queues.reports]

    [[routes]]
    task = "shop.reports.build_?"
    queue = "reports"

    [workers.main]
    queues = ["celery", "reports"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.reports]

    [[routes]]
    task = "shop.reports.build_*"
    queue = "reports"

    [workers.main]
    queues = ["celery", "reports"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "glob-without-star"
    code = "QT202"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for wildcards in exact names."""
        for kind, text, path in answers(context.topology):
            if kind == NAME and path[0] == "routes" and ("?" in text or "[" in text):
                yield self.finding(
                    f"{text!r} has no star, so Celery takes it for the exact name of a task",
                    path,
                    help='write a pattern with *, or { regex = "..." }',
                )
