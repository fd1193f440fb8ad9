"""`route`, `route_many` and `--from-queue` are three views of one thing, and agree."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtopo.routing import reverse
from qtopo.routing.deadletters import dead_letters
from qtopo.routing.route import Routed, route, route_many
from qtopo.topology.topology import Topology
from strategies import names, topologies

MANY = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def headline(one: Routed):
    return one[: Routed._fields.index("considered")]


@MANY
@given(topologies(), st.lists(names(), max_size=3))
def test_many_at_once_go_where_each_goes(data, others):
    topology, findings = Topology.from_data(data)
    assert findings == []
    tasks = list(dict.fromkeys([*topology.known_tasks(), *others]))
    for task, quick in zip(tasks, route_many(topology, tasks), strict=True):
        whole = route(topology, task)
        assert headline(whole) == headline(quick)
        assert [one.decided for one in whole.considered].count(True) == 1
        assert json.loads(json.dumps(whole.as_json()))["task"] == task


@MANY
@given(topologies())
def test_what_reaches_a_queue_is_what_is_delivered_to_it(data):
    topology, _ = Topology.from_data(data)
    ways = route_many(topology, topology.known_tasks())
    for queue in topology.queues:
        found = reverse.reaching(topology, queue)
        assert {one.name for one in found if one.kind == "task"} == {
            one.task for one in ways if queue in one.delivered_to
        }
        for one in found:
            assert json.dumps(one.as_json())
            if one.kind == reverse.DEAD_LETTER:
                letters = dead_letters(topology, one.name, key=one.routing_key).courses
                assert any(
                    queue in letter.delivered_to for course in letters for letter in course.letters
                )
