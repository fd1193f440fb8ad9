"""The way of a message over the graph, step by step: what is before a node, and what behind it.

An exchange passes a message on by its key, so that following edges alone would
connect all who publish to an exchange with every queue bound to it. Here a step
leads from what publishes straight to the queues that get the message
(`delivered_to`), and the exchanges in between come along without leading
anywhere else.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

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
)
from qtopo.routing.topics import rabbit_matches

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from networkx import MultiDiGraph

    Found = dict[str, int]

_PLAIN = (SENDS, STEP, DECIDES, CONSUMES, RUNS_ON)


class _Step(NamedTuple):
    """From `start` to `end` by the exchanges `via`.

    The end is None where nothing gets the message. A step that is `last` ends
    the way: what an entry sends with a queue of its own does not go on as its
    task's other messages do.
    """

    start: str
    via: frozenset[str]
    end: str | None
    last: bool = False


class _Pass(NamedTuple):
    """An edge out of an exchange: what it asks of a message, and where it leads."""

    end: str
    kind: str
    exchange_type: str
    key: str

    def takes(self, key: str | None) -> bool:
        """Whether a message with this key passes; None is a key that nobody knows.

        Headers are not in the graph, so that an exchange that asks for them takes all.
        """
        if key is None or self.kind == ALTERNATE:
            return True
        if self.exchange_type == "direct":
            return self.key == key
        if self.exchange_type == "topic":
            return rabbit_matches(self.key, key)
        return True


class Ways:
    """The steps of one graph, looked up by where they start and where they end."""

    def __init__(self, graph: MultiDiGraph) -> None:
        self._graph = graph
        self._passes: dict[str, list[_Pass]] = {}
        self._bindings: dict[tuple[str, str], list[_Pass]] = {}
        self._before: dict[str, list[str]] = {}
        self._reached: dict[tuple[str, str | None], frozenset[str]] = {}
        self._out: dict[str, list[_Step]] = {}
        self._in: dict[str, list[_Step]] = {}
        self._by: dict[str, list[_Step]] = {}
        for start, end, data in graph.edges(data=True):
            if data["kind"] in (BINDS, EXCHANGE_BINDING, ALTERNATE):
                kind = str(graph.nodes[start].get("type", ""))
                key = str(data.get("routing_key") or "")
                one = _Pass(end, data["kind"], kind, key)
                self._passes.setdefault(start, []).append(one)
                self._bindings.setdefault((start, end), []).append(one)
                self._before.setdefault(end, []).append(start)
        for start, end, data in graph.edges(data=True):
            for step in self._steps(start, end, data):
                self._file(step)

    def behind(self, starts: Collection[str], depth: int | None = None) -> set[str]:
        """Return the starts and what their messages reach within so many steps."""
        found: Found = dict.fromkeys(starts, 0)
        todo = deque(found)
        expanded = set()
        while todo:
            node = todo.popleft()
            far = found[node] + 1
            if node in expanded or (depth is not None and far > depth):
                continue
            expanded.add(node)
            for step in self._after(node):
                for one in step.via:
                    found.setdefault(one, far)
                if step.end is not None:
                    found.setdefault(step.end, far)
                    if not step.last and step.end not in expanded:
                        found[step.end] = min(found[step.end], far)
                        todo.append(step.end)
        return set(found)

    def before(self, starts: Collection[str], depth: int | None = None) -> set[str]:
        """Return the starts and all whose messages reach them within so many steps."""
        found: Found = dict.fromkeys(starts, 0)
        todo = deque(found)
        expanded = set()
        while todo:
            node = todo.popleft()
            far = found[node] + 1
            if node in expanded or (depth is not None and far > depth):
                continue
            expanded.add(node)
            for one, more in self._upstream(node):
                if depth is None or found[node] + more <= depth:
                    found.setdefault(one, found[node] + more)
            for step in self._leading(node):
                if step.last and node not in starts:
                    continue
                for one in step.via:
                    found.setdefault(one, far)
                found[step.start] = min(found.get(step.start, far), far)
                if step.start not in expanded:
                    todo.append(step.start)
        return set(found)

    def around(self, starts: Collection[str]) -> set[str]:
        """Return what the messages of the starts reach, and everything that reaches that too."""
        behind = self.behind(starts)
        # An exchange on the way is no goal: what else passes it is not asked for.
        goals = {one for one in behind if not self._is_exchange(one)} | {*starts}
        return self.before(goals) | behind

    def _is_exchange(self, node: str) -> bool:
        return bool(self._graph.nodes[node]["kind"] == "exchange")

    def _file(self, step: _Step) -> None:
        self._out.setdefault(step.start, []).append(step)
        if step.end is not None:
            self._in.setdefault(step.end, []).append(step)

    def _steps(self, start: str, end: str, data: dict[str, Any]) -> Iterator[_Step]:
        kind = data["kind"]
        if kind in _PLAIN:
            yield _Step(start, frozenset(), end, bool(data.get("overrides")))
        elif kind in (PUBLISHES, DEAD_LETTER):
            yield from self._sent(start, end, data)

    def _sent(self, start: str, end: str, data: dict[str, Any]) -> Iterator[_Step]:
        if not self._is_exchange(end):
            yield _Step(start, frozenset(), end)
            return
        # Celery's anonymous exchange is drawn as the queue's own, whose key is the label.
        key = data["label"] if data.get("exchange") == "" else data.get("routing_key")
        reached = self._reach(end, key)
        for one in reached:
            self._by.setdefault(one, []).append(_Step(start, self._between(end, one, reached), one))
        queues = self._delivered(end, data)
        for queue in queues:
            yield _Step(start, self._way(end, queue, key), queue)
        if not queues:
            yield _Step(start, reached, None)

    def _delivered(self, exchange: str, data: dict[str, Any]) -> list[str]:
        """Return the queues of an edge; in a difference, those it had before too."""
        known = data.get("delivered_to")
        if known is None:
            return self._queues(exchange)
        was = data.get("changes", {}).get("delivered_to", ((), ()))[0] or ()
        names = dict.fromkeys((*known, *was))
        return [node for node in (f"queue:{name}" for name in names) if node in self._graph]

    def _queues(self, exchange: str) -> list[str]:
        """Return every queue that an exchange may pass a message to, whatever its key."""
        ends = [
            one.end for node in self._reach(exchange, None) for one in self._passes.get(node, ())
        ]
        return [end for end in dict.fromkeys(ends) if not self._is_exchange(end)]

    def _onward(self, exchange: str, key: str | None) -> Iterator[str]:
        """Yield the exchanges that a message gets to from one.

        The alternate exchange gets what no binding takes.
        """
        passes = self._passes.get(exchange, ())
        for one in passes:
            if one.kind == EXCHANGE_BINDING and one.takes(key):
                yield one.end
        others = [one.end for one in passes if one.kind == ALTERNATE]
        if others and (
            key is None or not any(one.takes(key) for one in passes if one.kind != ALTERNATE)
        ):
            yield from others

    def _reach(self, exchange: str, key: str | None) -> frozenset[str]:
        """Return the exchanges that a message meets, the one it is published to among them."""
        known = self._reached.get((exchange, key))
        if known is None:
            seen, todo = {exchange}, [exchange]
            while todo:
                for one in self._onward(todo.pop(), key):
                    if one not in seen:
                        seen.add(one)
                        todo.append(one)
            known = self._reached[exchange, key] = frozenset(seen)
        return known

    def _way(self, exchange: str, queue: str, key: str | None) -> frozenset[str]:
        """Return the exchanges between, those whose keys match where any do."""
        for one in (key, None):
            reached = self._reach(exchange, one)
            last = {
                node
                for node in self._before.get(queue, ())
                if node in reached and any(to.takes(one) for to in self._bindings[node, queue])
            }
            if last:
                return frozenset().union(*(self._between(exchange, node, reached) for node in last))
        return frozenset({exchange})

    def _between(self, first: str, last: str, within: frozenset[str]) -> frozenset[str]:
        """Return the exchanges on the ways from one to another over some."""
        seen, todo = {last}, [last]
        while todo:
            for one in self._before.get(todo.pop(), ()):
                if one in within and one not in seen:
                    seen.add(one)
                    todo.append(one)
        return frozenset(seen | {first})

    def _after(self, node: str) -> Iterable[_Step]:
        if not self._is_exchange(node):
            return self._out.get(node, ())
        # Nothing is known of the message: it may get to every queue.
        steps = [_Step(node, self._way(node, one, None), one) for one in self._queues(node)]
        return [*steps, _Step(node, self._reach(node, None), None)]

    def _leading(self, node: str) -> Iterable[_Step]:
        return (self._by if self._is_exchange(node) else self._in).get(node, ())

    def _upstream(self, node: str) -> Iterator[tuple[str, int]]:
        """Yield the exchanges whose messages may get to a queue or exchange, and how far off."""
        seen, level, far = {node}, [node], 0
        while level:
            far += 1
            nearer = [one for each in level for one in self._before.get(each, ())]
            level = [one for one in dict.fromkeys(nearer) if one not in seen]
            seen.update(level)
            for one in level:
                yield one, far
