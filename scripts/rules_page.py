"""Writes docs/rules/, the page of every rule and their index, from the rules themselves.

`python scripts/generate.py` calls it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtopo.cli.catalogue import SHAPE, catalogue
from qtopo.rules import page
from qtopo.topology.code_rules import ABOUT
from qtopo.topology.code_rules import FAMILY as CODE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.cli.catalogue import Entry

FOLDER = Path(__file__).parent.parent / "docs/rules"
"""Everything in it is generated: what is not is a page of a rule that is gone."""

_HEAD = """\
# Rules

What `qtopo check` reports, family by family. `qtopo rule NAME` prints a page of
these in the terminal; `qtopo rules` lists them. A comment
`# qtopo: ignore[rule-name]` on the line of a finding, or alone on the line above it,
waives the rule there.

These pages are written by `scripts/generate.py` from the rules themselves. Each
example is run by the tests: the first yields the finding and no other, the
second yields none.
"""

_SHAPE = (
    "What makes a file hold no topology, or not this one. These cannot be waived: "
    "the file does not say what it means."
)


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each page and its text, the index first."""
    entries = catalogue()
    folder = FOLDER.resolve()
    yield folder / "README.md", _index(entries)
    for one in entries:
        yield folder / f"{one.name}.md", _page(one)


def _index(entries: list[Entry]) -> str:
    parts = [_HEAD]
    about = {SHAPE: _SHAPE, **page.families(), CODE: ABOUT}
    for family in dict.fromkeys(one.family for one in entries):
        parts.append(f"\n## {family}\n\n")
        parts.append(f"{about[family]}\n\n")
        parts.append("| code | rule | severity | |\n|---|---|---|---|\n")
        for one in entries:
            if one.family == family:
                summary = one.summary.replace("|", "\\|")
                link = f"[{one.name}]({one.name}.md)"
                parts.append(f"| {one.code} | {link} | {one.severity} | {summary} |\n")
    return "".join(parts)


def _page(one: Entry) -> str:
    family = f"[{one.family}](README.md#{one.family})"
    return f"# {one.name}\n\n{one.code}, {one.severity}, {family}.\n\n{one.markdown}\n"
