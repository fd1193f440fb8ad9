"""Writes docs/rules.md, the page of every rule: `python scripts/rules_page.py [--check]`.

With `--check` nothing is written; the exit code is 1 where the page is stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

from qtopo.rules import page, registry
from qtopo.topology.shape import SHAPES

TARGET = Path(__file__).parent.parent / "docs/rules.md"

_HEAD = """\
# Rules

What `qtopo check` reports, family by family. `qtopo rule NAME` prints one page of
this; `qtopo rules` lists them. A comment `# qtopo: ignore[rule-name]` on the line
of a finding, or alone on the line above it, waives the rule there.

This page is written by `scripts/rules_page.py` from the rules themselves. Each
example is run by the tests: the first yields the finding and no other, the
second yields none.

"""


def render() -> str:
    """Return the page."""
    parts = [_HEAD, "| code | rule | severity | |\n|---|---|---|---|\n"]
    for name, shape in SHAPES.items():
        parts.append(f"| {shape.code} | [{name}](#{name}) | {shape.severity} | {shape.summary} |\n")
    for rule in registry.rules():
        summary = page.read(rule).summary.replace("|", "\\|")
        parts.append(
            f"| {rule.code} | [{rule.name}](#{rule.name}) | {rule.severity} | {summary} |\n"
        )
    parts.append("\n## shape\n\nThese cannot be waived: the file does not say what it means.\n")
    for name, shape in SHAPES.items():
        parts.append(f"\n### {name}\n\n{shape.code}, {shape.severity}. {shape.summary}\n")
    family = None
    for rule in registry.rules():
        if page.family(rule) != family:
            family = page.family(rule)
            parts.append(f"\n## {family}\n")
        parts.append(f"\n### {rule.name}\n\n{rule.code}, {rule.severity}. ")
        parts.append(_below(page.read(rule).markdown) + "\n")
    return "".join(parts)


def _below(markdown: str) -> str:
    """Put the headings of a page below its name."""
    lines = []
    fenced = False
    for line in markdown.split("\n"):
        fenced ^= line.startswith("```")
        lines.append(f"##{line}" if line.startswith("## ") and not fenced else line)
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Write the page, or compare it; returns the exit code."""
    text = render()
    if "--check" not in arguments:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    return int(not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
