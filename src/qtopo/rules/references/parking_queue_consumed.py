"""The rule `parking-queue-consumed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class ParkingQueueConsumed(Rule):
    """A worker consumes a queue that is declared as parking.

    ## Why is this bad?

    `parking = true` says that messages wait there for a person. A worker that
    consumes the queue runs them at once: dead letters are executed again, with
    nobody having looked at them. One of the two is not meant.

    ## Example

    ```toml
    [exchanges.dead]
    type = "fanout"

    [queues.celery]
    dead_letter = { exchange = "dead" }

    [queues.dead]
    exchange = "dead"
    parking = true

    [workers.main]
    queues = ["celery", "dead"]
    ```

    ## Use instead

    ```toml
    [exchanges.dead]
    type = "fanout"

    [queues.celery]
    dead_letter = { exchange = "dead" }

    [queues.dead]
    exchange = "dead"
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    A contradiction in the file itself: no broker is asked.
    """

    name = "parking-queue-consumed"
    code = "QT115"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for parking queues with consumers."""
        topology = context.topology
        for name, queue in topology.queues.items():
            consumers = context.wiring.consumers.get(name, ()) if queue.parking else ()
            if consumers:
                first = consumers[0]
                at = ("workers", first, "queues", topology.workers[first].queues.index(name))
                yield self.finding(
                    f"queue {name!r} is declared as parking, but worker {first!r} consumes it",
                    ("queues", name, "parking"),
                    help="take it out of the worker's queues, or take parking = true away",
                    related=(("it is consumed here", at),),
                )
