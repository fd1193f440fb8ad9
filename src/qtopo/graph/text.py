"""The graph for a terminal: a tree for each queue of what it gets and who takes it.

Of a difference each line begins with `+` (added), `-` (removed), `~` (changed) or a
space, and what changed stands below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.graph.captions import caption, change_lines, edge_text, name, summary, title
from qtopo.graph.difference import ADDED, CHANGED, REMOVED, is_compared
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
    from collections.abc import Callable, Iterable, Iterator

    from networkx import MultiDiGraph

_JOINERS = "\u200c\u200d"
_MARKS = {ADDED: "+", REMOVED: "-", CHANGED: "~"}
_COLOURS = {
    "beat": "33",
    "workflow": "33",
    "task": "36",
    "route": "35",
    "exchange": "34",
    "queue": "1;32",
    "worker": "1;33",
    "machine": "2",
    "resource": "2",
    "missing": "1;31",
    "frame": "2",
    "title": "1",
    "+": "32",
    "-": "31",
    "~": "33",
}
"""Codes of the terminal's own colours, which its theme keeps readable; 2 is faint."""


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
    mark: str = " "


def draw(graph: MultiDiGraph, *, unicode: bool = True, color: bool = False) -> str:
    """Return a tree for each queue, then what belongs to none; names stay on one line."""
    glyphs = _UNICODE if unicode else _ASCII
    paint = _painter(color)
    trees = _Trees(graph, glyphs, paint)
    marked = is_compared(graph)
    said = f"{_clean(title(graph))}: {summary(graph) or 'nothing declared'}"
    blocks = [paint(said, "title")]
    blocks += (
        "\n".join(_marked(text, mark, marked, paint) for text, mark in _rows(block, glyphs, paint))
        for block in trees.blocks()
    )
    return "\n\n".join(blocks) + "\n"


def _painter(color: bool) -> Callable[[str, str], str]:
    if not color:
        return lambda text, _: text
    return lambda text, style: f"\x1b[{_COLOURS[style]}m{text}\x1b[0m"


def _marked(text: str, mark: str, marked: bool, paint: Callable[[str, str], str]) -> str:
    if not marked:
        return text
    return f"  {text}" if mark == " " else f"{paint(mark, mark)} {text}"


def _rows(
    block: _Line, glyphs: _Glyphs, paint: Callable[[str, str], str]
) -> Iterator[tuple[str, str]]:
    yield block.text, block.mark
    yield from _indented(block.below, "", glyphs, paint)


def _indented(
    lines: list[_Line], margin: str, glyphs: _Glyphs, paint: Callable[[str, str], str]
) -> Iterator[tuple[str, str]]:
    for index, line in enumerate(lines):
        last = index == len(lines) - 1
        branch = glyphs.last if last else glyphs.one
        yield f"{paint(margin + branch, 'frame')} {line.text}", line.mark
        deeper = margin + ("   " if last else f"{glyphs.on}  ")
        yield from _indented(line.below, deeper, glyphs, paint)


class _Trees:
    """Looks at the graph from each queue."""

    def __init__(
        self, graph: MultiDiGraph, glyphs: _Glyphs, paint: Callable[[str, str], str]
    ) -> None:
        self.graph = graph
        self.glyphs = glyphs
        self.paint = paint
        self.layers = by_layer(graph)
        self.shown: set[str] = set()
        # What reaches each queue, and what reaches none: (sender, edge, what became of it).
        self.reaching: dict[str, list[tuple[str, dict[str, Any], str]]] = {}
        self.lost: list[tuple[str, dict[str, Any]]] = []
        for start, end, data in graph.edges(data=True):
            if data["kind"] != PUBLISHES:
                continue
            queues = {f"queue:{name}": mark for name, mark in _delivered(data).items()}
            if not queues and graph.nodes[end]["kind"] == "queue":
                queues = {end: _mark(data)}
            for queue, mark in queues.items():
                self.reaching.setdefault(queue, []).append((start, data, mark))
            if not queues:
                self.lost.append((start, data))

    def blocks(self) -> Iterator[_Line]:
        """Yield one tree for each queue, then for what is seen from none."""
        for node, _ in self.layers.get("queue", ()):
            yield self._block(node, self._queue(node))
        for node, _ in self.layers.get("exchange", ()):
            if not any(self._out(node, BINDS)):
                yield self._block(node, self._unbound(node))
        if self.lost:
            yield _Line(
                "reaches no queue",
                [self._sender(start, data, _mark(data)) for start, data in self.lost],
            )
        for node, _ in self.layers.get("workflow", ()):
            steps = (
                self._edge(
                    f"{_clean(str(data['label']))}: {self._name(end)}".removeprefix(": "), data, end
                )
                for end, data in self._out(node, STEP)
            )
            yield self._block(node, steps)
        for kind, edge in (("machine", RUNS_ON), ("resource", USES)):
            for node, _ in self.layers.get(kind, ()):
                users = (
                    self._edge(self._name(start), data, start)
                    for start, data in self._in(node, edge)
                )
                yield self._block(node, users)
        for node, _ in self.layers.get("worker", ()):
            if not any(self._in(node, CONSUMES)):
                yield self._block(node, ())
        # Of a part of a graph what leads to those above may be left out.
        for node in self.graph:
            if node not in self.shown:
                yield self._block(node, self._onward(node))

    def _block(self, node: str, below: Iterable[_Line]) -> _Line:
        data = self.graph.nodes[node]
        head = self._head(node)
        return _Line(head, [*self._changes(data), *below], _mark(data))

    def _changes(self, data: dict[str, Any]) -> list[_Line]:
        return [
            _Line(_clean(line), [], "~") for line in change_lines(data, arrow=self.glyphs.arrow)
        ]

    def _edge(
        self, text: str, data: dict[str, Any], node: str, below: Iterable[_Line] = ()
    ) -> _Line:
        """Return the line of an edge and the node it names; the edge's change goes first."""
        mark = _mark(data)
        return _Line(
            text,
            [*self._changes(data), *below],
            mark if mark != " " else _mark(self.graph.nodes[node]),
        )

    def _queue(self, node: str) -> Iterator[_Line]:
        told: set[str] = set()
        for start, data in self._in(node, BINDS):
            key = _clean(edge_text(self.graph, start, node, data))
            text = f"bound to {self._head(start)}" + (f": {key}" if key else "")
            below = [] if start in told else [*self._exchange(start, node)]
            told.add(start)
            yield self._edge(text, data, start, below)
        for start, data in self._in(node, DEAD_LETTER):
            yield self._edge(f"gets the dead letters of {self._name(start)}", data, start)
        for start, data, mark in self.reaching.get(node, ()):
            yield self._sender(start, data, mark)
        for end, data in self._out(node, CONSUMES):
            machines = [self._name(machine) for machine, _ in self._out(end, RUNS_ON)]
            on = f" on {', '.join(machines)}" if machines else ""
            text = f"consumed by {self._head(end)}{on}"
            yield self._edge(text, data, end, self._changes(self.graph.nodes[end]))
        for end, data in self._out(node, DEAD_LETTER):
            yield self._edge(f"dead letters to {self._name(end)}{_key(data)}", data, end)

    def _unbound(self, node: str) -> Iterator[_Line]:
        yield from self._exchange(node)
        for end, data in self._out(node, EXCHANGE_BINDING):
            yield self._edge(f"passes on to {self._name(end)}{_key(data)}", data, end)
        for end, data in self._out(node, ALTERNATE):
            yield self._edge(f"leaves the rest to {self._name(end)}", data, end)

    def _exchange(self, node: str, queue: str | None = None) -> Iterator[_Line]:
        """Yield what an exchange gets besides what tasks publish; `queue` may get it too."""
        if queue is not None:
            yield from self._changes(self.graph.nodes[node])
        for start, data in self._in(node, EXCHANGE_BINDING):
            yield self._edge(f"gets from {self._name(start)}{_key(data)}", data, start)
        for start, data in self._in(node, ALTERNATE):
            yield self._edge(f"gets what {self._name(start)} cannot place", data, start)
        for start, data in self._in(node, DEAD_LETTER):
            known = _delivered(data) if "delivered_to" in data else None
            if queue and known is not None and self.graph.nodes[queue]["label"] not in known:
                continue
            text = f"gets the dead letters of {self._name(start)}{_key(data)}"
            yield self._edge(text, data, start)

    def _sender(self, node: str, data: dict[str, Any], mark: str) -> _Line:
        """Return who publishes, with which key, and what stands behind it."""
        key = data["label"]
        if data["exchange"] == "" or key == data["queue"]:
            # Found by its name: the key says nothing more.
            key = ""
        arrow = f" {self.glyphs.arrow} {_clean(key)}" if key else ""
        default = " (default)" if data.get("decided_by") == "default" else ""
        sender = self.graph.nodes[node]
        if mark == " ":
            mark = _mark(data) if _mark(data) != " " else _mark(sender)
        below = [*self._changes(sender), *self._changes(data), *self._senders(node)]
        return _Line(f"gets {self._head(node)}{arrow}{default}", below, mark)

    def _senders(self, node: str) -> Iterator[_Line]:
        kind = self.graph.nodes[node]["kind"]
        if kind == "task":
            yield from self._task(node)
        elif kind == "route":
            for start, edge in self._in(node, DECIDES):
                text = self._name(start) + _key(edge)
                yield self._edge(text, edge, start, self._task(start))
        else:
            for end, edge in self._out(node, SENDS):
                yield self._edge(self._name(end) + _key(edge), edge, end)

    def _task(self, node: str) -> Iterator[_Line]:
        for kind in (SENDS, STEP):
            for start, data in self._in(node, kind):
                if data.get("overrides"):
                    # It names its queue itself, and stands there.
                    continue
                yield self._edge(f"sent by {self._name(start)}{_key(data)}", data, start)
        for end, data in self._out(node, WAITS_FOR):
            yield self._edge(f"waits for {self._name(end)}", data, end)

    def _onward(self, node: str) -> Iterator[_Line]:
        """Yield where a node leads that no queue's tree shows."""
        for _, end, data in self.graph.out_edges(node, data=True):
            if data["kind"] == PUBLISHES:
                for queue, mark in _delivered(data).items():
                    yield _Line(f"reaches queue {_clean(queue)}", [], mark)
            else:
                word = "decided by" if data["kind"] == DECIDES else data["kind"].replace("-", " ")
                yield self._edge(f"{word} {self._name(end)}{_key(data)}", data, end)

    def _head(self, node: str) -> str:
        words = caption(self.graph.nodes[node], times=self.glyphs.times)
        return self._name(node) + (f" ({_clean(words)})" if words else "")

    def _name(self, node: str) -> str:
        self.shown.add(node)
        data = self.graph.nodes[node]
        kind = "missing" if data.get("missing") and data["kind"] != "task" else data["kind"]
        return f"{data['kind']} {self.paint(_clean(name(data)), kind)}"

    def _in(self, node: str, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for start, _, data in self.graph.in_edges(node, data=True):
            if data["kind"] == kind:
                yield start, data

    def _out(self, node: str, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for _, end, data in self.graph.out_edges(node, data=True):
            if data["kind"] == kind:
                yield end, data


def _mark(data: dict[str, Any]) -> str:
    return _MARKS.get(data.get("change", ""), " ")


def _delivered(data: dict[str, Any]) -> dict[str, str]:
    """Return the queues of an edge, each with its mark: an edge that stays may move a message."""
    now = data.get("delivered_to") or ()
    was = data.get("changes", {}).get("delivered_to")
    if was is None:
        return dict.fromkeys(now, _mark(data))
    before = was[0] or ()
    marks = {queue: "~" if queue in before else "+" for queue in now}
    return {**marks, **{queue: "-" for queue in before if queue not in marks}}


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
