"""Alert rules of queues: nobody consumes, too few do, too long a wait, messages for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.emit.keda_triggers import is_fanned_out, is_stream
from qtopo.emit.prometheus_metrics import Watched
from qtopo.emit.prometheus_text import figure, literal, span
from qtopo.emit.yaml_ import one_line
from qtopo.routing.deadletters import dead_letters
from qtopo.routing.letters import dead_letter_exchange
from qtopo.topology.units import format_duration
from qtopo.topology.wiring import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.topology.queues import Queue
    from qtopo.topology.topology import Topology
    from qtopo.topology.workers import Worker

CRITICAL, WARNING = "critical", "warning"

FINEST = 120
"""The shortest time in seconds that rules look back: a few scrapes, or nothing changes."""

_RATE = 300


class Rule(NamedTuple):
    """An alert: `lasting` are the seconds it has to hold; texts are as they are to be read.

    `measured` follows the description where the value says more.
    """

    alert: str
    expr: str
    lasting: int
    severity: str
    labels: dict[str, str]
    summary: str
    description: str
    measured: str = ""

    def plain(self) -> dict[str, Any]:
        """Return the rule as Prometheus reads it."""
        labels = {"severity": self.severity, **self.labels}
        # A label is compared with others; an annotation is shown.
        told = {"summary": self.summary, "description": self.description}
        found = {name: literal(one_line(text)) for name, text in told.items()}
        if self.measured:
            found["description"] += f" {self.measured}"
        return {
            "alert": self.alert,
            "expr": self.expr,
            "for": span(self.lasting),
            # Prometheus drops a label without a value.
            "labels": {name: literal(text) for name, text in labels.items() if text},
            "annotations": found,
        }


def queue_rules(topology: Topology) -> Iterator[Rule]:
    """Yield the rules of every queue that can be measured, in the order of the file."""
    parked = parked_queues(topology)
    for queue in topology.queues.values():
        # Each connection's own: of a name made up, or gone with it.
        if queue.broadcast or queue.exclusive:
            continue
        # Fanout on Redis and streams have no messages that wait for one consumer.
        lasting = not is_stream(queue.type, queue.arguments) and not (
            topology.broker.kind.virtual and is_fanned_out(topology, queue.name)
        )
        if queue.name in parked:
            if lasting:
                yield _parked(topology, queue, parked[queue.name])
            continue
        yield from _consumed(topology, queue, lasting=lasting)
        if lasting and queue.slo is not None and queue.slo.wait is not None:
            yield from _wait(topology, queue, queue.slo.wait)


def parked_queues(topology: Topology) -> dict[str, str]:
    """Return the queues whose messages wait for a person, and why they are there."""
    found: dict[str, list[str]] = {
        name: [] for name, queue in topology.queues.items() if queue.parking
    }
    for target, why in _outcasts(topology):
        queue = topology.queues[target]
        idle = not consuming(topology, target)
        # Without a consumer but with a way on it is a delay: messages leave by themselves.
        if target in found or (idle and dead_letter_exchange(queue)[0] is None):
            reasons = found.setdefault(target, [])
            if why not in reasons:
                reasons.append(why)
    return {name: "; ".join(why) or "parking" for name, why in found.items()}


def consuming(topology: Topology, queue: str) -> list[Worker]:
    """Return the workers that consume a queue whenever they run."""
    return [
        one
        for one in topology.workers.values()
        if queue in one.queues and (one.replicas > 0 or one.scale is not None)
    ]


def owned(topology: Topology, queue: Queue) -> dict[str, str]:
    """Return the labels that tell whose a queue is."""
    owners = [queue.owner] if queue.owner else []
    owners += [one.owner for one in consuming(topology, queue.name) if one.owner and not owners]
    return {**common(topology), "queue": queue.name, "owner": (owners or [""])[0] or ""}


def common(topology: Topology) -> dict[str, str]:
    """Return the labels of every rule."""
    return {"app": topology.app.name or "", "environment": topology.environment or ""}


def _outcasts(topology: Topology) -> Iterator[tuple[str, str]]:
    """Yield the queues that get dead letters or what no binding takes, and of whom."""
    for name in topology.queues:
        for course in dead_letters(topology, name).courses:
            for letter in course.letters:
                for target in letter.delivered_to:
                    yield target, f"dead letters of '{letter.queue}'"
    for name, exchange in topology.wiring.exchanges.items():
        if exchange.alternate is not None and not topology.broker.kind.virtual:
            for target in _behind(topology, exchange.alternate):
                yield target, f"what no binding of exchange '{name}' takes"


def _behind(topology: Topology, exchange: str) -> Iterator[str]:
    """Yield the queues behind an exchange, whatever the key."""
    seen, left = {exchange}, [exchange]
    while left:
        for bound in topology.wiring.bound.get(left.pop(), ()):
            if bound.kind == QUEUE:
                yield bound.name
            elif bound.name not in seen:
                seen.add(bound.name)
                left.append(bound.name)


def _parked(topology: Topology, queue: Queue, why: str) -> Rule:
    watched = Watched(topology, queue.name)
    return Rule(
        "CeleryMessagesParked",
        f"{watched.waiting()} > 0",
        60,
        WARNING,
        owned(topology, queue),
        f"messages wait for a person in queue '{queue.name}'",
        f"queue '{queue.name}' has no consumer on purpose ({why}).",
        "It holds {{ $value }} messages.",
    )


def _consumed(topology: Topology, queue: Queue, *, lasting: bool) -> Iterator[Rule]:
    workers = consuming(topology, queue.name)
    if not workers:
        return
    watched = Watched(topology, queue.name)
    least = sum(one.replicas if one.scale is None else one.scale.min for one in workers)
    names = ", ".join(f"'{one.name}'" for one in workers)
    expr = f"{watched.consumers()} == 0"
    if least == 0 and lasting:
        # It may rest while there is nothing to do.
        at = " on ()" if watched.waiting().startswith("sum(") else ""
        expr += f" and{at} {watched.waiting()} > 0"
    elif not queue.auto_delete and queue.expires is None:
        expr = f"({expr}) or {watched.missing()}"
    labels = owned(topology, queue)
    if least or lasting:
        yield Rule(
            "CeleryQueueWithoutConsumer",
            expr,
            300,
            CRITICAL,
            labels,
            f"nobody consumes queue '{queue.name}'",
            f"queue '{queue.name}' has no consumer, or is not there: no process of {names} "
            "is connected to it.",
        )
    if least > 1:
        yield Rule(
            "CeleryProcessesMissing",
            f"{watched.consumers()} > 0 < {least}",
            900,
            WARNING,
            labels,
            f"processes are missing that consume queue '{queue.name}'",
            f"queue '{queue.name}' is to have {least} consumers, the processes of {names}.",
            "It has {{ $value }}.",
        )


def _wait(topology: Topology, queue: Queue, promised: float) -> Iterator[Rule]:
    watched = Watched(topology, queue.name)
    back = max(promised, FINEST)
    over = max(promised, _RATE)
    said = f"queue '{queue.name}' promises a wait of at most {format_duration(promised)}"
    # What waited then, less what was handed out since, has waited all the time,
    # whatever the order was.
    yield Rule(
        "CeleryQueueLate",
        f"({watched.waiting(span(back))} > {watched.taken(back)}) and {watched.waiting()} > 0",
        0,
        CRITICAL,
        owned(topology, queue),
        f"messages wait longer in queue '{queue.name}' than it promises",
        f"{said}; some have waited longer than {format_duration(back)}.",
    )
    # A product, since there may be nothing to divide by.
    rate = watched.done_each_second(over)
    yield Rule(
        "CeleryQueueFallsBehind",
        f"{watched.waiting()} > {figure(promised)} * {rate}",
        300,
        WARNING,
        owned(topology, queue),
        f"queue '{queue.name}' has more messages than its workers do in time",
        f"{said}; at the pace of the last {format_duration(over)} its last message waits longer.",
        "It holds {{ $value }} messages.",
    )
