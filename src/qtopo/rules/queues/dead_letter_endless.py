"""The rule `dead-letter-endless`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.routing.deadletters import REJECTED
from qtopo.routing.deadletters import dead_letters as followed
from qtopo.rules.base import Rule
from qtopo.rules.queues.letters import letter_keys
from qtopo.rules.rabbitmq import dead_letters, is_rabbitmq, verdict
from qtopo.topology.finding import ERROR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.routing.deadletters import Course
    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path
    from qtopo.topology.queues import Queue

KNOWS_THE_ORDER = (3, 13)
"""The first version of RabbitMQ that does not forget that a rejection came first."""


class DeadLetterEndless(Rule):
    """A rejected task goes round for ever between queues that nobody consumes.

    ## Why is this bad?

    RabbitMQ drops a dead letter that comes back to a queue it died in, unless a
    consumer rejected it since. Before 3.13 it mixes up which of the two came first: a
    task that a worker has rejected once is never dropped, and goes from queue to queue
    each time it expires. No worker gets it, and nothing ends it. Where a queue of the
    round has a copy of it delivered elsewhere too, each round leaves one more message,
    until the broker's memory is full: that is an error, the rest are warnings.

    ## Example

    ```toml
    [broker]
    version = "3.12"

    [queues.celery]
    dead_letter = { exchange = "short", routing_key = "short" }

    [queues.short]
    message_ttl = "30s"
    dead_letter = { exchange = "long", routing_key = "long" }
    parking = true

    [queues.long]
    message_ttl = "1h"
    dead_letter = { exchange = "short", routing_key = "short" }
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker]
    version = "3.12"

    [queues.celery]
    dead_letter = { exchange = "short", routing_key = "short" }

    [queues.short]
    message_ttl = "30s"
    dead_letter = { exchange = "long", routing_key = "long" }
    parking = true

    [queues.long]
    message_ttl = "1h"
    dead_letter = { exchange = "celery", routing_key = "celery" }
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ before 3.13, where the file says so: `version` under `[broker]`.

    ## Source

    Measured on RabbitMQ 3.10.8, read in `rabbit_dead_letter.erl` up to 4.0.
    """

    name = "dead-letter-endless"
    code = "QT342"
    severity = "warning"
    worst = ERROR
    needs = (
        "include",
        "broker",
        "exchanges",
        "queues",
        "workers.*.queues",
        "workers.*.replicas",
    )

    def check(self, context: Context) -> Iterator[Finding]:
        """Follow what workers reject, where RabbitMQ forgets that they did."""
        if not is_rabbitmq(context):
            return
        if verdict(context.topology.broker, lambda version: version < KNOWS_THE_ORDER) is None:
            return
        said: set[frozenset[str]] = set()
        for name, queue in context.topology.queues.items():
            # Only a worker rejects.
            if name not in context.wiring.consumers or dead_letters(queue) is None:
                continue
            course = _endless(context, queue)
            if course is None or frozenset(course.circle) in said:
                continue
            said.add(frozenset(course.circle))
            way = " -> ".join(map(repr, (*course.circle, course.circle[0])))
            more = ", and each round leaves one more message" if course.grows else ""
            yield self.finding(
                f"what a worker rejects from queue {name!r} goes round for ever{more}: {way}",
                _way_on(context, name),
                severity=ERROR if course.grows else self.severity,
                help="let one of them pass it on to a queue that a worker consumes, or keep it: "
                "without message_ttl",
                related=[
                    (f"from queue {one!r} it goes on", _way_on(context, one))
                    for one in course.circle
                ],
            )


def _endless(context: Context, queue: Queue) -> Course | None:
    """Return what becomes of a rejected message of a queue, where that has no end."""
    keys: list[str | None] = [*letter_keys(context, queue)] or [None]
    for key in keys:
        for course in followed(context.topology, queue.name, key=key).courses:
            if course.reason == REJECTED and course.circle:
                return course
    return None


def _way_on(context: Context, name: str) -> Path:
    """Return where the file says where a queue's dead letters go."""
    letters = dead_letters(context.topology.queues[name])
    return ("queues", name) if letters is None else letters.exchange_path
