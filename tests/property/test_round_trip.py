"""Writing a topology and reading it back gives the same value, whatever it holds."""

from __future__ import annotations

import tomli
from hypothesis import HealthCheck, given, settings

import qtopo
from qtopo.topology.topology import Topology
from strategies import topologies

SLOW = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(topologies())
def test_what_is_dumped_reads_back_equal(data):
    topology, findings = Topology.from_data(data)
    assert findings == []
    again, findings = Topology.from_data(tomli.loads(qtopo.dump(topology)))
    assert findings == []
    assert again == topology


@SLOW
@given(topologies())
def test_dumping_is_a_fixed_point(data):
    topology, _ = Topology.from_data(data)
    text = qtopo.dump(topology)
    again, _ = Topology.from_data(tomli.loads(text))
    assert qtopo.dump(again) == text
