"""`[[tests]]` as a table of the file: read, merged, overlaid, and of no influence on anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tomli

import qtopo
from qtopo import api, source
from qtopo.cli.main import OK, main
from qtopo.topology.finding import At
from qtopo.topology.tests import CaseCall, DecoratorOptions
from qtopo.topology.topology import Topology

SHOP = Path(__file__).parents[3] / "topologies" / "shop.toml"

MAIN = """\
include = ["teams/*.toml"]

[queues.celery]

[workers.main]
queues = ["celery"]

[[tests]]
task = "one"
expect = { queue = "celery" }

[environments.staging]
tests = [
    { task = "staged", expect = { queue = "celery" } },
]
"""
TEAM = """\
# The tests of a team stand with what they are about.
[[tests]]
task = "{0}.a"
expect = {{ queue = "celery" }}

[[tests]]
task = "{0}.b"
expect = {{ queue = "celery" }}
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("topology.toml").write_text(MAIN)
    Path("teams").mkdir()
    for name in ("y", "x"):
        Path("teams", f"{name}.toml").write_text(TEAM.format(name))


def places(loaded):
    found = loaded.source.locate([At(("tests", i)) for i in range(len(loaded.topology.tests))])
    return [(one.file, one.start.line) for one in found]


def test_those_of_included_files_follow_and_keep_their_places(files):
    loaded = source.read("topology.toml")
    assert loaded.findings == []
    assert [one.task for one in loaded.topology.tests] == ["one", "x.a", "x.b", "y.a", "y.b"]
    assert places(loaded) == [
        ("topology.toml", 8),
        ("teams/x.toml", 2),
        ("teams/x.toml", 6),
        ("teams/y.toml", 2),
        ("teams/y.toml", 6),
    ]


def test_what_is_wrong_in_an_included_file_is_found_there(files):
    Path("teams", "x.toml").write_text('[[tests]]\ntask = "a"\nexpect = { queue = 1 }\n')
    loaded = source.read("topology.toml")
    [place] = loaded.source.locate([one.at for one in loaded.findings])
    assert (place.file, place.path, place.start) == (
        "teams/x.toml",
        ("tests", 1, "expect", "queue"),
        (3, 20),
    )


def test_those_of_an_overlay_take_the_place_of_all_others(files):
    loaded = source.read("topology.toml", "staging")
    assert [one.task for one in loaded.topology.tests] == ["staged"]
    assert places(loaded) == [("topology.toml", 14)]


def test_whether_a_task_is_known_follows_from_its_decorator():
    assert not CaseCall().known
    assert CaseCall(registered=True).known
    assert CaseCall(decorator=DecoratorOptions(queue="a")).known
    assert not CaseCall(decorator=DecoratorOptions(queue="a"), registered=False).known


def test_they_are_written_as_they_are_read():
    text = """\
        [[tests]]
        name = "n"
        task = ["a", "b"]
        call = { queue = "q", countdown = "5m", headers = { x = [1] }, registered = false }
        expect = { delivered_to = [], exactly_once = false, decided_by = ["routes", 0] }
    """
    topology, findings = Topology.from_data(tomli.loads(text))
    assert findings == []
    assert topology.write() == tomli.loads(text)
    again, _ = Topology.from_data(tomli.loads(qtopo.dump(topology)))
    assert again == topology


def outcomes(file, capsys):
    """All that is made of a topology but for the answers to its tests."""
    topology = qtopo.load(file)
    commands = (
        ["emit", "-t", str(file), "-"],
        ["emit", "-t", str(file), "--target", "settings-json", "-"],
        ["graph", "-t", str(file), "--format", "json"],
        ["workers", "-t", str(file), "--format", "json"],
        ["route", "-t", str(file), "--all"],
    )
    for command in commands:
        capsys.readouterr()
        assert main(command) == OK, command
        yield capsys.readouterr().out
    yield api.worker_processes(topology)
    yield [(one.rule, one.path, one.message) for one in qtopo.check(topology)]
    yield topology.known_tasks()


def test_they_change_nothing_of_what_is_made_of_the_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = SHOP.read_text()
    start, end = text.index("[[tests]]"), text.index("# --- where it differs")
    made = []
    for content in (text, text[:start] + text[end:]):
        Path("topology.toml").write_text(content)
        made.append(list(outcomes(Path("topology.toml"), capsys)))
    assert len(qtopo.load("topology.toml").tests) == 0
    assert json.loads(made[0][1])
    assert made[0] == made[1]
