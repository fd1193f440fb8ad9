"""Choosing nodes of the graph in dbt's words: `+queue:emails`, `owner:growth,kind:task`.

An expression holds terms; a space between them means either, a comma both. A term
is `METHOD:VALUE` or a name, with `+` for what is on the way to it (before) or
behind it (after), a number of steps where that is limited, and `@` for what is
behind it and everything that leads there. In a value `*`, `?` and `[...]` stand
for other characters, except in quotes.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from qtopo.diagnostics.screen import columns, visible
from qtopo.errors import QtopoError, UnknownNameError
from qtopo.graph.layers import LAYERS
from qtopo.graph.ways import Ways
from qtopo.topology.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from networkx import MultiDiGraph

KINDS = tuple(layer.kind for layer in LAYERS)
FACTS = ("owner", "pool")
METHODS = ("kind", *KINDS, *FACTS, "finding", "change")

_MAY_BE_NONE = ("finding", "change")
"""Methods about a state: leaving out what has none of it is no mistake."""

_FRONT = re.compile(r"(?P<around>@)?(?:(?P<before>\d*)\+)?(?:(?P<method>[\w.-]+):)?")
_BACK = re.compile(r"\+(?P<after>\d*)\Z", re.ASCII)
_BARE = re.compile(r"[^\s,]*")
_GAP = re.compile(r"\s*")
_MOST_STEPS = 9


class SelectorError(QtopoError):
    """An expression that cannot be read; the message shows where."""


class Term(NamedTuple):
    """One term as it was read.

    `before` and `after` are how many steps to go, None for as many as there are,
    and -1 for none asked for. `at` is where its value stands in `source`.
    """

    method: str
    value: str
    quoted: bool
    around: bool
    before: int | None
    after: int | None
    source: str
    at: int


def select(
    graph: MultiDiGraph, expressions: Sequence[str], exclude: Sequence[str] = ()
) -> set[str]:
    """Return the nodes of a graph that any of the expressions chooses and `exclude` does not.

    No expression chooses everything.

    Raises SelectorError for what cannot be read, and UnknownNameError where a term
    matches no node, or where nothing is left.
    """
    chosen = [parse(one) for one in expressions]
    refused = [parse(one) for one in exclude]
    reader = _Reader(graph)
    found = set(graph) if not chosen else set().union(*(reader.union(one) for one in chosen))
    if chosen and not found:
        raise UnknownNameError(
            f"nothing is all of {_shown(expressions)}",
            "a comma asks for both, a space for either",
        )
    for one in refused:
        found -= reader.union(one, excluding=True)
    if exclude and not found:
        raise UnknownNameError(f"nothing is left without {_shown(exclude)}")
    return found


def subgraph(graph: MultiDiGraph, nodes: set[str]) -> MultiDiGraph:
    """Return a copy with these nodes, in the order of the graph, and the edges between them.

    Edges say what they said: `delivered_to` may name queues that are left out.
    """
    from networkx import MultiDiGraph

    part = MultiDiGraph(**graph.graph)
    part.add_nodes_from(
        (node, dict(data)) for node, data in graph.nodes(data=True) if node in nodes
    )
    part.add_edges_from(
        (start, end, dict(data))
        for start, end, data in graph.edges(data=True)
        if start in nodes and end in nodes
    )
    return part


def parse(source: str) -> list[list[Term]]:
    """Return the terms of an expression: any of the lists, in a list all.

    Raises SelectorError.
    """
    found: list[list[Term]] = []
    at = _match(_GAP, source, 0).end()
    if at == len(source):
        _wrong(source, at, "a selector names something", 'for everything write "*"')
    while at < len(source):
        both: list[Term] = []
        while True:
            term, at = _term(source, at)
            both.append(term)
            if source[at : at + 1] != ",":
                break
            at += 1
        found.append(both)
        gap = _match(_GAP, source, at).end()
        if gap == at < len(source):
            _wrong(source, at, "after the quotes there is more", "a quoted name is quoted whole")
        at = gap
    return found


def _term(source: str, at: int) -> tuple[Term, int]:
    front = _match(_FRONT, source, at)
    method = front["method"] or ""
    if method and method not in METHODS:
        _wrong(
            source,
            front.start("method"),
            f"there is no method {method!r}",
            did_you_mean(method, METHODS)
            or f'a name with a colon is quoted: "{method}:..."; methods are {", ".join(METHODS)}',
        )
    at = front.end()
    start = at
    if source[at : at + 1] in ('"', "'"):
        value, at = _quoted(source, at)
        back = re.compile(r"\+(\d*)", re.ASCII).match(source, at)
        after, end = (None, at) if back is None else (back[1], back.end())
    else:
        end = _match(_BARE, source, at).end()
        text = source[at:end]
        last = _BACK.search(text)
        after = None if last is None else last["after"]
        value = text if last is None else text[: last.start()]
    if not value:
        _wrong(source, at, "here a name is missing", "write *, quoted names, or METHOD:VALUE")
    around = bool(front["around"])
    if around and after is not None:
        plus = source.rindex("+", start, end)
        _wrong(source, plus, "@ and + at the end do not go together", "@ takes what is behind too")
    steps = (_steps(source, front.start("before"), front["before"]), _steps(source, end, after))
    quoted = source[start] in "\"'"
    return Term(method, value, quoted, around, *steps, source, start), end


def _quoted(source: str, at: int) -> tuple[str, int]:
    """Return what stands in quotes, in which the same quote is doubled, and where it ends."""
    quote = source[at]
    match = re.compile(f"{quote}((?:[^{quote}]|{quote}{quote})*){quote}").match(source, at)
    if match is None:
        _wrong(source, at, f"the quote {quote} is not closed", f"a quote inside is {quote * 2}")
    return match[1].replace(quote * 2, quote), match.end()


def _steps(source: str, at: int, digits: str | None) -> int | None:
    if digits is None:
        return -1
    if len(digits) > _MOST_STEPS:
        _wrong(source, at, "so many steps there are not", "leave the number out for all")
    return int(digits) if digits else None


def _match(pattern: re.Pattern[str], source: str, at: int) -> re.Match[str]:
    """Match a pattern that takes nothing too."""
    match = pattern.match(source, at)
    if match is None:
        raise AssertionError(pattern.pattern)
    return match


def _wrong(source: str, at: int, what: str, help: str) -> NoReturn:
    margin = " " * columns(visible(source[:at]))
    raise SelectorError(f"{what}\n    {visible(source)}\n    {margin}^", help)


def _shown(expressions: Sequence[str]) -> str:
    return " ".join(repr(one) for one in expressions)


class _Reader:
    """Finds the nodes of terms; the ways over the graph are looked at once, where asked for."""

    def __init__(self, graph: MultiDiGraph) -> None:
        self._graph = graph
        self._known: Ways | None = None

    @property
    def _ways(self) -> Ways:
        self._known = self._known or Ways(self._graph)
        return self._known

    def union(self, terms: list[list[Term]], *, excluding: bool = False) -> set[str]:
        found: set[str] = set()
        for both in terms:
            found |= set.intersection(*(self._nodes(term, excluding) for term in both))
        return found

    def _nodes(self, term: Term, excluding: bool) -> set[str]:
        found = {
            node
            for node, data in self._graph.nodes(data=True)
            if any(_matches(term, text) for text in _texts(term.method, data))
        }
        if not found:
            if excluding and term.method in _MAY_BE_NONE:
                return found
            self._nothing(term)
        if term.around:
            return self._ways.around(found)
        more = set(found)
        if term.before != -1:
            more |= self._ways.before(found, term.before)
        if term.after != -1:
            more |= self._ways.behind(found, term.after)
        return more

    def _nothing(self, term: Term) -> NoReturn:
        known = {
            text: None
            for _, data in self._graph.nodes(data=True)
            for text in _texts(term.method, data)
        }
        what = f"{term.method} " if term.method else ""
        margin = " " * columns(visible(term.source[: term.at]))
        raise UnknownNameError(
            f"no {what or 'node '}matches {term.value!r}\n"
            f"    {visible(term.source)}\n    {margin}^",
            did_you_mean(term.value, known) or _has(term.method, list(known)),
        )


def _has(method: str, known: list[str]) -> str:
    if not known:
        return f"nothing here has a {method}" if method else "there is nothing"
    shown = ", ".join(visible(one) for one in known[:8])
    return f"there is {shown}" + (f" and {len(known) - 8:,} more" if len(known) > 8 else "")


def _matches(term: Term, text: str) -> bool:
    return text == term.value or (not term.quoted and fnmatchcase(text, term.value))


def _texts(method: str, data: dict[str, Any]) -> Iterator[str]:
    """Yield what a method looks at of a node."""
    if method in ("", data["kind"]):
        yield str(data["label"])
        patterns = data.get("patterns", ())
        yield from patterns if len(patterns) > 1 else ()
        if method == "route":
            yield str(data["index"])
    elif method == "finding":
        for one in data.get("findings", ()):
            yield from (one["severity"], one["rule"])
    elif method in ("kind", "change", *FACTS):
        said = data.get(method)
        if said is not None:
            yield str(said)
