"""The linter on real projects: every finding was looked at by hand, and is true."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from crater import corpus, judge

pytestmark = pytest.mark.skipif(
    not corpus.CORPUS.is_dir(), reason="the corpus is not beside the repository"
)
PROJECTS = corpus.projects()


@pytest.mark.parametrize("project", PROJECTS)
def test_what_is_found_is_what_was_judged(project: str) -> None:
    judged = [one for one in judge.snapshot()["findings"] if one["project"] == project]
    now = {judge.key(one): one for one in judge.findings(project)}
    before = {judge.key(one): one for one in judged}
    assert list(now.values()) == [
        {name: value for name, value in one.items() if name not in ("verdict", "why")}
        for one in judged
    ], (
        "run tests/crater/record.py and judge what is new",
        [now[one] for one in now.keys() - before.keys()],
        [before[one] for one in before.keys() - now.keys()],
    )


def test_every_finding_is_true() -> None:
    judged = judge.snapshot()["findings"]
    assert len(judged) > 20
    assert not [one for one in judged if one["verdict"] != "true" or len(one["why"]) < 10]


@pytest.mark.parametrize("project", PROJECTS)
def test_tasks_go_where_celery_sends_them(project: str) -> None:
    judged = [one for one in judge.snapshot()["unlike"] if one["project"] == project]
    assert not [one for one in judged if len(one["why"]) < 10]
    assert [judge.key(one) for one in judge.unlike(project)] == [judge.key(one) for one in judged]


def test_most_tasks_are_compared_and_differ_in_nothing() -> None:
    compared = sum(len(corpus.facts(project)["expected_routes"]) for project in PROJECTS)
    unlike = {(one["project"], task) for one in judge.snapshot()["unlike"] for task in one["tasks"]}
    assert compared > 600
    assert len(unlike) < compared / 15
    # Where they differ it is the priority alone: a task never goes elsewhere.
    assert {one["what"] for one in judge.snapshot()["unlike"]} <= {"priority"}


@pytest.mark.parametrize("project", PROJECTS)
def test_known_defects_are_found(project: str) -> None:
    judged = {
        one["number"]: one for one in judge.snapshot()["defects"] if one["project"] == project
    }
    known = corpus.facts(project).get("known_defects") or []
    assert [judged[number]["kind"] for number in sorted(judged)] == [one["kind"] for one in known]
    found = [f"{one['rule']} {one['path']}" for one in judge.findings(project)]
    for one in judged.values():
        assert len(one["why"]) >= 10, one
        for place in one["found"]:
            assert place in found, one


def test_a_translation_leaves_out_what_a_topology_cannot_say_and_no_more() -> None:
    lost = [one for name in PROJECTS for made in corpus.translations(name) for one in made.lost]
    reasons = Counter(
        re.sub(r"^\S+( \S+)? is known at", "known at", why.partition(":")[0]) for _, why in lost
    )
    assert reasons.keys() == {
        "a queue has no delivery mode, its routes have",
        "known at run time only",
        "priority 10 is not 0 to 9",
        "the project's own router reads it",
        "the worker's queues are known at run time only",
        "when is not known",
    }
    # Of some 130 entries of schedules those that are computed when beat starts.
    assert reasons["when is not known"] <= 30
