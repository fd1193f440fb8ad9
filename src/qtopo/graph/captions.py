"""What the drawings say of a node in words: its caption in a few, its tooltip in many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.diagnostics.secrets import masked
from qtopo.graph.facts import shown
from qtopo.graph.layers import ALTERNATE, BINDS, DEAD_LETTER, PUBLISHES, WAITS_FOR, by_layer, count
from qtopo.topology.units import format_duration, format_size

if TYPE_CHECKING:
    from collections.abc import Callable

_DURATIONS = {
    "message_ttl", "expires", "wait", "every", "mean", "p99", "time_limit", "soft_time_limit",
    "max_delay", "drain", "soft",
}  # fmt: skip
_SIZES = {"max_length_bytes", "memory", "max_memory_per_child"}
_MANY = 3
_NAMED = {DEAD_LETTER: "dead letters", ALTERNATE: "alternate", WAITS_FOR: "waits for"}
_FREE = {"arguments", "consumer_arguments", "headers", "args", "kwargs", "env"}
_GRAPH_KEYS = {"kind", "label", "path", "missing", "members", "findings", "change", "changes"}
"""What the graph says of itself, rather than the file of a thing."""

_CHANGES_SHOWN = 3
_LONGEST_CHANGE = 60


def name(data: dict[str, Any]) -> str:
    """Return what to call a node; a route with many patterns is called after the first."""
    patterns = data.get("patterns", ())
    if len(patterns) <= _MANY:
        return str(data["label"])
    return f"{', '.join(patterns[:_MANY])}, {len(patterns) - _MANY:,} more"


def caption(data: dict[str, Any], *, times: str = "×") -> str:
    """Return what matters most of a node besides its name; may be empty.

    `times` stands between a pool and how much it does at a time.
    """
    if data.get("missing"):
        return "not declared"
    if "members" in data:
        return ""
    if data["kind"] == "worker":
        return concurrency(data, times)
    words = _CAPTIONS.get(data["kind"])
    return "" if words is None else ", ".join(word for word in words(data) if word)


def tooltip(data: dict[str, Any]) -> str:
    """Return everything the file says of a node, a line for each key."""
    lines = [f"{data['kind']} {data['label']}"]
    if data.get("missing"):
        lines.append("not declared")
    lines += change_lines(data, most=None)
    lines += [
        f"{key}: {_plain_text(key, value)}" for key, value in data.items() if key not in _GRAPH_KEYS
    ]
    return "\n".join(lines)


def change_word(data: dict[str, Any]) -> str:
    """Return `added`, `removed` or `changed` of what is in a difference; else nothing."""
    change = str(data.get("change", "same"))
    return "" if change == "same" else change


def change_lines(
    data: dict[str, Any], *, arrow: str = "→", most: int | None = _CHANGES_SHOWN
) -> list[str]:
    """Return what changed of a node or an edge: `message_ttl: 1h → 2h`; long values are cut."""
    changes = data.get("changes", {})
    first = list(changes.items())[:most]
    lines = [_change_line(key, old, new, arrow) for key, (old, new) in first]
    if len(changes) > len(first):
        lines.append(f"and {len(changes) - len(first)} more")
    return lines


def _change_line(key: str, old: Any, new: Any, arrow: str) -> str:
    if key == "missing":
        return "declared before" if new else "not declared before"
    return f"{key}: {_said(key, old)} {arrow} {_said(key, new)}"


def _said(key: str, value: Any) -> str:
    if value is None:
        return "not set"
    text = _plain_text(key, value) or "empty"
    return text if len(text) <= _LONGEST_CHANGE else text[: _LONGEST_CHANGE - 1] + "…"


def _plain_text(key: str, value: Any) -> str:
    """Return a fact without the secrets in it."""
    if isinstance(value, (bool, int, float)):
        return value_text(key, value)
    return masked(value_text(key, shown(key, value)))


def value_text(key: str, value: Any) -> str:
    """Return a fact as the file would write it, without quotes."""
    if value is True or value is False:
        return str(value).lower()
    if isinstance(value, dict):
        # Keys of free tables mean what the user or the broker says, not what ours do.
        free = key in _FREE or not key
        return ", ".join(
            f"{name} {value_text('' if free else name, one)}" for name, one in value.items()
        )
    if isinstance(value, list):
        return ", ".join(value_text("", one) for one in value)
    if isinstance(value, (int, float)):
        if key in _DURATIONS:
            return format_duration(value)
        if key in _SIZES:
            return format_size(int(value))
    return str(value)


def edge_text(graph: Any, start: str, end: str, data: dict[str, Any]) -> str:
    """Return what to write on an edge; may be empty.

    A key that only repeats the name of a queue's own exchange is left out.
    """
    kind, label = data["kind"], str(data["label"])
    if kind in _NAMED:
        return f"{_NAMED[kind]}: {label}" if label else _NAMED[kind]
    exchange = graph.nodes[end if kind == PUBLISHES else start]
    if kind in (PUBLISHES, BINDS) and exchange.get("implicit") and exchange["label"] == label:
        return ""
    return label


def concurrency(data: dict[str, Any], times: str) -> str:
    """Return how much a worker does at a time: pool, processes or threads, replicas."""
    pool = str(data.get("pool", ""))
    scale = data.get("autoscale")
    if scale:
        pool += f" {times} {scale.get('min')}-{scale.get('max')}"
    elif "concurrency" in data:
        pool += f" {times} {data['concurrency']}"
    replicas = data.get("replicas", 1)
    if replicas == 0:
        return f"{pool}, switched off"
    return pool if replicas == 1 else f"{pool}, {replicas:,} replicas"


def _queue(data: dict[str, Any]) -> list[str]:
    priority = data.get("max_priority")
    return [
        data.get("type", ""),
        "broadcast" if data.get("broadcast") else "",
        "parking" if data.get("parking") else "",
        f"priorities to {priority}" if priority else "",
        _with("TTL", data, "message_ttl"),
    ]


def _with(word: str, data: dict[str, Any], key: str) -> str:
    return f"{word} {value_text(key, data[key])}" if key in data else ""


def _route(data: dict[str, Any]) -> list[str]:
    return [f"route {data.get('index')}", _with("priority", data, "priority")]


def _task(data: dict[str, Any]) -> list[str]:
    duration = data.get("duration", {})
    return [data.get("rate", ""), value_text("mean", duration["mean"]) if duration else ""]


def _machine(data: dict[str, Any]) -> list[str]:
    cpus = f"{data['cpus']:g} cores" if "cpus" in data else ""
    number = data.get("count", 1)
    return [cpus, _with("", data, "memory").strip(), f"{number:,} of them" if number > 1 else ""]


def _resource(data: dict[str, Any]) -> list[str]:
    return [data.get("resource_kind", ""), _with("lock", data, "lock")]


_CAPTIONS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "exchange": lambda data: [data.get("type", "")],
    "queue": _queue,
    "route": _route,
    "task": _task,
    "machine": _machine,
    "resource": _resource,
}


def summary(graph: Any) -> str:
    """Return what a graph holds: `3 tasks, 1 route, 2 queues`; of a difference, what changed."""
    if graph.graph.get("compared"):
        from qtopo.graph.difference import counts

        changed = [f"{number:,} {word}" for word, number in counts(graph).items() if number]
        return ", ".join(changed) or "nothing changed"
    return ", ".join(count(len(nodes), kind) for kind, nodes in by_layer(graph).items())


def title(graph: Any) -> str:
    """Return the name of what is drawn: the application, and the overlay where there is one."""
    name = graph.graph.get("app") or "topology"
    environment = graph.graph.get("environment")
    return f"{name} ({environment})" if environment else str(name)
