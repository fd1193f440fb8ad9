"""The differences as Markdown, for a comment on a review (as GitHub and GitLab read it)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.changes.change import BREAKING, CLASSES, HARMLESS
from qtopo.changes.wording import became, headline, moved, subject
from qtopo.diagnostics.screen import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.changes.report import Report
    from qtopo.topology.finding import Place

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~@$&])")

_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}


def render(report: Report) -> str:
    """Return headings, a table for each class, the tasks and the steps."""
    blocks = [f"### {escaped(headline(report, '→'))}"]
    blocks += _classes(report)
    blocks += _tasks(report)
    blocks += _steps(report)
    return "\n\n".join(blocks) + "\n"


def _classes(report: Report) -> Iterable[str]:
    for effect, words in CLASSES.items():
        rows = [
            (escaped(subject(one)), escaped(became(one, "→")), escaped(one.why), _place(at))
            for one, at in report.changes
            if one.effect == effect
        ]
        if not rows:
            continue
        title = f"{words[0].upper()}{words[1:]} ({len(rows)})"
        table = _table(("what", "change", "why", "where"), rows)
        if effect == HARMLESS:
            yield _folded(title, table)
        else:
            mark = "❌ " if effect in BREAKING else "⚠️ " if effect == "workers-first" else ""
            yield f"#### {mark}{title}\n\n{table}"


def _tasks(report: Report) -> Iterable[str]:
    rows = [
        (code(one.task), escaped(moved(one, "→")), CLASSES[one.effect], escaped(one.why))
        for one in report.tasks
    ]
    if rows:
        table = _table(("task", "way", "class", "why"), rows)
        title = f"Tasks that go another way ({len(rows)})"
        worst = report.tasks[0].effect
        yield _folded(title, table) if worst == HARMLESS else f"#### {title}\n\n{table}"


def _steps(report: Report) -> Iterable[str]:
    if not report.steps:
        if report.diff.changes or report.tasks:
            yield "Roll it out in any order."
        return
    lines = ["#### Roll it out in this order", ""]
    for number, one in enumerate(report.steps, 1):
        lines.append(f"{number}. {escaped(one.text)}")
        if one.commands:
            indent = " " * (len(str(number)) + 2)
            fence = _fence("\n".join(one.commands))
            lines += ["", f"{indent}{fence}sh"]
            lines += [indent + visible(line) for line in one.commands]
            lines += [f"{indent}{fence}", ""]
    yield "\n".join(lines).rstrip()


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


def _place(at: Place | None) -> str:
    return "" if at is None or at.start is None else code(f"{at.file}:{at.start.line}")


def code(text: str) -> str:
    """Return text as code in a cell of a table, whatever is in it."""
    shown = visible(text)
    if "`" in shown or "|" in shown or "\\" in shown or not shown.strip():
        return escaped(text)
    return f"`{shown}`"


def escaped(text: str) -> str:
    """Return text that Markdown, HTML and mentions make nothing of."""
    return _SPECIAL.sub(lambda one: _ENTITIES.get(one[0], f"\\{one[0]}"), visible(text))


def _fence(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(3, longest + 1)
