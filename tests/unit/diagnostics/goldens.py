"""One report that has everything, and its whole file in each format for programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reports import place, problem, report

from qtopo.diagnostics.report import Report, RuleFacts
from qtopo.topology.finding import Place, put

if TYPE_CHECKING:
    from qtopo.diagnostics import Diagnostic

GOLDEN = Path(__file__).parents[2] / "golden" / "diagnostics"

TEXT = """\
[broker]
url = "amqp://me:hunter2@host"

[queues."a & b"]

[[routes]]
task = "shop.*"
queue = "émails"
"""

DOCS = "https://github.com/qtopo/qtopo/blob/main/docs/rules/"


def everything(**others: object) -> Report:
    """All severities, related places, an overlay, hostile text, a secret, a clean file."""
    routes = place(TEXT, '"émails"', "teams/my topology.toml")
    found: list[Diagnostic] = [
        problem(
            routes,
            "route names queue 'émails', which is not declared: 100%, <b> & \"c\"",
            help="did you mean 'a & b'?",
            related=(
                (
                    "declared\nhere, \x1b[31mred",
                    place(TEXT, '[queues."a & b"]', "teams/my topology.toml"),
                ),
            ),
            fix=put(("routes", 0, "queue"), "a & b"),
        ),
        problem(
            place(TEXT, '"amqp', "topology.toml"),
            "the URL is 'amqp://me:hunter2@host'",
            severity="warning",
            environment="staging",
        )._replace(rule="other-rule", code="QT102"),
        problem(Place("topology.toml", (), None, None), "no text\x00", severity="info"),
        problem(Place("topology.toml", (), None, None), "no text\x00 again", severity="info"),
    ]
    facts = (
        RuleFacts("some-rule", "QT101", "error", "Some rule says so.", DOCS + "some-rule.md"),
        RuleFacts("third-rule", "QT103", "info", "Nothing found it.", DOCS + "third-rule.md"),
    )
    files = ("topology.toml", "teams/my topology.toml", "clean & <fine>.toml")
    return report(*found, text=TEXT, files=files, rules=facts, **others)


def agrees(file: str, got: str) -> None:
    """Compare with a golden file; UPDATE_GOLDEN=1 writes it first."""
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / file).write_text(got, encoding="utf-8")
    assert got == (GOLDEN / file).read_text(encoding="utf-8")
