"""Drafts: merged, made sound, written; and the command line around them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from qtopo.importers import verify
from qtopo.importers.complete import complete
from qtopo.importers.draft import Draft
from qtopo.importers.merge import merge
from qtopo.importers.sound import make_sound
from qtopo.importers.sources import read
from qtopo.importers.write import write
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from pathlib import Path

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = tuple(Topology.FIELDS)
tables = st.dictionaries(
    st.sampled_from(KEYS) | st.text(max_size=5),
    st.dictionaries(
        st.sampled_from(("a", "queue", "task", "schedule", "url", "options")) | st.text(max_size=5),
        st.dictionaries(
            st.sampled_from(("queue", "task", "every", "type", "queues", "exchange")), anything
        )
        | anything,
        max_size=3,
    )
    | st.lists(
        st.dictionaries(st.sampled_from(("task", "queue", "priority")), anything), max_size=3
    )
    | anything,
    max_size=4,
)


@given(data=tables, said=st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_whatever_was_imported_the_file_has_the_shape_of_one(data: Any, said: str) -> None:
    draft = Draft(said, data)
    draft.note("warning", said, ("queues", said), said, "trap")
    draft.leave(said, said, said + "\n" + said)
    make_sound(draft)
    _, findings = Topology.from_data(tomli.loads(write(draft)))
    assert not [one for one in findings if one.severity == "error"]


def test_comments_cannot_switch_rules_off() -> None:
    draft = Draft("x")
    draft.put(("queues", "a"), {}, "# qtopo: ignore[queue-unconsumed]")
    draft.note("warning", "# qtopo: ignore", ("queues", "a"))
    draft.leave("# qtopo: ignore", "# qtopo: ignore\n[queues.b]")
    text = write(draft)
    assert "qtopo:" not in text
    assert set(tomli.loads(text)["queues"]) == {"a"}


def test_the_first_source_counts_and_the_other_is_said() -> None:
    one, other = Draft("settings a"), Draft("definitions b")
    one.put(("queues", "q"), {}, "a:1")
    one.append("routes", {"task": "t", "queue": "q"})
    other.put(("queues", "q"), {"exchange": "x", "max_length": 5}, "b:2")
    other.append("routes", {"task": ["t", "u"], "queue": "r"}, "b:3")
    other.note("warning", "about u", ("routes", 0))
    merged = merge([one, other])
    assert merged.data["queues"]["q"] == {"max_length": 5}
    assert merged.data["routes"] == [
        {"task": "t", "queue": "q"},
        {"task": ["u"], "queue": "r"},
    ]
    said = [note.path for note in merged.notes if note.trap == "sources-differ"]
    assert ("queues", "q", "exchange") in said
    assert ("routes", 0) in said
    assert merged.origins[("routes", 1)] == "b:3"


def test_what_is_only_named_is_declared() -> None:
    draft = Draft("commands Procfile")
    draft.put(("workers", "w"), {"queues": ["a"]}, "Procfile:1")
    draft.hints["pool"] = "threads"
    complete(draft)
    assert draft.data["queues"] == {"a": {}}
    assert draft.data["workers"]["w"]["pool"] == "threads"
    assert {note.trap for note in draft.notes} == {"auto-created-queue", "worker-pool-setting"}


def test_secrets_stay_out() -> None:
    draft = Draft("x")
    draft.put(("broker",), {"url": "amqp://me:hunter2@host", "options": {"password": "hunter2"}})
    draft.put(("settings", "a"), ["redis://:hunter2@host"])
    make_sound(draft)
    assert "hunter2" not in write(draft) + repr(draft.notes)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qtopo", "import", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


APP = """\
from celery import Celery
app = Celery("proj", set_as_current=False)
app.conf.task_routes = (lambda name, args, kwargs, options, task=None, **more:
    {"queue": "odd"} if name.endswith("odd") else None, {"proj.*": "all"})
@app.task(name="proj.odd")
def odd(): pass
@app.task(name="proj.own", queue="own", time_limit=60)
def own(): pass
"""


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "proj.py").write_text(APP)
    done = run(tmp_path, "app", "proj:app", "--verify", "-o", "t.toml", "--format", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["verify"][0]["differences"] == []
    data = tomli.loads((tmp_path / "t.toml").read_text())
    assert {"task": "proj.odd", "queue": "odd"} in data["routes"]
    assert data["tasks"]["proj.own"] == {"queue": "own", "time_limit": "1m"}
    assert {note["trap"] for note in report["notes"]} >= {
        "router-function",
        "decorator-overrides-route",
    }
    again = run(tmp_path, "app", "proj:app", "-o", "t.toml")
    assert again.returncode == 1
    assert "--force" in again.stderr


def test_a_difference_without_a_trap_is_not_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "differing.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "differing", raising=False)
    draft = read("app", ("differing:app",))
    complete(draft)
    make_sound(draft)
    right, _ = Topology.from_data(draft.data)
    assert not verify.verify_app("differing:app", right, draft).differences
    draft.data["tasks"]["proj.own"]["queue"] = "odd"
    wrong, _ = Topology.from_data(draft.data)
    found = verify.verify_app("differing:app", wrong, draft).unexplained
    assert [(one.task, one.old.routing_key, one.new.routing_key) for one in found] == [
        ("proj.own", "own", "odd")
    ]


def test_the_command_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    for words in (("setings", "x"), ("settings",), ("settings", "no.py"), ("app", "no:app")):
        assert run(tmp_path, *words).returncode == 2, words
    assert "did you mean 'settings'" in run(tmp_path, "setings", "x").stderr
    assert run(tmp_path, "--help").returncode == 0


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("shop.celery:app", "shop", True),
        ("shop", "shop.celery:app", True),
        ("shop.celery", "shop.celery:app", True),
        ("shop.celery:app", "shop.celery:other", False),
        ("shop:app", "mail", False),
        ("shop.celery:app", "shop.worker", False),
    ],
)
def test_one_application_has_several_names(first, second, alike):
    drafts = []
    for text in (first, second):
        draft = Draft(text)
        draft.put(("app", "celery"), text)
        drafts.append(draft)
    merged = merge(drafts)
    assert merged.data["app"]["celery"] == first
    assert (not [one for one in merged.notes if one.trap == "sources-differ"]) == alike


def test_a_comment_stands_above_a_header():
    draft = Draft("Procfile")
    draft.put(("beat",), {}, "Procfile:4")
    draft.put(("beat", "schedule", "sweep"), {"task": "shop.sweep", "every": "1m"})
    assert "# From Procfile:4\n[beat]\n\n[beat.schedule.sweep]" in write(draft)
