"""The rule `name-too-long`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding
    from qtopo.topology.topology import Topology


_MOST = 255


class NameTooLong(Rule):
    """A name or a key is longer than AMQP can carry.

    ## Why is this bad?

    The names of queues and exchanges and routing keys have a length of one byte
    on the wire: 255 bytes of UTF-8 are the most. With a longer one the client
    fails when it declares or publishes, before anything reaches RabbitMQ.

    ## Example

    ```toml
    [queues.celery]
    [queues.0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789-012345]
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.numbers]
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on py-amqp 5.4.2 and RabbitMQ 3.10.8.
    """

    name = "name-too-long"
    code = "QT118"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Measure names and keys."""
        topology = context.topology
        if topology.broker.kind.name != "rabbitmq":
            return
        for what, text, at in _names(topology):
            # A character has at most four bytes: most need not be encoded.
            if text and len(text) * 4 > _MOST:
                size = len(text.encode("utf-8", "replace"))
                if size > _MOST:
                    shown = text if len(text) <= 40 else text[:37] + "..."
                    yield self.finding(
                        f"{what} {shown!r} has {size} bytes, and AMQP takes {_MOST}",
                        at,
                        help="shorten it",
                    )


def _names(topology: Topology) -> Iterator[tuple[str, str | None, At]]:
    """Yield every name that is declared and every key: what it is, the text, where it stands."""
    for name in topology.exchanges:
        yield "the name", name, At(("exchanges", name), "key")
    for name, queue in topology.queues.items():
        path = ("queues", name)
        yield "the name", name, At(path, "key")
        yield "the key", queue.routing_key, At((*path, "routing_key"))
        for index, binding in enumerate(queue.bindings):
            yield "the key", binding.routing_key, At((*path, "bindings", index, "routing_key"))
        if queue.dead_letter is not None:
            yield (
                "the key",
                queue.dead_letter.routing_key,
                At((*path, "dead_letter", "routing_key")),
            )
    for name, exchange in topology.exchanges.items():
        for index, binding in enumerate(exchange.bindings):
            at = At(("exchanges", name, "bindings", index, "routing_key"))
            yield "the key", binding.routing_key, at
    for index, route in enumerate(topology.routes):
        yield "the key", route.routing_key, At(("routes", index, "routing_key"))
    if topology.beat is not None:
        for name, entry in topology.beat.schedule.items():
            yield "the key", entry.routing_key, At(("beat", "schedule", name, "routing_key"))
