"""The old and the new topology side by side: what the judgement of a change rests on."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from qtopo.changes.declared import declared, tie
from qtopo.changes.fields import exchange_fields, queue_fields
from qtopo.routing.delivery import Deliveries, deliveries
from qtopo.routing.table import table
from qtopo.topology.publishing import Publishing, publishing
from qtopo.topology.queues import Queue
from qtopo.topology.routes import Route
from qtopo.topology.wiring import EXCHANGE, QUEUE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.changes.declared import Tie
    from qtopo.topology.finding import Path
    from qtopo.topology.topology import Topology

_LASTING = ("rabbitmq", "redis", "mongodb", "filesystem", "pgmq", "gcpubsub", "qpid")
"""The brokers that keep bindings beyond the process that made them (read in kombu 5.7)."""

_FORGETFUL = ("memory",)
"""Brokers that end with the process."""


class Sides:
    """Two topologies, and what follows from having both.

    `native` says that the broker itself knows exchanges and compares
    declarations (RabbitMQ); `lasting` that bindings stay when nobody declares
    them any more; `moved` that the new file has a broker of another
    kind, `elsewhere` that it has, or may have, another broker.
    """

    def __init__(self, old: Topology, new: Topology) -> None:
        self.old, self.new = old, new
        kind = new.broker.kind
        self.moved = old.broker.kind.name != kind.name
        self.elsewhere = self.moved or old.broker.url != new.broker.url
        self.native = not kind.virtual
        self.lasting = kind.name in _LASTING and not self.moved
        self.forgetful = old.broker.kind.name in _FORGETFUL
        self.broker = "RabbitMQ" if kind.name == "rabbitmq" else _NAMES.get(kind.name, kind.name)
        self.before, self.after = declared(old), declared(new)

    @cached_property
    def recreated(self) -> set[tuple[str, str]]:
        """The exchanges and queues, as (kind, name), that RabbitMQ has to make again."""
        if not self.native or self.moved:
            return set()
        found = {
            (EXCHANGE, name)
            for name in self.before.exchanges.keys() & self.after.exchanges.keys()
            if any(
                one.stays
                for one in exchange_fields(
                    name, self.before.exchanges[name], self.after.exchanges[name]
                )
            )
        }
        for name in self.before.queues.keys() & self.after.queues.keys():
            old, new = self.before.queues[name], self.after.queues[name]
            if old.broadcast or new.broadcast:
                continue
            if any(one.stays for one in queue_fields(name, old, new, self.new)):
                found.add((QUEUE, name))
        return found

    @cached_property
    def untied(self) -> list[Tie]:
        """The bindings that only the old file has, in its order."""
        return [one for one in self.before.ties if not self._in(one, self.after.ties)]

    @cached_property
    def tied(self) -> list[Tie]:
        """The bindings that only the new file has, in its order."""
        return [one for one in self.after.ties if not self._in(one, self.before.ties)]

    def _in(self, one: Tie, ties: Mapping[Tie, Path]) -> bool:
        """Whether a binding is among others, or one that differs only in a key nobody looks at."""
        if one in ties or not self.native:
            return one in ties
        kinds = {
            side.exchanges[one.source].type if one.source in side.exchanges else None
            for side in (self.before, self.after)
        }
        return kinds <= {"fanout", "headers"} and any(
            other._replace(key=one.key) == one for other in ties
        )

    @cached_property
    def stale(self) -> Mapping[Tie, None]:
        """The bindings that no file declares any more, and that the broker keeps."""
        found: dict[Tie, None] = {}
        if not self.lasting:
            return found
        for one in self.untied:
            gone = {(EXCHANGE, one.source), (one.kind, one.name)} & self.recreated
            if not gone and not self._passing(one):
                found[one] = None
        return found

    @cached_property
    def filled(self) -> set[str]:
        """The queues that stale bindings go on filling."""
        sources = fed(self.new)
        return {one.name for one in self.stale if one.kind == QUEUE and one.source in sources}

    @cached_property
    def reread(self) -> list[Tie]:
        """The bindings that stay in kombu's table in the form of another type of exchange.

        A topic exchange takes what was written by a direct one for a pattern
        that every key matches (measured on Redis).
        """
        if self.native or not self.lasting:
            return []
        old, new = self.before.exchanges, self.after.exchanges
        turned = {name for name in old.keys() & new.keys() if old[name].type != new[name].type}
        return [
            one
            for one in self.before.ties
            if one.source in turned and one not in self.stale and not self._passing(one)
        ]

    def _passing(self, one: Tie) -> bool:
        """Whether a binding goes by itself: with a worker's own queue, or with a subscription."""
        queue = self.before.queues.get(one.name) if one.kind == QUEUE else None
        if queue is not None and queue.broadcast:
            return True
        source = self.before.exchanges.get(one.source)
        redis = self.new.broker.kind.name == "redis"
        return redis and source is not None and source.type == "fanout"

    @cached_property
    def leftover(self) -> Deliveries:
        """The new broker with the stale bindings still there."""
        bindings = {
            name: dict.fromkeys(tie(QUEUE, name, one) for one in given)
            for name, given in self.new.wiring.bindings.items()
        }
        own = {name: list(given) for name, given in self.new.wiring.bindings.items()}
        exchanges = {**self.old.wiring.exchanges, **self.new.wiring.exchanges}
        wanted = set(self.stale)
        for name, given in self.old.wiring.bindings.items():
            for one in given:
                value = tie(QUEUE, name, one)
                if value in wanted and value not in bindings.get(name, {}):
                    own.setdefault(name, []).append(one)
        for name, exchange in self.old.exchanges.items():
            more = tuple(one for one in exchange.bindings if tie(EXCHANGE, name, one) in wanted)
            if more:
                known = exchanges[name]
                exchanges[name] = known.replace(bindings=(*known.bindings, *more))
        queues = {name: Queue(name=name, bindings=tuple(given)) for name, given in own.items()}
        return Deliveries(self.new.replace(queues=queues, exchanges=exchanges, routes=()))

    def spilt(self, sent: Publishing) -> tuple[str, ...]:
        """Return the queues that get a message of the new file only by stale bindings."""
        if not self.stale or not sent.wire_exchange:
            return ()
        meant = delivered(self.new, sent)
        got = self.leftover.queues(sent.wire_exchange, sent.wire_key or "", sent.headers)
        return tuple(one for one in got if one not in meant)


_NAMES = {"redis": "Redis", "sqs": "SQS", "mongodb": "MongoDB"}


def senders(topology: Topology) -> list[Publishing]:
    """Return everything the file publishes: routes, tasks' own queues, default and schedule."""
    return topology.wiring.memo("changes.senders", lambda: _senders(topology))


def _senders(topology: Topology) -> list[Publishing]:
    found = [publishing(topology, None)]
    found += [publishing(topology, route) for route in topology.routes]
    queues = dict.fromkeys(one.queue for one in topology.tasks.values() if one.queue)
    found += [publishing(topology, Route(task=name, queue=name)) for name in queues]
    if topology.beat is not None:
        for entry in topology.beat.schedule.values():
            if entry.queue or entry.routing_key:
                route = table(topology).find(entry.task).route
                found.append(
                    publishing(topology, route, queue=entry.queue, routing_key=entry.routing_key)
                )
    return found


def delivered(topology: Topology, sent: Publishing) -> tuple[str, ...]:
    """Return the queues that get what is published."""
    if sent.wire_exchange is None:
        return ()
    return deliveries(topology).queues(sent.wire_exchange, sent.wire_key or "", sent.headers)


def reached(topology: Topology) -> set[str]:
    """Return the queues that something the file publishes gets into."""
    return topology.wiring.memo(
        "changes.reached",
        lambda: {name for sent in senders(topology) for name in delivered(topology, sent)},
    )


def fed(topology: Topology) -> set[str]:
    """Return the exchanges that messages come to: published, dead, alternate or passed on."""
    return topology.wiring.memo("changes.fed", lambda: _fed(topology))


def _fed(topology: Topology) -> set[str]:
    found = {sent.wire_exchange for sent in senders(topology) if sent.wire_exchange}
    for queue in declared(topology).queues.values():
        dead = queue.arguments.get("x-dead-letter-exchange")
        if isinstance(dead, str):
            found.add(dead)
    todo = list(found)
    exchanges, bound = topology.wiring.exchanges, topology.wiring.bound
    while todo:
        name = todo.pop()
        exchange = exchanges.get(name)
        further = [one.name for one in bound.get(name, ()) if one.kind == EXCHANGE]
        if exchange is not None and exchange.alternate:
            further.append(exchange.alternate)
        todo += [one for one in further if one not in found]
        found.update(further)
    return found


def consumed(topology: Topology, queue: str) -> bool:
    """Whether a worker that runs consumes the queue."""
    return bool(topology.wiring.consumers.get(queue))


def parked(topology: Topology, queue: str) -> bool:
    """Whether messages wait there for a person."""
    return queue in topology.queues and topology.queues[queue].parking
