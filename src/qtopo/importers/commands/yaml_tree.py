"""YAML as a tree with the numbers of lines; tags make nothing, aliases are not unfolded.

The tree is as large as the text, whatever its anchors say: an alias is the very node it
names. Who walks it counts steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.importers.static.budget import Budget

_DEEPEST = 60
_MERGES = 20
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "yes", "on"})


class BadYamlError(Exception):
    """The text is no YAML, or deeper than anybody writes; `line` says where, from 1."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(eq=False)
class Tree:
    """A node: `text` of a scalar (None: nothing), or `items` of a list, or `pairs` of a mapping."""

    line: int
    text: str | None = None
    items: list[Tree] | None = None
    pairs: list[tuple[str, Tree]] | None = None
    merged: list[Tree] = field(default_factory=list)

    def get(self, *names: str) -> Tree | None:
        """Return what is at a way of keys, looked up through `<<`; None where nothing is."""
        node: Tree | None = self
        for name in names:
            node = None if node is None else node._one(name)
        return None if node is None or node.empty else node

    def _one(self, name: str) -> Tree | None:
        for node in self._with_merged():
            for key, value in reversed(node.pairs or []):
                if key == name:
                    return value
        return None

    def _with_merged(self) -> list[Tree]:
        """Return this mapping and those it takes in with `<<`, the nearest first."""
        found: list[Tree] = []
        seen: set[int] = set()
        waiting = [self]
        while waiting and len(found) < _MERGES:
            node = waiting.pop(0)
            if id(node) not in seen:
                seen.add(id(node))
                if node.items is None:
                    found.append(node)
                    waiting = [*node.merged[:_MERGES], *waiting]
                else:
                    waiting = [*node.items[:_MERGES], *waiting]
        return found

    @property
    def empty(self) -> bool:
        """Whether it is null."""
        return self.items is None and self.pairs is None and self.text is None

    def mapping(self) -> dict[str, Tree]:
        """Return the pairs of a mapping, those of `<<` under its own; {} for anything else."""
        found: dict[str, Tree] = {}
        if self.pairs is not None:
            for node in reversed(self._with_merged()):
                found.update(node.pairs or [])
        return found

    def whole(self) -> int | None:
        """Return a whole number, None where it is none."""
        text = (self.text or "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None

    def true(self) -> bool:
        """Whether it is a true of YAML."""
        return (self.text or "").lower() in _TRUE


def documents(text: str, budget: Budget) -> list[Tree]:
    """Return the documents of a text. Raises BadYamlError."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: list[Tree] = []
    # YAML refuses control characters; files with a stray one are read all the same.
    text = "".join(one if one >= " " or one in "\n\t" else " " for one in text)
    try:
        builder = _Builder(budget)
        for event in yaml.parse(text, Loader=loader):
            tree = builder.take(event)
            if tree is not None:
                found.append(tree)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise BadYamlError(str(problem), 1 if mark is None else mark.line + 1) from None
    return found


class _Builder:
    """Puts events together; needs no stack of calls."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.anchors: dict[str, Tree] = {}
        self.open: list[tuple[Tree, list[Tree | str]]] = []

    def take(self, event: Any) -> Tree | None:
        """Take an event; returns the root of a document when it is complete."""
        kind = type(event).__name__
        if kind == "DocumentStartEvent":
            self.anchors = {}
            return None
        if kind == "AliasEvent":
            line = event.start_mark.line + 1
            target = self.anchors.get(event.anchor)
            if target is None:
                raise BadYamlError(f"the alias *{event.anchor} names nothing", line)
            return self._put(target)
        if kind == "ScalarEvent":
            self.budget.step(4)
            plain = event.implicit[0] and event.value in _NOTHING
            tree = Tree(event.start_mark.line + 1, None if plain else event.value)
            self._anchor(event, tree)
            return self._put(tree)
        if kind in ("SequenceStartEvent", "MappingStartEvent"):
            self.budget.step()
            line = event.start_mark.line + 1
            if len(self.open) >= _DEEPEST:
                raise BadYamlError(f"it is nested more than {_DEEPEST} deep", line)
            list_ = kind.startswith("Sequence")
            tree = Tree(line, items=[] if list_ else None, pairs=None if list_ else [])
            self._anchor(event, tree)
            self.open.append((tree, []))
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            tree, _ = self.open.pop()
            return self._put(tree)
        return None

    def _anchor(self, event: Any, tree: Tree) -> None:
        if event.anchor is not None:
            self.anchors[event.anchor] = tree

    def _put(self, tree: Tree) -> Tree | None:
        if not self.open:
            return tree
        owner, held = self.open[-1]
        if owner.items is not None:
            owner.items.append(tree)
        elif not held:
            held.append(tree)
        else:
            key = held.pop()
            name = key.text if isinstance(key, Tree) and key.text is not None else ""
            if name == "<<":
                owner.merged.append(tree)
            elif owner.pairs is not None:
                owner.pairs.append((name, tree))
        return None


def walk(root: Tree, budget: Budget) -> Iterator[tuple[tuple[str, ...], Tree]]:
    """Yield every mapping once, with the keys that lead to it."""
    seen: set[int] = set()
    stack: list[tuple[tuple[str, ...], Tree]] = [((), root)]
    while stack:
        way, node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        budget.step()
        if node.pairs is not None:
            yield way, node
            inner = list(reversed(node.mapping().items()))
            budget.step(1 + len(inner))
            stack += [((*way[-_DEEPEST:], key), one) for key, one in inner]
        else:
            stack += [(way, one) for one in reversed(node.items or [])]
