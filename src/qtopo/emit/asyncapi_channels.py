"""Exchanges and queues as AsyncAPI's channels, and the ids by which all else refers to them.

Ids are slugs, so that references need no escapes; names of any content are in
`address`, `title` and the bindings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.compiler.broker import on_rabbitmq
from qtopo.emit.accounts import vhost
from qtopo.emit.asyncapi_messages import owner
from qtopo.emit.launching import slugged
from qtopo.routing.delivery import deliveries
from qtopo.routing.table import table
from qtopo.topology.publishing import ANONYMOUS, Publishing, publishing
from qtopo.topology.raw import thaw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qtopo.compiler.broker import Objects
    from qtopo.topology.exchanges import Binding
    from qtopo.topology.queues import Queue
    from qtopo.topology.topology import Topology

AMQP = "rabbitmq"
BINDING = "0.3.0"
"""The version of AsyncAPI's bindings for AMQP."""

_TYPES = ("topic", "direct", "fanout", "headers")
_DEFAULT = "default-exchange"


class Sending(NamedTuple):
    """A task that somebody sends: `entry` of beat's schedule, None where the application does.

    `queues` are those that get it.
    """

    task: str
    entry: str | None
    published: Publishing
    queues: tuple[str, ...]


def sendings(topology: Topology) -> Iterator[Sending]:
    """Yield what is sent: each known task without options, then beat's entries."""
    find = table(topology).find
    for task in topology.known_tasks():
        yield _sending(topology, task, None, publishing(topology, find(task).route))
    if topology.beat is None or topology.beat.replicas == 0:
        return
    for name, entry in topology.beat.schedule.items():
        sent = publishing(
            topology,
            find(entry.task).route,
            queue=entry.queue or None,
            routing_key=entry.routing_key or None,
        )
        yield _sending(topology, entry.task, name, sent)


def _sending(topology: Topology, task: str, entry: str | None, sent: Publishing) -> Sending:
    queues: tuple[str, ...] = ()
    if sent.wire_exchange is not None:
        broker = deliveries(topology, delayed=True)
        queues = broker.queues(sent.wire_exchange, sent.wire_key or "", sent.headers)
    return Sending(task, entry, sent, queues)


class Channels:
    """The channels of a topology.

    On RabbitMQ tasks are sent to exchanges, and received from queues; elsewhere
    there are only queues, since kombu does what exchanges would.
    """

    def __init__(self, topology: Topology, sent: Iterable[Sending]) -> None:
        self.topology = topology
        self.sent = list(sent)
        self.amqp = topology.broker.kind.name == AMQP
        self.tasks = slugged({one.task for one in self.sent})
        names = list(topology.queues) or [topology.default_queue]
        slugs = slugged(names)
        # Celery makes its default queue where the file has none.
        self.queues = {name: f"queue_{slugs[name]}" for name in names}
        self.exchanges: dict[str, str] = {}
        if self.amqp:
            exchanges = dict.fromkeys(topology.wiring.exchanges)
            exchanges |= dict.fromkeys(
                one.published.wire_exchange
                for one in self.sent
                if one.published.wire_exchange is not None
            )
            slugs = slugged(name for name in exchanges if name != ANONYMOUS)
            self.exchanges = {
                name: f"exchange_{slugs[name]}" for name in exchanges if name in slugs
            }
            if ANONYMOUS in exchanges:
                self.exchanges[ANONYMOUS] = _DEFAULT

    def written(self) -> dict[str, Any]:
        """Return the channels by their ids."""
        found = {key: self._exchange(name) for name, key in self.exchanges.items()}
        return found | {key: self._queue(name) for name, key in self.queues.items()}

    def into(self, one: Sending) -> list[str]:
        """Return the ids of the channels that something is sent to; none where it is refused."""
        exchange = one.published.wire_exchange
        if exchange is None:
            return []
        return [self.exchanges[exchange]] if self.amqp else [self.queues[q] for q in one.queues]

    def received(self, queue: str) -> list[str]:
        """Return the known tasks that get into a queue, each once."""
        return list(dict.fromkeys(one.task for one in self.sent if queue in one.queues))

    def reference(self, key: str, task: str) -> dict[str, str]:
        """Return a reference to a task's message in a channel."""
        return {"$ref": f"#/channels/{key}/messages/{self.tasks[task]}"}

    def _messages(self, tasks: Iterable[str]) -> dict[str, Any]:
        found = {
            self.tasks[one]: {"$ref": f"#/components/messages/{self.tasks[one]}"}
            for one in dict.fromkeys(tasks)
        }
        return {"messages": found} if found else {}

    def _exchange(self, name: str) -> dict[str, Any]:
        through = [one for one in self.sent if one.published.wire_exchange == name]
        keys = list(dict.fromkeys(one.published.wire_key or "" for one in through))
        declared = self.topology.exchanges.get(name)
        # Which address it is, the sender chooses.
        found: dict[str, Any] = {"address": "{routingKey}"}
        found["title"] = f"exchange {name}" if name else "the default exchange"
        if declared is not None and declared.description:
            found["description"] = declared.description
        parameter: dict[str, Any] = {"description": "The routing key."}
        if keys:
            parameter["examples"] = keys
        found["parameters"] = {"routingKey": parameter}
        if declared is not None and declared.owner:
            found["tags"] = owner(declared.owner)
        found |= self._messages(one.task for one in through)
        found["bindings"] = {
            "amqp": {
                "is": "routingKey",
                "exchange": {**self._object(name), "vhost": vhost(self.topology)},
                "bindingVersion": BINDING,
            }
        }
        return found | self._more_of_exchange(name)

    def _object(self, name: str) -> dict[str, Any]:
        if name == ANONYMOUS:
            return {"name": name, "type": "default", "durable": True, "autoDelete": False}
        there = self.topology.wiring.exchanges.get(name)
        if there is None:
            return {"name": name}
        kind = {"type": there.type} if there.type in _TYPES else {}
        return {
            "name": name,
            **kind,
            "durable": there.durable,
            "autoDelete": there.auto_delete,
        }

    def _more_of_exchange(self, name: str) -> dict[str, Any]:
        there = next((x for x in self._rabbit.exchanges if x.name == name), None)
        found: dict[str, Any] = {}
        if there is not None and there.type not in _TYPES:
            found["x-exchange-type"] = there.type
        if there is not None and there.arguments:
            found["x-arguments"] = dict(there.arguments)
        declared = self.topology.exchanges.get(name)
        if declared is not None and declared.bindings:
            found["x-bindings"] = [_binding(one) for one in declared.bindings]
        return found

    def _queue(self, name: str) -> dict[str, Any]:
        queue = self.topology.queues.get(name)
        shared = queue is None or not queue.broadcast
        found: dict[str, Any] = {**_address(name if shared else None), "title": f"queue {name}"}
        if queue is not None and queue.description:
            found["description"] = queue.description
        if queue is not None and queue.owner:
            found["tags"] = owner(queue.owner)
        found |= self._messages(self.received(name))
        if self.amqp:
            there = next((one for one in self._rabbit.queues if one.name == name), None)
            # Each worker's own, of a name made up for it, and gone with it.
            plain: dict[str, Any] = {"durable": False, "exclusive": False, "autoDelete": True}
            if there is not None:
                plain = {
                    "name": name,
                    "durable": there.durable,
                    "exclusive": there.exclusive,
                    "autoDelete": there.auto_delete,
                }
                if there.arguments:
                    found["x-arguments"] = dict(there.arguments)
            found["bindings"] = {
                "amqp": {
                    "is": "queue",
                    "queue": {**plain, "vhost": vhost(self.topology)},
                    "bindingVersion": BINDING,
                }
            }
        if queue is not None:
            found["x-bindings"] = [_binding(one) for one in self.topology.wiring.bindings[name]]
            found |= _promises(queue)
        return found

    @property
    def _rabbit(self) -> Objects:
        topology = self.topology
        return topology.wiring.memo("asyncapi.declared", lambda: on_rabbitmq(topology).declared)


def _address(name: str | None) -> dict[str, Any]:
    if name is None or not {"{", "}"} & set(name):
        return {"address": name}
    # Braces would be taken for a parameter of their own.
    parameter = {"description": "The queue's name, which has braces in it.", "default": name}
    return {"address": "{queue}", "parameters": {"queue": parameter}}


def _binding(one: Binding) -> dict[str, Any]:
    found: dict[str, Any] = {"exchange": one.exchange, "routingKey": one.routing_key}
    return {**found, "arguments": thaw(one.arguments)} if one.arguments else found


def _promises(queue: Queue) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if queue.broadcast:
        found["x-broadcast"] = True
    if queue.parking:
        found["x-parking"] = True
    if queue.slo is not None and queue.slo.wait is not None:
        found["x-slo"] = {"wait": queue.slo.wait}
    return found
