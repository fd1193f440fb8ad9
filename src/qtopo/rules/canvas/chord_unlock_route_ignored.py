"""The rule `chord-unlock-route-ignored`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

UNLOCK = "celery.chord_unlock"
WORDS = f"{UNLOCK} goes to the queue of the chord's body, never to"


class ChordUnlockRouteIgnored(Rule):
    """A route gives `celery.chord_unlock` a queue, which it never goes to.

    ## Why is this bad?

    Celery sends `celery.chord_unlock` to the queue of the chord's body, and says so
    when it sends it: that beats every route. (With Redis as the backend it is not
    sent at all.)

    ## Example

    ```toml
    [queues.celery]
    [queues.chords]

    [[routes]]
    task = "celery.chord_unlock"
    queue = "chords"

    [[routes]]
    task = "shop.confirm"
    queue = "chords"

    [workers.main]
    queues = ["celery", "chords"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.chords]

    [[routes]]
    task = "shop.confirm"
    queue = "chords"

    [workers.main]
    queues = ["celery", "chords"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issues celery#6888, celery#4337.
    """

    name = "chord-unlock-route-ignored"
    code = "QT702"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the name in routes and tasks."""
        way_out = "leave it out, and route the body of the chord"
        for index, route in enumerate(context.topology.routes):
            if not route.queue:
                continue
            texts = route.task if isinstance(route.task, tuple) else (route.task,)
            if UNLOCK in texts:
                at = ("routes", index, "task")
                yield self.finding(
                    f"{WORDS} {route.queue!r}",
                    (*at, texts.index(UNLOCK)) if isinstance(route.task, tuple) else at,
                    help=way_out,
                )
        task = context.topology.tasks.get(UNLOCK)
        if task is not None and task.queue:
            yield self.finding(f"{WORDS} {task.queue!r}", ("tasks", UNLOCK, "queue"), help=way_out)
