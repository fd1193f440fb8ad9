"""The defects that the corpus knows of, held against all that `check` finds with the code.

A project is its settings, commands and schedule as a topology, and its tasks and call sites as
a survey: what `qtopo import` and `check --project` would make of its files.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crater import corpus
from qtopo.code import check
from qtopo.code.calls import Call
from qtopo.code.index import UNTOLD
from qtopo.code.project import Module, Project, Spot
from qtopo.code.survey import Survey
from qtopo.code.tasks import Task
from qtopo.rules import engine
from qtopo.topology.code_rules import RULES
from qtopo.topology.finding import At
from qtopo.topology.model import describe
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(
    not corpus.CORPUS.is_dir(), reason="the corpus is not beside the repository"
)
JUDGED = tomllib.loads((Path(__file__).parent / "known_defects.toml").read_text("utf-8"))
DECORATOR = ("queue", "routing_key", "priority")
OPTIONS = (*DECORATOR, "ignore_result", "max_retries")


def bare(facts: dict[str, Any]) -> dict[str, Any]:
    """Return a project whose tasks say nothing of routing: its settings and commands alone."""
    tasks = [{**one, **dict.fromkeys(DECORATOR)} for one in facts["tasks"]]
    return {**facts, "tasks": [one for one in tasks if "route key" not in one["name_from"]]}


def surveyed(facts: dict[str, Any]) -> Survey:
    """Return the tasks and the call sites of a project, as far as they are recorded."""
    project = Project(None)
    # Those that only a route names are nowhere in the code.
    coded = [one for one in facts["tasks"] if "route key" not in one["name_from"]]
    tasks = [_task(one, project) for one in coded]
    calls = [call for one in facts.get("dispatch") or [] for call in _calls(one, project)]
    by_name = {one.name: one for one in tasks}
    by_place = {(one.module, one.function): one for one in tasks}
    return Survey(project, tasks, by_name, by_place, calls, [])


def _task(one: dict[str, Any], project: Project) -> Task:
    spot = _spot(one["source"], project)
    options = {key: _value(one[key]) for key in OPTIONS if one.get(key) is not None}
    return Task(
        name=one["name"],
        sure=True,
        module=spot.module,
        function=one["name"],
        spot=spot,
        options=options,
        places={},
        bound=False,
        cls=None,
        # Its code is not in the corpus.
        foreign=True,
    )


def _calls(one: dict[str, Any], project: Project) -> list[Call]:
    """Return a call site: one for each queue that it may name, where they are known."""
    spot = _spot(one["source"], project)
    options = {key: _value(one[key]) for key in DECORATOR if one.get(key) is not None}
    task = one["task"] if isinstance(one["task"], str) else None
    call = Call(one["via"], task, None, options, dict.fromkeys(options, spot), spot, "")
    queues = one.get("possible_queues")
    if not queues:
        return [call]
    return [call._replace(options={**options, "queue": queue}) for queue in queues]


def _value(value: Any) -> Any:
    return UNTOLD if isinstance(value, dict) else value


def _spot(source: str, project: Project) -> Spot:
    path, _, line = source.partition(":")
    name = path.removesuffix(".py").replace("/", ".")
    project.modules.setdefault(name, Module(name, path, package=False, sure=True))
    number = int(line) if line.isdigit() else 1
    return Spot(name, number, 0, number, 0)


def found(project: str) -> dict[str, str]:
    """Return what is found: `rule place`, a key path or a file and line, with its severity."""
    facts = corpus.facts(project)
    every: dict[str, str] = {}
    for one, data in deployments(project, facts):
        topology, wrong = Topology.from_data(data)
        ran: list[Any] = [*wrong, *engine.run(topology, wrong).findings]
        if one is not facts:
            ran += check.examine(topology, surveyed(facts))
        for finding in ran:
            every[f"{finding.rule} {_place(finding)}"] = finding.severity
    return every


def deployments(project: str, facts: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield a topology for each set of workers, and what it was made from.

    What decorators say of routing is in some of the topologies, for their own rules; where
    code is held against one, the decorators are of the code.
    """
    for one in (facts, bare(facts)):
        for where in corpus.PROCESSES.get(project, {"all": ""}).values():
            yield one, corpus._Builder(one, where).build(project, "one").data
        for workers in (facts.get("deployment_sets") or {}).values():
            data = corpus._Builder(one, "").build(project, "one").data
            named = {name: queues for name, queues in workers.items() if isinstance(queues, list)}
            yield (
                one,
                {**data, "workers": {name: {"queues": queues} for name, queues in named.items()}},
            )


def _place(finding: Any) -> str:
    at = finding.at
    return describe(at.path) if isinstance(at, At) else f"{at.module}:{at.line}"


@pytest.fixture(scope="module")
def everything() -> dict[str, dict[str, str]]:
    return {project: found(project) for project in corpus.projects()}


def test_known_defects(everything: dict[str, dict[str, str]]) -> None:
    """Each is found as it was judged: where, or why it cannot be."""
    known = {
        (project, number): one
        for project in everything
        for number, one in enumerate(corpus.facts(project).get("known_defects") or [])
    }
    judged = {(one["project"], one["number"]): one for one in JUDGED["defects"]}
    assert {key: one["kind"] for key, one in judged.items()} == {
        key: one["kind"] for key, one in known.items()
    }
    for (project, number), one in judged.items():
        seen = everything[project].keys() & set(one["found"])
        said = f"found {', '.join(one['found'])}" if one["found"] else f"missed: {one['why']}"
        print(f"{project} {number} {one['kind']}: {said}")
        assert seen == set(one["found"]), (one, "not found any more")
        assert one["found"] or len(one["why"]) > 40, (one, "say why it cannot be found")
    count = sum(bool(one["found"]) for one in judged.values())
    print(f"{count} of {len(judged)} found")
    assert count == JUDGED["found"]


def test_whatever_else_is_found_in_code_was_judged(everything: dict[str, dict[str, str]]) -> None:
    """Rules about tasks and call sites, as many findings of each as are the record's or judged."""
    defects = {(one["project"], place) for one in JUDGED["defects"] for place in one["found"]}
    others: Counter[tuple[str, str, str]] = Counter()
    for project, findings in everything.items():
        for place, severity in findings.items():
            rule = place.partition(" ")[0]
            if rule in RULES and (project, place) not in defects:
                others[project, rule, severity] += 1
    judged = {
        (one["project"], one["rule"], one["severity"]): one["count"] for one in JUDGED["others"]
    }
    assert others == judged
    assert not [one for one in JUDGED["others"] if len(one["why"]) < 30]
    # Nothing beyond the record is louder than an info but for what is truly wrong.
    assert {one["verdict"] for one in JUDGED["others"]} == {"true"}
