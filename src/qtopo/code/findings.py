"""What can be found by holding code against a topology: the rules of the family `code`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.topology.code_rules import RULES

if TYPE_CHECKING:
    from qtopo.code.project import Spot
    from qtopo.topology.finding import At


class CodeFinding(NamedTuple):
    """One finding: `at` is a spot in the code, or one in the topology (a beat entry, a route)."""

    rule: str
    severity: str
    message: str
    at: Spot | At
    help: str | None = None
    related: tuple[tuple[str, Spot | At], ...] = ()

    @property
    def code(self) -> str:
        """The rule's stable code."""
        return RULES[self.rule].code


def finding(
    rule: str,
    message: str,
    at: Spot | At,
    *,
    help: str | None = None,
    related: tuple[tuple[str, Spot | At], ...] = (),
    severity: str | None = None,
) -> CodeFinding:
    """Return a finding of a rule, as severe as the rule where nothing else is said."""
    return CodeFinding(rule, severity or RULES[rule].severity, message, at, help, related)
