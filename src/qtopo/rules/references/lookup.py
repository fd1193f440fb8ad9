"""What the rules about undeclared names share: what can be looked up, and how it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import header, hint, respell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.rules.base import Context, Rule
    from qtopo.topology.finding import Finding, Path

PARTS = ("include",)
"""What a rule needs that takes silence for a fact: an unreadable include may say anything.

The rules about undeclared names do not: the typo and the missing file are both shown, in
one run, the file first.
"""


def declared(context: Context, section: str) -> bool:
    """Whether what the file says it has in a section could be read, names at least."""
    return (section,) not in context.broken


def missing(
    rule: Rule, subject: str, section: str, name: str, known: Iterable[str], at: Path
) -> Finding:
    """Return the finding that `subject` names something that is not declared in `section`."""
    kind = section.removesuffix("s")
    return rule.finding(
        f"{subject} names {kind} {name!r}, which is not declared",
        at,
        help=hint(name, known, f"declare it with {header(section, name)}"),
        fix=respell(at, name, known),
    )
