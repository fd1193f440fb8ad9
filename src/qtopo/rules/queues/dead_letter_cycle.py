"""The rule `dead-letter-cycle`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.routing.delivery import deliveries
from qtopo.rules.base import Rule
from qtopo.rules.queues.letters import letter_keys
from qtopo.rules.rabbitmq import argument, dead_letters, is_rabbitmq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class DeadLetterCycle(Rule):
    """Dead letters come back to the queue they left, without any delay.

    ## Why is this bad?

    A task that is rejected goes round at full speed: the worker takes it, rejects
    it, gets it again, thousands of times a second (4,800 with one consumer that does
    nothing else). Nothing on the way waits or ends it. A cycle is sound where a
    queue on it holds its messages for a while: that one has a `message_ttl` and no
    worker.

    ## Example

    ```toml
    [queues.celery]
    dead_letter = { exchange = "celery", routing_key = "celery" }

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    dead_letter = { exchange = "later", routing_key = "later" }

    [queues.later]
    message_ttl = "30s"
    dead_letter = { exchange = "celery", routing_key = "celery" }
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "dead-letter-cycle"
    code = "QT314"
    severity = "warning"
    needs = ("include", "broker.transport", "exchanges", "queues", "workers.*.queues")

    def check(self, context: Context) -> Iterator[Finding]:
        """Follow the dead letters of every queue that is consumed."""
        if not is_rabbitmq(context):
            return
        topology = context.topology
        onward: dict[str, tuple[str, ...]] = {}
        for name, queue in topology.queues.items():
            letters = dead_letters(queue)
            # Where nobody consumes, nobody rejects; where messages wait, nothing spins.
            if letters is None or name not in context.wiring.consumers:
                continue
            if argument(queue, "x-message-ttl") is not None:
                continue
            keys = [letters.key] if letters.key is not None else letter_keys(context, queue)
            if len(keys) == 1:
                onward[name] = deliveries(topology).queues(letters.exchange, keys[0])
        order = {name: index for index, name in enumerate(onward)}
        for cycle in _cycles(onward):
            first = min(cycle, key=order.__getitem__)
            start = cycle.index(first)
            way = [*cycle[start:], *cycle[:start], first]
            letters = dead_letters(topology.queues[first])
            if letters is None:
                continue
            others = [(one, dead_letters(topology.queues[one])) for one in way[1:-1]]
            yield self.finding(
                f"dead letters go round without a delay: {' -> '.join(repr(one) for one in way)}",
                letters.exchange_path,
                help="let them wait in a queue with message_ttl and without a worker, or park them",
                related=[
                    (f"those of queue {name!r} go on from here", onwards.exchange_path)
                    for name, onwards in others
                    if onwards is not None
                ],
            )


def _cycles(onward: dict[str, tuple[str, ...]]) -> Iterator[list[str]]:
    """Yield the cycles that a walk over the graph meets, each node in at most one."""
    done: set[str] = set()
    for start in onward:
        # A dict, to look a node up while its order is that of the way.
        way: dict[str, None] = {}
        ahead = [iter((start,))]
        while ahead:
            step = next(ahead[-1], None)
            if step is None:
                ahead.pop()
                if way:
                    done.add(way.popitem()[0])
            elif step in done or step not in onward:
                continue
            elif step in way:
                nodes = list(way)
                cycle = nodes[nodes.index(step) :]
                done.update(cycle)
                yield cycle
            else:
                way[step] = None
                ahead.append(iter(onward[step]))
