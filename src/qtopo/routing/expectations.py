"""Whether a task goes where it is meant to, and in words why it does not.

`qtopo test`, `qtopo route --expect` and the pytest plugin ask here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.errors import QtopoError
from qtopo.routing.once import once
from qtopo.routing.why import origin, refusal, these, way
from qtopo.topology.suggest import did_you_mean
from qtopo.topology.tests import Expected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from qtopo.routing.route import Routed
    from qtopo.topology.topology import Topology


def judge(routed: Routed, expected: Expected, topology: Topology) -> list[str]:
    """Return why a task does not go where it is meant to; nothing where it does.

    Each reason is a sentence for the user. One that names what the file does not
    declare says so and nothing else.
    """
    if expected.refused is not None:
        return _refused(routed, expected.refused, topology)
    if routed.refused is not None or routed.publish.exchange is None:
        return [f"Celery refuses to send it: {refusal(routed, topology)}"]
    reasons = []
    for key, check in _CHECKS.items():
        wanted = getattr(expected, key)
        if wanted is not None:
            reasons += check(routed, wanted, topology)
    return reasons


def parse(texts: Iterable[str]) -> Expected:
    """Return what `--expect KEY=VALUE` texts say; the values of lists stand between commas.

    A list may be said in several parts. Raises QtopoError for an unknown key, a
    value it does not take, and one said twice.
    """
    table: dict[str, Any] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if key not in Expected.KEYS:
            raise QtopoError(
                f"--expect knows no {key!r}",
                did_you_mean(key, Expected.KEYS) or f"it knows {', '.join(Expected.KEYS)}",
            )
        if not separator and key != "exactly_once":
            raise QtopoError(f"--expect takes KEY=VALUE, not {text!r}", f"--expect {key}=...")
        if key in ("delivered_to", "workers"):
            table[key] = [*table.get(key, ()), *(one for one in value.split(",") if one)]
        elif key in table:
            raise QtopoError(f"--expect says {key!r} twice")
        else:
            table[key] = _value(key, value if separator else "true")
    return expectation(table, "--expect")


def expectation(table: Mapping[str, Any], said: str) -> Expected:
    """Return an expectation given as a table of the file; `said` names where.

    Raises QtopoError where it is none.
    """
    from qtopo.topology.shape import Trial

    reader = Trial()
    plain = {key: list(one) if isinstance(one, tuple) else one for key, one in table.items()}
    expected = Expected.read(plain, ("expect",), reader)
    if reader.findings:
        first = reader.findings[0]
        raise QtopoError(f"{said}: {first.message}", first.help)
    if not table:
        raise QtopoError(f"{said} says nothing", f"it knows {', '.join(Expected.KEYS)}")
    return expected


def _value(key: str, text: str) -> Any:
    """Return what a text stands for, as the file would have it."""
    if key == "exactly_once" and text in ("true", "false"):
        return text == "true"
    if key == "priority" and text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    if key == "decided_by":
        first, *rest = text.split(",")
        listed = first == "routes"
        return [first, *(int(one) if listed and _index(one) else one for one in rest)]
    return text


def _index(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _refused(routed: Routed, wanted: str, topology: Topology) -> list[str]:
    said = refusal(routed, topology)
    if routed.refused is None and routed.publish.exchange is not None:
        queues = these(routed.delivered_to) if routed.delivered_to else "no queue"
        why = origin(routed, "queue", topology)
        return [f"it is sent and gets into {queues}, not refused with {wanted}: {why}"]
    if said.partition(":")[0] == wanted:
        return []
    return [f"it is refused, but not with {wanted}: {said}"]


def _queue(routed: Routed, wanted: str, topology: Topology) -> list[str]:
    if routed.queue == wanted:
        return []
    if wanted not in topology.queues:
        return [_unknown("queue", wanted, topology.queues)]
    if routed.queue is None:
        return [f"it is sent to exchange {routed.exchange!r} alone, not to queue {wanted!r}"]
    why = origin(routed, "queue", topology, wanted)
    return [f"queue is {routed.queue!r}, not {wanted!r}: {why}"]


def _exchange(routed: Routed, wanted: str, topology: Topology) -> list[str]:
    if routed.exchange == wanted:
        return []
    if wanted not in topology.wiring.exchanges:
        return [_unknown("exchange", wanted, topology.wiring.exchanges)]
    return [_differs("exchange", routed.exchange, wanted, routed, topology)]


def _key(routed: Routed, wanted: str, topology: Topology) -> list[str]:
    if routed.routing_key == wanted:
        return []
    return [_differs("routing_key", routed.routing_key, wanted, routed, topology)]


def _priority(routed: Routed, wanted: int, topology: Topology) -> list[str]:
    if routed.priority == wanted:
        return []
    if routed.priority is None and routed.publish.priority is not None:
        return [f"priority {wanted} has no effect: queue {routed.queue!r} knows no priorities"]
    return [_differs("priority", routed.priority, wanted, routed, topology)]


def _differs(key: str, found: Any, wanted: Any, routed: Routed, topology: Topology) -> str:
    shown = "not given" if found is None else repr(found)
    return f"{key} is {shown}, not {wanted!r}: {origin(routed, key, topology)}"


def _delivered(routed: Routed, wanted: Sequence[str], topology: Topology) -> list[str]:
    reasons = []
    for queue in dict.fromkeys(wanted):
        if queue in routed.delivered_to:
            continue
        if queue not in topology.queues:
            reasons.append(_unknown("queue", queue, topology.queues))
        else:
            reasons.append(f"{queue!r} does not get it: {way(topology, routed, queue)}")
    too = "gets it too" if wanted else "gets it, and no queue is meant to"
    more = [one for one in routed.delivered_to if one not in wanted]
    return [*reasons, *(f"{one!r} {too}: {way(topology, routed, one)}" for one in more)]


def _workers(routed: Routed, wanted: Sequence[str], topology: Topology) -> list[str]:
    reasons = []
    for name in dict.fromkeys(wanted):
        worker = topology.workers.get(name)
        if name in routed.workers:
            continue
        if worker is None:
            reasons.append(_unknown("worker", name, topology.workers))
        elif not worker.replicas:
            reasons.append(f"worker {name!r} does not get it: it is switched off (replicas = 0)")
        else:
            into = these(routed.delivered_to) if routed.delivered_to else "no queue"
            own = these(worker.queues or ())
            reasons.append(
                f"worker {name!r} does not get it: it gets into {into}, {name!r} consumes {own}"
            )
    for name in routed.workers:
        if name not in wanted:
            shared = [one for one in routed.delivered_to if one in topology.workers[name].queues]
            reasons.append(f"worker {name!r} gets it too: it consumes {these(shared)}")
    return reasons


def _once(routed: Routed, wanted: bool, topology: Topology) -> list[str]:
    reasons = once(topology, routed)
    if wanted:
        return reasons
    return [] if reasons else [f"it runs exactly once, from {these(routed.delivered_to)}"]


def _decided_by(routed: Routed, wanted: tuple[str | int, ...], topology: Topology) -> list[str]:
    if routed.decided_by.path == wanted:
        return []
    from qtopo.topology.model import describe

    return [f"not decided by {describe(wanted)}: {origin(routed, 'queue', topology, path=wanted)}"]


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    hint = did_you_mean(name, known)
    return f"no {kind} {name!r} is declared" + (f": {hint}" if hint else "")


_CHECKS: dict[str, Callable[[Routed, Any, Topology], list[str]]] = {
    "queue": _queue,
    "exchange": _exchange,
    "routing_key": _key,
    "priority": _priority,
    "delivered_to": _delivered,
    "workers": _workers,
    "exactly_once": _once,
    "decided_by": _decided_by,
}
"""By key of `Expected`; each returns its reasons."""
