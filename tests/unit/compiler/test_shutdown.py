"""How long a worker may take to stop."""

from __future__ import annotations

import pytest

from qtopo.compiler.shutdown import UNBOUNDED, stopping
from qtopo.topology.topology import Topology


def grace(pool="prefork", shutdown=None, reach=None, setting=None, **tasks):
    worker = {"queues": ["celery"], "pool": pool}
    if shutdown is not None:
        worker["shutdown"] = shutdown
    data = {
        "broker": {"transport": "redis"},
        "queues": {"celery": {}},
        "workers": {"w": worker},
        "tasks": tasks,
    }
    if setting is not None:
        data["settings"] = {"task_time_limit": setting}
    topology, findings = Topology.from_data(data)
    assert findings == []
    return stopping(topology, topology.workers["w"], reach).grace


LIMITED = {"time_limit": "1m"}
LONG = {"duration": {"mean": "2m", "p99": "10m"}}


def test_a_hard_limit_and_ten_seconds():
    assert grace(a=LIMITED) == 70
    assert grace(a=LIMITED, b={"time_limit": "2m"}) == 130


def test_a_task_without_a_limit_may_take_as_long_as_it_is_known_to():
    assert grace(a=LIMITED, b=LONG) == 610
    assert grace(a=LIMITED, b={"duration": "5m"}) == 310
    # It does not get to this worker.
    assert grace(a=LIMITED, b=LONG, reach={"a": ["celery"], "b": ["other"]}) == 70


def test_a_limit_ends_what_would_take_longer():
    assert grace(a={**LIMITED, **LONG}) == 70
    assert grace(a=LONG, setting=30) == 40


@pytest.mark.parametrize("pool", ["threads", "eventlet", "solo"])
def test_a_pool_that_enforces_no_limit_lets_tasks_run_on(pool):
    assert grace(pool, a={**LIMITED, **LONG}) == 610
    assert grace(pool, a=LONG, setting=30) == 610
    assert grace(pool, a=LIMITED) == 70


def test_nothing_bounds_tasks_that_none_limits():
    assert grace() is None
    assert grace(a=LONG) is None
    topology, _ = Topology.from_data(
        {"queues": {"celery": {}}, "workers": {"w": {"queues": ["celery"]}}}
    )
    assert stopping(topology, topology.workers["w"]).seconds == UNBOUNDED


def test_what_the_file_says_has_the_last_word():
    assert grace(shutdown={"drain": "15m"}, a=LONG) == 900
    assert grace(shutdown={"soft": "20s"}, a=LONG) == 30
