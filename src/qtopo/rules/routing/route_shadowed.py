"""The rule `route-shadowed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.routing.answers import EXPRESSION, PATTERN, answers
from qtopo.rules.routing.globs import Wider
from qtopo.rules.senders import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path


class RouteShadowed(Rule):
    """A pattern is never used, since an earlier one takes all that it matches.

    ## Why is this bad?

    Celery takes the first pattern that matches, not the most specific one. Behind
    a wider pattern the narrower never decides anything, and its tasks go to the
    queue of the other.

    ## Example

    ```toml
    [queues.celery]
    [queues.emails]
    [queues.bulk]

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"

    [[routes]]
    task = "shop.emails.bulk.*"
    queue = "bulk"

    [workers.main]
    queues = ["celery", "emails", "bulk"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.emails]
    [queues.bulk]

    [[routes]]
    task = "shop.emails.bulk.*"
    queue = "bulk"

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"

    [workers.main]
    queues = ["celery", "emails", "bulk"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issue celery#6670.
    """

    name = "route-shadowed"
    code = "QT201"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare each pattern with those before it."""
        earlier = Wider()
        everything: tuple[str, Path] | None = None
        for kind, text, path in answers(context.topology):
            if kind not in (PATTERN, EXPRESSION):
                continue
            shadow = everything
            if kind == PATTERN:
                shadow = shadow or earlier.find(text)
                earlier.add(text, path)
            if shadow is not None and shadow[0] != text:
                yield self.finding(
                    f"{kind} {text!r} is never used: {shadow[0]!r} before it takes all of it",
                    path,
                    help=f"put it before {shadow[0]!r}, or take it out",
                    related=((f"{shadow[0]!r} stands here", shadow[1]),),
                )
            if everything is None and kind == EXPRESSION and text in EVERYTHING:
                everything = (text, path)
