"""What can reach a queue: `qtopo route --from-queue`.

Everything the file knows of: tasks, the patterns that take tasks it does not
know, the default, schedule entries, dead letters of other queues, and the
bindings through which any other publisher may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.routing.deadletters import own_keys
from qtopo.routing.delivery import deliveries
from qtopo.routing.plain import plain
from qtopo.routing.route import Routed, route_many
from qtopo.routing.table import table
from qtopo.topology.publishing import publishing
from qtopo.topology.routes import Regex
from qtopo.topology.wiring import EXCHANGE, QUEUE
from qtopo.topology.workflows import steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.topology.finding import Path
    from qtopo.topology.publishing import Publishing
    from qtopo.topology.topology import Topology
    from qtopo.topology.wiring import Bound

TASK, PATTERN, DEFAULT = "task", "pattern", "default"
ENTRY, WORKFLOW = "schedule", "workflow"
BINDING, DEAD_LETTER = "binding", "dead-letter"


class Reaching(NamedTuple):
    """One thing whose messages get into the queue.

    `kind` is `task`, `pattern`, `default`, `schedule`, `workflow`, `binding` or
    `dead-letter`; `name` the task, pattern, entry, workflow, exchange or queue it
    is; `path` where the file says so. `exchange` and `routing_key` are what goes
    out (for a binding: what it takes); `meant` is false where the message was for
    another queue, and a copy gets in here.
    """

    kind: str
    name: str
    path: Path
    exchange: str | None
    routing_key: str | None
    meant: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {name: plain(value) for name, value in zip(self._fields, self, strict=True)}


def reaching(topology: Topology, queue: str) -> list[Reaching]:
    """Return all that can reach a queue, in the order above."""
    known = route_many(topology, topology.known_tasks())
    return [
        *_tasks(known, queue),
        *_patterns(topology, queue),
        *_entries(topology, queue),
        *_workflows(topology, known, queue),
        *_bindings(topology, queue),
        *_dead_letters(topology, queue),
    ]


def _tasks(known: list[Routed], queue: str) -> Iterator[Reaching]:
    for one in known:
        if queue in one.delivered_to:
            yield Reaching(
                TASK,
                one.task,
                one.decided_by.path,
                one.publish.exchange,
                one.publish.routing_key,
                one.queue == queue,
            )


def _patterns(topology: Topology, queue: str) -> Iterator[Reaching]:
    everything = False
    for index, route in enumerate(topology.routes):
        sent = publishing(topology, route)
        names = list(route.globs)
        if isinstance(route.task, Regex):
            names.append(f"/{route.task.regex}/")
        everything = everything or any(not name.strip("*") for name in route.globs)
        if names and _gets(topology, sent, queue):
            for name in names:
                yield _reaching(PATTERN, name, ("routes", index), sent, queue)
    sent = publishing(topology, None)
    if not everything and _gets(topology, sent, queue):
        path: Path = ("defaults", "queue") if topology.defaults.queue else ("defaults",)
        yield _reaching(DEFAULT, "any task that no route takes", path, sent, queue)


def _entries(topology: Topology, queue: str) -> Iterator[Reaching]:
    if topology.beat is None:
        return
    find = table(topology).find
    for name, entry in topology.beat.schedule.items():
        sent = publishing(
            topology,
            find(entry.task or "").route,
            queue=entry.queue or None,
            routing_key=entry.routing_key or None,
        )
        if entry.task and _gets(topology, sent, queue):
            yield _reaching(ENTRY, name, ("beat", "schedule", name), sent, queue)


def _workflows(topology: Topology, known: list[Routed], queue: str) -> Iterator[Reaching]:
    ways = {one.task: one for one in known}
    for name, workflow in topology.workflows.items():
        for path, task in steps(workflow, ("workflows", name)):
            way = ways.get(task)
            if way is not None and queue in way.delivered_to:
                yield Reaching(
                    WORKFLOW,
                    f"{name}: {task}",
                    path,
                    way.publish.exchange,
                    way.publish.routing_key,
                    way.queue == queue,
                )


def _bindings(topology: Topology, queue: str) -> Iterator[Reaching]:
    """Yield the exchanges a message can come through, the nearest first."""
    towards = {(QUEUE, queue)}
    seen: set[str] = set()
    while towards:
        further: set[tuple[str, str]] = set()
        for exchange, bound in topology.wiring.bound.items():
            for one in bound:
                if (one.kind, one.name) not in towards:
                    continue
                if one.kind == EXCHANGE and topology.broker.kind.virtual:
                    continue
                yield Reaching(
                    BINDING,
                    exchange,
                    _home(topology, one),
                    exchange,
                    one.binding.routing_key,
                )
                if exchange not in seen:
                    further.add((EXCHANGE, exchange))
        if not topology.broker.kind.virtual:
            for name, exchange_ in topology.wiring.exchanges.items():
                through = exchange_.alternate
                if through and (EXCHANGE, through) in further and name not in seen:
                    path: Path = ("exchanges", name, "alternate")
                    yield Reaching(BINDING, name, path, name, None)
                    further.add((EXCHANGE, name))
        seen |= {name for _, name in further}
        towards = further


def _home(topology: Topology, bound: Bound) -> Path:
    """Return where the file says that something is bound to an exchange."""
    home = "queues" if bound.kind == QUEUE else "exchanges"
    declared = getattr(topology, home)[bound.name]
    for index, binding in enumerate(declared.bindings):
        if binding is bound.binding:
            return (home, bound.name, "bindings", index)
    key = next((key for key in ("routing_key", "exchange") if getattr(declared, key, None)), None)
    return (home, bound.name) if key is None else (home, bound.name, key)


def _dead_letters(topology: Topology, queue: str) -> Iterator[Reaching]:
    if topology.broker.kind.virtual:
        return
    broker = deliveries(topology)
    for name, one in topology.queues.items():
        letter = one.dead_letter
        if letter is None or not letter.exchange:
            continue
        # Without a key of their own they keep the one they were published with.
        own = own_keys(topology, one) if letter.routing_key is None else [letter.routing_key]
        for key in own:
            if queue in broker.queues(letter.exchange, key):
                path: Path = ("queues", name, "dead_letter")
                yield Reaching(DEAD_LETTER, name, path, letter.exchange, key)
                break


def _gets(topology: Topology, sent: Publishing, queue: str) -> bool:
    if sent.wire_exchange is None:
        return False
    return queue in deliveries(topology).queues(
        sent.wire_exchange, sent.wire_key or "", sent.headers
    )


def _reaching(kind: str, name: str, path: Path, sent: Publishing, queue: str) -> Reaching:
    return Reaching(kind, name, path, sent.wire_exchange, sent.wire_key, sent.queue == queue)
