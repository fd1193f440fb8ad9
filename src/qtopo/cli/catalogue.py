"""Everything that `qtopo check` can report: errors of shape, the rules, and those about code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.code import pages
from qtopo.diagnostics.diagnostic import page_of
from qtopo.rules import page, registry
from qtopo.topology.code_rules import FAMILY as CODE
from qtopo.topology.code_rules import RULES as CODE_RULES
from qtopo.topology.shape import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.rules.base import Rule

SHAPE = "shape"


class Entry(NamedTuple):
    """One kind of finding; `rule` is None for an error of shape, and for what is found in code."""

    name: str
    code: str
    severity: str
    family: str
    summary: str
    rule: type[Rule] | None

    @property
    def content(self) -> page.Page:
        """The page, taken apart."""
        if self.rule:
            return page.read(self.rule)
        if self.family == CODE:
            return page.parse(f"{self.summary}\n\n{pages.markdown(self.name)}")
        return page.shape(self.name)

    @property
    def markdown(self) -> str:
        """The page as it is shown."""
        return page.complete(self.rule) if self.rule else self.content.markdown

    def as_json(self) -> dict[str, Any]:
        """Return what both commands print of it."""
        return {
            "name": self.name,
            "code": self.code,
            "severity": self.severity,
            "family": self.family,
            "summary": self.summary,
            "docs": page_of(self.name, self.code),
        }


def catalogue(extra: Iterable[type[Rule]] = ()) -> list[Entry]:
    """Return every kind of finding, by code; `extra` are the rules of plugins."""
    found = [
        Entry(name, one.code, one.severity, SHAPE, one.summary, None)
        for name, one in SHAPES.items()
    ]
    found += [
        Entry(rule.name, rule.code, rule.severity, page.family(rule), page.read(rule).summary, rule)
        for rule in (*registry.rules(), *extra)
    ]
    found += [
        Entry(name, one.code, one.severity, CODE, one.summary, None)
        for name, one in CODE_RULES.items()
    ]
    return sorted(found, key=lambda one: one.code)
