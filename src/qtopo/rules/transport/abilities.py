"""What the rules about transports share: exchange types, and where binding keys are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.app import Broker
    from qtopo.topology.exchanges import Binding
    from qtopo.topology.finding import Path


class Bound(NamedTuple):
    """A binding of a queue.

    `at` leads from the queue to the table that holds it: nothing, or an item of
    `bindings`. `written` says whether its key stands in the file.
    """

    queue: str
    binding: Binding
    at: Path
    written: bool

    @property
    def path(self) -> Path:
        """Where the key is, or would be."""
        return ("queues", self.queue, *self.at, "routing_key")


def exchange_types(broker: Broker) -> tuple[str, ...]:
    """Return the types of exchange a broker has; on SQS an option adds fanout, through SNS."""
    types = broker.kind.exchange_types
    if broker.kind.name == "sqs" and broker.options.get("supports_fanout") is True:
        return (*types, "fanout")
    return types


def bindings(context: Context) -> Iterator[Bound]:
    """Yield every binding of every queue, in the order of the file."""
    for name, queue in context.topology.queues.items():
        if queue.bindings:
            for index, binding in enumerate(queue.bindings):
                yield Bound(name, binding, ("bindings", index), bool(binding.routing_key))
        else:
            yield Bound(name, context.wiring.bindings[name][0], (), bool(queue.routing_key))


def topic_bindings(context: Context) -> Iterator[Bound]:
    """Yield the bindings of queues to topic exchanges whose keys a transport interprets.

    PGMQ routes by itself, and was not measured.
    """
    if context.topology.broker.kind.name == "pgmq":
        return
    for one in bindings(context):
        if context.wiring.exchange_type(one.binding.exchange) == "topic":
            yield one
