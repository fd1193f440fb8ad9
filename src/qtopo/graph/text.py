"""The graph for a terminal: a tree for each queue of what it gets and who takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.graph.captions import caption, edge_text, name, summary, title
from qtopo.graph.layers import (
    ALTERNATE,
    BINDS,
    CONSUMES,
    DEAD_LETTER,
    DECIDES,
    EXCHANGE_BINDING,
    PUBLISHES,
    RUNS_ON,
    SENDS,
    STEP,
    USES,
    WAITS_FOR,
    by_layer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from networkx import MultiDiGraph

_JOINERS = "\u200c\u200d"


class _Glyphs(NamedTuple):
    one: str
    last: str
    on: str
    arrow: str
    times: str


_UNICODE = _Glyphs("├─", "└─", "│", "→", "×")
_ASCII = _Glyphs("|-", "`-", "|", "->", "x")


class _Line(NamedTuple):
    text: str
    below: list[_Line]


def draw(graph: MultiDiGraph, *, unicode: bool = True) -> str:
    """Return a tree for each queue, then what belongs to none; names stay on one line."""
    glyphs = _UNICODE if unicode else _ASCII
    blocks = [f"{_clean(title(graph))}: {summary(graph) or 'nothing declared'}"]
    blocks += (
        "\n".join([block.text, *_indented(block.below, "", glyphs)])
        for block in _Trees(graph, glyphs).blocks()
    )
    return "\n\n".join(blocks) + "\n"


def _indented(lines: list[_Line], margin: str, glyphs: _Glyphs) -> Iterator[str]:
    for index, line in enumerate(lines):
        last = index == len(lines) - 1
        yield f"{margin}{glyphs.last if last else glyphs.one} {line.text}"
        deeper = margin + ("   " if last else f"{glyphs.on}  ")
        yield from _indented(line.below, deeper, glyphs)


class _Trees:
    """Looks at the graph from each queue."""

    def __init__(self, graph: MultiDiGraph, glyphs: _Glyphs) -> None:
        self.graph = graph
        self.glyphs = glyphs
        self.layers = by_layer(graph)
        # What reaches each queue, and what reaches none: (sender, edge).
        self.reaching: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self.lost: list[tuple[str, dict[str, Any]]] = []
        for start, end, data in graph.edges(data=True):
            if data["kind"] != PUBLISHES:
                continue
            queues = [f"queue:{one}" for one in data["delivered_to"]]
            if not queues and graph.nodes[end]["kind"] == "queue":
                queues = [end]
            for queue in queues:
                self.reaching.setdefault(queue, []).append((start, data))
            if not queues:
                self.lost.append((start, data))

    def blocks(self) -> Iterator[_Line]:
        """Yield one tree for each queue, then for what is seen from none."""
        for node, _ in self.layers.get("queue", ()):
            yield _Line(self._head(node), [*self._queue(node)])
        for node, _ in self.layers.get("exchange", ()):
            if not any(self._out(node, BINDS)):
                below = [*self._exchange(node)]
                below += [
                    _Line(f"passes on to {self._name(end)}{_key(data)}", [])
                    for end, data in self._out(node, EXCHANGE_BINDING)
                ]
                below += [
                    _Line(f"leaves the rest to {self._name(end)}", [])
                    for end, data in self._out(node, ALTERNATE)
                ]
                yield _Line(self._head(node), below)
        if self.lost:
            yield _Line(
                "reaches no queue", [self._sender(start, data) for start, data in self.lost]
            )
        for node, _ in self.layers.get("workflow", ()):
            steps = [
                _Line(f"{data['label']}: {self._name(end)}".removeprefix(": "), [])
                for end, data in self._out(node, STEP)
            ]
            yield _Line(self._head(node), steps)
        for kind, edge in (("machine", RUNS_ON), ("resource", USES)):
            for node, _ in self.layers.get(kind, ()):
                users = [_Line(self._name(start), []) for start, _ in self._in(node, edge)]
                yield _Line(self._head(node), users)
        for node, _ in self.layers.get("worker", ()):
            if not any(self._in(node, CONSUMES)):
                yield _Line(self._head(node), [])

    def _queue(self, node: str) -> Iterator[_Line]:
        told: set[str] = set()
        for start, data in self._in(node, BINDS):
            key = edge_text(self.graph, start, node, data)
            text = f"bound to {self._head(start)}" + (f": {key}" if key else "")
            below = [] if start in told else [*self._exchange(start, node)]
            told.add(start)
            yield _Line(_clean(text), below)
        for start, _ in self._in(node, DEAD_LETTER):
            yield _Line(f"gets the dead letters of {self._name(start)}", [])
        for start, data in self.reaching.get(node, ()):
            yield self._sender(start, data)
        for end, _ in self._out(node, CONSUMES):
            machines = [self._name(machine) for machine, _ in self._out(end, RUNS_ON)]
            on = f" on {', '.join(machines)}" if machines else ""
            yield _Line(f"consumed by {self._head(end)}{on}", [])
        for end, data in self._out(node, DEAD_LETTER):
            yield _Line(f"dead letters to {self._name(end)}{_key(data)}", [])

    def _exchange(self, node: str, queue: str | None = None) -> Iterator[_Line]:
        """Yield what an exchange gets besides what tasks publish; `queue` may get it too."""
        for start, data in self._in(node, EXCHANGE_BINDING):
            yield _Line(f"gets from {self._name(start)}{_key(data)}", [])
        for start, _ in self._in(node, ALTERNATE):
            yield _Line(f"gets what {self._name(start)} cannot place", [])
        for start, data in self._in(node, DEAD_LETTER):
            known = data.get("delivered_to")
            if queue and known is not None and self.graph.nodes[queue]["label"] not in known:
                continue
            yield _Line(f"gets the dead letters of {self._name(start)}{_key(data)}", [])

    def _sender(self, node: str, data: dict[str, Any]) -> _Line:
        """Return who publishes, with which key, and what stands behind it."""
        key = data["label"]
        if data["exchange"] == "" or key == data["queue"]:
            # Found by its name: the key says nothing more.
            key = ""
        arrow = f" {self.glyphs.arrow} {_clean(key)}" if key else ""
        default = " (default)" if data.get("decided_by") == "default" else ""
        kind = self.graph.nodes[node]["kind"]
        if kind == "task":
            below = [*self._task(node)]
        elif kind == "route":
            below = [
                _Line(self._name(start) + _key(edge), [*self._task(start)])
                for start, edge in self._in(node, DECIDES)
            ]
        else:
            below = [
                _Line(self._name(end) + _key(edge), []) for end, edge in self._out(node, SENDS)
            ]
        return _Line(f"gets {self._head(node)}{arrow}{default}", below)

    def _task(self, node: str) -> Iterator[_Line]:
        for kind in (SENDS, STEP):
            for start, data in self._in(node, kind):
                if data.get("overrides"):
                    # It names its queue itself, and stands there.
                    continue
                yield _Line(f"sent by {self._name(start)}{_key(data)}", [])
        for end, _ in self._out(node, WAITS_FOR):
            yield _Line(f"waits for {self._name(end)}", [])

    def _head(self, node: str) -> str:
        words = caption(self.graph.nodes[node], times=self.glyphs.times)
        return self._name(node) + (f" ({_clean(words)})" if words else "")

    def _name(self, node: str) -> str:
        data = self.graph.nodes[node]
        return _clean(f"{data['kind']} {name(data)}")

    def _in(self, node: str, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for start, _, data in self.graph.in_edges(node, data=True):
            if data["kind"] == kind:
                yield start, data

    def _out(self, node: str, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for _, end, data in self.graph.out_edges(node, data=True):
            if data["kind"] == kind:
                yield end, data


def _key(data: dict[str, Any]) -> str:
    return f": {_clean(str(data['label']))}" if data["label"] else ""


def _clean(text: str) -> str:
    """Return a text on one line that no terminal obeys."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one in _JOINERS else one.encode("unicode_escape").decode()
        for one in text
    )
