"""What fixes owe whoever lets them at a file: they end, do no harm, and keep every remark.

The topologies are those of the rules' own pages, several of them in one file, and
random ones; most have values replaced, names misspelt and units written out.
They are written with comments and blanks between and behind their lines.
"""

from __future__ import annotations

import copy
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli
import tomli_w
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from flaws import flawed
from qtopo import api, source
from qtopo.fixes.mending import mend
from qtopo.rules import page, registry
from qtopo.source.comments import comments

if TYPE_CHECKING:
    from qtopo.fixes.mending import Mended

MANY = settings(
    deadline=None,
    max_examples=80,
    # Shrinking a whole topology takes minutes and makes it little clearer.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
PAGES = [
    table
    for rule in registry.rules()
    for section in (page.EXAMPLE, page.INSTEAD)
    for block in page.blocks(page.read(rule).sections[section])
    if "include" not in (table := tomli.loads(block))
]


def joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return two topologies as one: what both have is that of the first."""
    both = copy.deepcopy(one)
    for key, value in other.items():
        mine = both.setdefault(key, copy.deepcopy(value))
        if mine is value or both[key] == value:
            continue
        if isinstance(mine, dict) and isinstance(value, dict):
            both[key] = joined(mine, value)
        elif isinstance(mine, list) and isinstance(value, list):
            mine += copy.deepcopy(value)
    return both


@st.composite
def slips(draw: Any, value: Any) -> Any:
    """The same topology with names misspelt, and values right but for their form."""
    if isinstance(value, dict):
        spelt: dict[str, Any] = {}
        for key, one in value.items():
            name = misspelt(key) if draw(st.integers(0, 14)) == 0 else key
            spelt[name if name not in value else key] = draw(slips(one))
        return spelt
    if isinstance(value, list):
        return [draw(slips(one)) for one in value]
    if draw(st.integers(0, 7)):
        return value
    if isinstance(value, str):
        words = re.fullmatch(r"(\d+)(s|m|h|MB|GB)", value)
        return f"{words[1]} {words[2].lower()}" if words else misspelt(value)
    return str(value).lower()


def misspelt(word: str) -> str:
    return word[:-2] + word[-1] + word[-2] if len(word) > 4 else word


@st.composite
def texts(draw: Any) -> str:
    """A topology in one of the ways people write it."""
    some = draw(st.lists(flawed(PAGES), min_size=1, max_size=3))
    data = some[0]
    for one in some[1:]:
        data = joined(data, one)
    data.pop("include", None)
    data = draw(slips(data))
    plain = tomli_w.dumps(data)
    assume("'''" not in plain and '"""' not in plain)
    rng = draw(st.randoms(use_true_random=False))
    lines = []
    for number, line in enumerate(plain.split("\n")):
        if rng.random() < 0.2:
            lines.append(rng.choice(["", f"# above {number}", f"  # [queues.x{number}] = 'y'"]))
        behind = f" # behind {number}" if line and rng.random() < 0.3 else ""
        lines.append(rng.choice(["", "", "", "  "]) + line + behind)
    return str(draw(st.sampled_from(["\n", "\r\n"]))).join(lines)


def found(file: Path) -> list[Any]:
    examination = api.examine(source.read(str(file)))
    assert not examination.faults, examination.faults[0].traceback
    return examination.diagnostics


def mended(file: Path, unsafe: bool, patience: int | None = None) -> Mended:
    def examine(loaded: source.Loaded) -> Any:
        return api.examine(loaded).diagnostics

    return mend(str(file), None, examine, unsafe=unsafe, patience=patience)


@MANY
@given(texts(), st.booleans())
def test_fixes_end_do_no_harm_and_keep_remarks(text: str, unsafe: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "topology.toml"
        file.write_bytes(text.encode())
        before = found(file)
        outcome = mended(file, unsafe)
        assert outcome.after.keys() <= {str(file)}
        changed = outcome.after.get(str(file), text.encode()).decode()
        file.write_bytes(changed.encode())
        after = found(file)
        again = mended(file, unsafe)
    # Once is enough.
    assert not again.made
    assert not again.after
    assert not outcome.left
    # What was wrong with the file may go, and may be told otherwise, but nothing is added.
    assert len(after) <= len(before) - len(outcome.mended)
    kinds = Counter((one.rule, one.severity) for one in before)
    assert not Counter((one.rule, one.severity) for one in after) - kinds
    assert bool(outcome.made) == (changed != text)
    # What was not to be changed stands as it stood.
    gone = [one.text for one in comments(text) if one.text not in changed]
    edits = [edit for one in outcome.made if one.fix is not None for edit in one.fix.edits]
    assert len(gone) <= sum(edit.new is None for edit in edits), gone
    lines, new = text.split("\n"), changed.split("\n")
    if not any(edit.at.part == "key" for edit in edits):
        # A name of a table may stand in many headers; any other edit is about one value.
        assert (Counter(lines) - Counter(new)).total() <= 2 * len(edits)
    assert ("\r\n" in text) == ("\r\n" in changed)


@MANY
@given(texts())
def test_what_is_counted_is_what_goes(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "topology.toml"
        file.write_bytes(text.encode())
        before = found(file)
        outcome = mended(file, unsafe=False)
        # Giving up early promises no less than there is.
        early = mended(file, unsafe=False, patience=1)
        file.write_bytes(outcome.after.get(str(file), text.encode()))
        after = found(file)
    fixable = [one for one in before if one.fix is not None and one.fix.safe]
    assert len(outcome.mended) <= len(fixable)
    assert len(before) - len(after) >= len(outcome.mended)
    assert bool(outcome.mended) == bool(outcome.made)
    assert len(early.mended) + len(early.left) >= len(outcome.mended)


def test_the_topologies_have_something_to_fix() -> None:
    """The properties hold of files without a fix too easily."""
    made: Counter[str] = Counter()
    declined: Counter[str] = Counter()

    @settings(MANY, derandomize=True, max_examples=60)
    @given(texts())
    def fix(text: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "topology.toml"
            file.write_bytes(text.encode())
            outcome = mended(file, unsafe=True)
        made.update(one.rule for one in outcome.made)
        declined.update(one.rule for one in outcome.declined)

    fix()
    assert len(made) >= 6, made
    assert declined
