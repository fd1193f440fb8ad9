"""What the linter owes whoever edits a file: it finds the same, however the file is written.

The topologies are those of the rules' own pages and random ones, most of them
with a few values replaced, dropped or swapped: most have something to find.
"""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli
import tomli_w
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from flaws import flawed, shuffled
from qtopo import api, source
from qtopo.rules import engine, page, registry
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from qtopo.diagnostics.diagnostic import Diagnostic
    from qtopo.topology.finding import Finding

MANY = settings(
    deadline=None,
    max_examples=100,
    # Shrinking a whole topology takes minutes and makes it little clearer.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
PAGES = [
    tomli.loads(block)
    for rule in registry.rules()
    for section in (page.EXAMPLE, page.INSTEAD)
    for block in page.blocks(page.read(rule).sections[section])
]
topologies = flawed([one for one in PAGES if "include" not in one])
NEW = ("0-unrelated-9f3c", "unrelated-9f3c", "~unrelated-9f3c")
"""Names before, among and after all others: rules may go by the order of names."""


def findings(data: dict[str, Any]) -> list[Finding]:
    """Return what is found in a table as TOML holds it; no rule may raise."""
    topology, wrong = Topology.from_data(copy.deepcopy(data))
    outcome = engine.run(topology, wrong)
    assert not outcome.faults, outcome.faults[0].traceback
    return [*wrong, *outcome.findings]


@MANY
@given(topologies, st.sampled_from(NEW), st.booleans())
def test_an_unrelated_queue_with_its_worker_hides_nothing(
    data: dict[str, Any], new: str, first: bool
) -> None:
    worker = {"queues": [new], "pool": "prefork", "concurrency": 1}
    more = copy.deepcopy(data)
    for section, table in (("queues", {}), ("workers", worker)):
        old = more.get(section, {})
        assume(isinstance(old, dict))
        more[section] = {new: table, **old} if first else {**old, new: table}
    before = {(one.rule, one.severity, one.at.path, one.message) for one in findings(data)}
    after = {(one.rule, one.severity, one.at.path, one.message) for one in findings(more)}
    assert before <= after, before - after


@MANY
@given(topologies, st.data())
def test_the_order_of_tables_and_keys_changes_nothing(data: dict[str, Any], draw: Any) -> None:
    other = draw.draw(shuffled(data))
    assert other == data
    # In every word: what a sentence names for all must not change either.
    assert sorted(map(repr, findings(other))) == sorted(map(repr, findings(data)))


def examined(text: str) -> tuple[list[Diagnostic], list[str]]:
    """Return what `check` shows of a file, and the lines of the file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "topology.toml"
        file.write_text(text, encoding="utf-8", newline="")
        examination = api.examine(source.read(str(file)))
        assert not examination.faults, examination.faults[0].traceback
        for one in examination.diagnostics:
            assert {one.place.file, *(more.place.file for more in one.related)} == {str(file)}
    return examination.diagnostics, text.split("\n")


def written(data: dict[str, Any]) -> str:
    text = tomli_w.dumps(data)
    assume("'''" not in text and '"""' not in text)
    return text


@MANY
@given(topologies)
def test_looking_for_errors_alone_finds_all_of_them(data: dict[str, Any]) -> None:
    topology, wrong = Topology.from_data(copy.deepcopy(data))
    every, errors = (
        {one for one in map(repr, found) if "severity='error'" in one}
        for found in (
            engine.run(topology, wrong).findings,
            engine.run(topology, wrong, errors_only=True).findings,
        )
    )
    assert every == errors


@MANY
@given(topologies)
def test_every_finding_has_a_place_inside_the_file(data: dict[str, Any]) -> None:
    diagnostics, lines = examined(written(data))
    for one in diagnostics:
        for place in (one.place, *(more.place for more in one.related)):
            assert place.start is not None, one
            assert place.end is not None, one
            assert (1, 1) <= tuple(place.start) <= tuple(place.end)
            for spot in (place.start, place.end):
                assert spot.line <= len(lines)
                assert spot.column <= len(lines[spot.line - 1]) + 1


@MANY
@given(topologies, st.randoms(use_true_random=False), st.sampled_from(["\n", "\r\n"]))
def test_comments_and_layout_change_nothing_but_lines(
    data: dict[str, Any], rng: Any, newline: str
) -> None:
    plain = written(data)
    laid_out = []
    between = ["", "  ", "# a remark: queue = 'x' [queues.y]", "\t# ü 🐰"]
    for line in plain.split("\n"):
        laid_out += rng.choices(between, k=rng.choice([0, 0, 1, 2]))
        indent = rng.choice(["", "", "  ", "\t"])
        laid_out.append(indent + line + rng.choice(["", "", "  ", " # so it is" if line else ""]))
    diagnostics, lines = examined(plain)
    others, other_lines = examined(newline.join(laid_out))
    # Where nothing is written at all, a finding has a place of its own: the order may differ.
    said_of = [sorted(map(repr, (said(one, lines) for one in diagnostics)))]
    said_of.append(sorted(map(repr, (said(one, other_lines) for one in others))))
    assert said_of[0] == said_of[1]


def said(one: Diagnostic, lines: list[str]) -> Any:
    """Return all of a diagnostic but its lines: what is there instead of where it is."""
    related = [(more.message, more.place.path, there(more.place, lines)) for more in one.related]
    return (
        one.rule,
        one.severity,
        one.message,
        one.help,
        one.place.path,
        there(one.place, lines),
        related,
    )


def there(place: Any, lines: list[str]) -> str | None:
    """Return the text at a place, or None where it spans lines."""
    if place.start.line != place.end.line:
        return None
    return lines[place.start.line - 1][place.start.column - 1 : place.end.column - 1]


def test_the_topologies_have_something_to_find() -> None:
    """The properties hold of clean files too easily."""
    assert len({one.rule for data in PAGES for one in findings(data)}) > 100
