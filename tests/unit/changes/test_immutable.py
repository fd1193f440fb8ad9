"""Which queue arguments count as kept, where only some releases of RabbitMQ compare them."""

from __future__ import annotations

import pytest

from qtopo.changes.immutable import queue_argument_stays
from qtopo.topology.topology import Topology


@pytest.mark.parametrize(
    ("name", "version", "stays"),
    [
        ("x-consumer-timeout", None, True),
        ("x-consumer-timeout", "4.3.2", True),
        ("x-consumer-timeout", "4.3.1", False),
        ("x-consumer-timeout", "4.3", True),
        ("x-consumer-timeout", "4.2", False),
        ("x-consumer-timeout", "5", True),
        ("x-stream-filter-size-bytes", "4.2.7", True),
        ("x-stream-filter-size-bytes", "4.1.8", False),
        ("x-quorum-target-group-size", None, False),
        ("x-own", None, False),
        ("x-max-length", "3.8", True),
    ],
)
def test_from_which_release(name: str, version: str | None, stays: bool) -> None:
    broker = {} if version is None else {"version": version}
    topology, wrong = Topology.from_data({"broker": broker})
    assert wrong == []
    assert queue_argument_stays(topology, name) is stays
