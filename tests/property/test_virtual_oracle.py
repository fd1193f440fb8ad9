"""What the file says of kombu's virtual exchanges, held against its memory transport."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from kombu import Connection

import graphs
import virtuals
from qtopo.topology.topology import Topology

PER_GRAPH = 100
MESSAGES = graphs.wanted(3000)
TYPES = ("direct", "topic", "topic", "fanout", "headers")


@pytest.fixture
def memory(request: pytest.FixtureRequest) -> Any:
    def connect(**options: Any) -> Connection:
        connection = Connection("memory://", transport_options=options)
        request.addfinalizer(connection.release)
        _forget(connection)
        request.addfinalizer(lambda: _forget(connection))
        return connection

    return connect


def _forget(connection: Connection) -> None:
    """Clear what the transport keeps for the whole process."""
    connection.transport.state.clear()
    connection.transport.Channel.queues.clear()


def lengths(channel: Any, names: set[str]) -> dict[str, int]:
    found = {name: channel.queues[name].qsize() for name in names if name in channel.queues}
    for name in found:
        channel.queues[name].queue.clear()
    return {name: count for name, count in found.items() if count}


def test_messages_come_where_the_file_says(memory: Any) -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(-(-MESSAGES // PER_GRAPH)):
        rng = random.Random(seed)
        data = graphs.graph(rng, TYPES, chained=False)
        virtuals.crash_now_and_then(rng, data)
        options = {"deadletter_queue": "unrouted"} if rng.random() < 0.5 else {}
        topology, wrong = Topology.from_data(
            {**data, "broker": {"transport": "memory", "options": options}}
        )
        assert wrong == []
        patterns = graphs.patterns_of(data)
        messages = [graphs.message(rng, data, patterns) for _ in range(PER_GRAPH)]
        messages.append(graphs.Message("unknown", "a", {}))
        outcomes += virtuals.compare(topology, memory(**options), messages, lengths)
    assert {"delivered", "dropped", "re.error", "KeyError"} <= set(outcomes)
