"""The analyser of shared state against snippets that were labelled by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qtopo.code.project import Project
from qtopo.code.state import StateFinder
from qtopo.code.survey import survey

DATA = Path(__file__).parents[2] / "data" / "shared_state"
_MARK = re.compile(r"#\s*(expect|guarded)(?::\s*([a-z-]+))?")
Spot = tuple[str, int, str]


def labelled() -> tuple[set[Spot], set[tuple[str, int]]]:
    """Return what must be found (file, line, kind), and the lines under a lock."""
    wanted: set[Spot] = set()
    guarded = set()
    for path in DATA.rglob("*.py"):
        file = path.relative_to(DATA).as_posix()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for what, kind in _MARK.findall(line):
                if what == "expect":
                    wanted.add((file, number, kind))
                else:
                    guarded.add((file, number))
    return wanted, guarded


def found() -> tuple[set[Spot], set[tuple[str, int]]]:
    project = Project(str(DATA))
    free: set[Spot] = set()
    guarded = set()
    for one in StateFinder(project).run(survey(project).tasks):
        spot = one.effect.spot
        file = Path(project.modules[spot.module].path).relative_to(DATA).as_posix()
        if one.effect.guard:
            guarded.add((file, spot.line))
        else:
            free.add((file, spot.line, one.effect.kind))
    assert not project.problems
    return free, guarded


@pytest.fixture(scope="module")
def measured():
    return labelled(), found()


def test_precision_and_recall(measured):
    (wanted, _), (free, _) = measured
    right = wanted & free
    precision, recall = len(right) / len(free), len(right) / len(wanted)
    print(f"\n{len(list(DATA.rglob('*.py')))} snippets, {len(wanted)} labels")
    print(f"precision {precision:.3f}: wrong {sorted(free - wanted)}")
    print(f"recall {recall:.3f}: missed {sorted(wanted - free)}")
    assert len(list(DATA.rglob("*.py"))) >= 40
    assert precision >= 0.95
    assert recall >= 0.95


def test_locks_are_seen(measured):
    (_, wanted), (_, guarded) = measured
    assert guarded == wanted
