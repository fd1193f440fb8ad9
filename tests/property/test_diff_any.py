"""What `diff` owes whoever trusts it: nothing for nothing, an answer for anything, both ways."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st

from flaws import flawed
from qtopo.changes.change import ADDED, CLASSES, REMOVED, RENAMED
from qtopo.changes.compare import diff
from qtopo.changes.formats import FORMATS, renderer
from qtopo.changes.report import report
from qtopo.routing.route import route_many
from qtopo.topology.topology import Topology
from strategies import topologies

MANY = settings(
    deadline=None,
    max_examples=20,
    # Shrinking two whole topologies takes minutes and makes them little clearer.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)
SECTIONS = ("exchanges", "queues", "tasks", "workers", "routes", "workflows", "broker", "defaults")


def read(data: dict[str, Any]) -> Topology:
    topology, findings = Topology.from_data(copy.deepcopy(data))
    assert not [one for one in findings if one.severity == "error"]
    return topology


@st.composite
def pairs(draw: Any) -> tuple[Topology, Topology]:
    """Two topologies that have something in common: some sections of one stand in the other."""
    one, other = draw(topologies()), draw(topologies())
    if draw(st.booleans()):
        shared = draw(st.lists(st.sampled_from(SECTIONS), unique=True))
        other = {**other, **{key: one[key] for key in shared if key in one}}
        other = {key: value for key, value in other.items() if key in one or key not in shared}
    old, new = read(one), Topology.from_data(copy.deepcopy(other))[0]
    return (old, new) if draw(st.booleans()) else (new, old)


@MANY
@given(topologies())
def test_a_topology_does_not_differ_from_itself(data: dict[str, Any]) -> None:
    found = diff(read(data), read(data))
    assert (found.changes, found.tasks, found.rollout) == ((), (), ())


@MANY
@given(pairs())
def test_every_way_that_differs_is_told(pair: tuple[Topology, Topology]) -> None:
    old, new = pair
    names = list(dict.fromkeys((*old.known_tasks(), *new.known_tasks())))
    ways = [
        {
            one.task: (one.queue, one.publish, one.delivered_to, one.workers)
            for one in route_many(side, names)
        }
        for side in pair
    ]
    told = {one.task: one for one in diff(old, new).tasks}
    for name in names:
        if ways[0][name] != ways[1][name]:
            assert name in told
            assert told[name].old.delivered_to == ways[0][name][2]
            assert told[name].new.delivered_to == ways[1][name][2]


@MANY
@given(pairs())
def test_what_is_added_one_way_is_removed_the_other(pair: tuple[Topology, Topology]) -> None:
    there, back = diff(*pair), diff(*reversed(pair))

    def those(changes: Any, what: str, value: str) -> list[str]:
        return sorted(
            json.dumps([one.kind, one.name, getattr(one, value)], default=str)
            for one in changes
            if one.what == what
        )

    assert those(there.changes, ADDED, "new") == those(back.changes, REMOVED, "old")
    assert those(there.changes, REMOVED, "old") == those(back.changes, ADDED, "new")
    renamed = {(one.old, one.new) for one in there.changes if one.what == RENAMED}
    assert renamed == {(one.new, one.old) for one in back.changes if one.what == RENAMED}
    assert {one.task for one in there.tasks if one.old != one.new} == {
        one.task for one in back.tasks if one.old != one.new
    }


@MANY
@given(pairs(), st.booleans(), st.booleans())
def test_every_format_has_an_answer(
    pair: tuple[Topology, Topology], unicode: bool, color: bool
) -> None:
    found = diff(*pair)
    shown = {
        name: renderer(name)(report(found, "old", "new", unicode=unicode, color=color, width=80))
        for name in FORMATS
    }
    content = json.loads(shown["json"])
    assert len(content["changes"]) == len(found.changes)
    assert {one["class"] for one in content["changes"]} <= CLASSES.keys()
    again = diff(*pair)
    assert renderer("json")(report(again, "old", "new", unicode=unicode)) == renderer("json")(
        report(found, "old", "new", unicode=unicode)
    )
    for text in shown.values():
        assert "\x1b" not in text.replace("\x1b[", "") or color
        assert text.endswith("\n")


@MANY
@given(flawed([{"queues": {"celery": {}}}]), flawed([{"queues": {"celery": {}}}]))
def test_even_broken_files_are_compared(one: dict[str, Any], other: dict[str, Any]) -> None:
    sides = [Topology.from_data(copy.deepcopy(data)) for data in (one, other)]
    if any(finding.severity == "error" for _, findings in sides for finding in findings):
        reject()  # `qtopo diff` tells of them instead
    diff(sides[0][0], sides[1][0])
