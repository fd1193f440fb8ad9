"""The rule `dead-letter-unbound`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.routing.delivery import deliveries
from qtopo.rules.base import Rule
from qtopo.rules.queues.letters import letter_keys
from qtopo.rules.rabbitmq import REFUSED, dead_letters, is_rabbitmq, kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class DeadLetterUnbound(Rule):
    """Dead letters of a queue reach no queue.

    ## Why is this bad?

    The exchange exists, but nothing is bound to it that takes their key: RabbitMQ
    drops them without a trace. A dead letter keeps the key it was published with
    unless `dead_letter` gives another; to a queue on a direct exchange Celery
    publishes with the queue's own name as the key.

    ## Example

    ```toml
    [queues.celery]
    dead_letter = "dead"

    [queues.dead]
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    dead_letter = { exchange = "dead", routing_key = "dead" }

    [queues.dead]
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "dead-letter-unbound"
    code = "QT313"
    severity = "warning"
    needs = (
        "include",
        "broker.transport",
        "exchanges",
        "queues.*.exchange",
        "queues.*.routing_key",
        "queues.*.bindings",
        "queues.*.broadcast",
    )

    def check(self, context: Context) -> Iterator[Finding]:
        """Ask where each queue's dead letters go."""
        if not is_rabbitmq(context):
            return
        topology = context.topology
        for name, queue in topology.queues.items():
            letters = dead_letters(queue)
            if letters is None or "x-dead-letter-exchange" in REFUSED.get(kind(queue), ()):
                continue
            declared = context.wiring.exchanges.get(letters.exchange)
            if letters.exchange and (declared is None or declared.type is None):
                continue
            bound = context.wiring.bound
            if declared is not None and not declared.alternate and not bound.get(declared.name):
                yield self.finding(
                    f"dead letters of queue {name!r} are dropped: "
                    f"no queue is bound to exchange {letters.exchange!r}",
                    letters.exchange_path,
                    help=f"bind a queue to exchange {letters.exchange!r}",
                    related=[("the exchange is declared here", ("exchanges", letters.exchange))],
                )
                continue
            keys = [letters.key] if letters.key is not None else letter_keys(context, queue)
            kinds = ("direct", "topic", "fanout")
            if not keys or (declared is not None and declared.type not in kinds):
                # Which one takes them depends on what is not known here.
                continue
            if not any(deliveries(topology).queues(letters.exchange, key) for key in keys):
                yield self.finding(
                    f"dead letters of queue {name!r} are dropped: "
                    f"nothing on exchange {letters.exchange!r} takes the key {keys[0]!r}",
                    letters.exchange_path if letters.key is None else letters.key_path,
                    help="give dead_letter the routing_key of the queue that is to take them"
                    if letters.key is None
                    else "give it the key that a queue is bound with",
                    related=[("the exchange is declared here", ("exchanges", letters.exchange))]
                    if letters.exchange in topology.exchanges
                    else [],
                )
