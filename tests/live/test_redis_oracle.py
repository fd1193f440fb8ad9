"""What the file says of kombu's exchanges on Redis, held against a real one."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

import pytest
from kombu import Connection
from redis import Redis

import graphs
import virtuals
from qtopo.routing.topics import redis_glob
from qtopo.topology.topology import Topology

pytestmark = pytest.mark.broker

PER_GRAPH = 50
MESSAGES = graphs.wanted(1000)


def test_messages_come_where_the_file_says(redis_url: str) -> None:
    outcomes: Counter[str] = Counter()
    with Redis.from_url(redis_url) as client:

        def lengths(channel: Any, names: set[str]) -> dict[str, int]:
            wanted = sorted(names)
            pipe = client.pipeline()
            for name in wanted:
                pipe.llen(name)
                pipe.delete(name)
            counts = pipe.execute()[::2]
            return {name: count for name, count in zip(wanted, counts, strict=True) if count}

        for seed in range(-(-MESSAGES // PER_GRAPH)):
            rng = random.Random(seed)
            data = graphs.graph(rng, ("direct", "topic", "headers"), chained=False)
            crashes = virtuals.crash_now_and_then(rng, data)
            options: dict[str, Any] = {}
            if rng.random() < 0.5:
                options["deadletter_queue"] = "unrouted"
            # With both, what is raised depends on the order in which Redis lists the bindings.
            if not crashes and rng.random() < 0.5:
                options["sep"] = "a"
            topology, wrong = Topology.from_data(
                {**data, "broker": {"transport": "redis", "options": options}}
            )
            assert wrong == []
            patterns = graphs.patterns_of(data)
            messages = [graphs.message(rng, data, patterns) for _ in range(PER_GRAPH)]
            messages.append(graphs.Message("unknown", "a", {}))
            with Connection(redis_url, transport_options=options) as connection:
                outcomes += virtuals.compare(topology, connection, messages, lengths)
            client.delete(*client.keys("_kombu*"), "none")
    assert {"delivered", "dropped", "re.error", "OperationalError", "ValueError"} <= set(outcomes)


GLOBS = ("a", "*", "?", "a*b", "[ab]", "[^a]x", "[a-c]*", "[c-a]", "a\\*", "[a", "[]", "é", "??")


@pytest.mark.parametrize("seed", range(4))
def test_redis_matches_channels_as_we_do(seed: int, redis_url: str) -> None:
    rng = random.Random(seed)
    texts = ("a", "b", "c", "*", "é", "x", "]", "[", "\\", "^", "-", "\n")
    patterns = [*GLOBS, *("".join(rng.choices((*texts, *GLOBS), k=3)) for _ in range(60))]
    channels = ["", *("".join(rng.choices(texts, k=rng.randint(1, 4))) for _ in range(80))]

    def latin(text: str) -> str:
        return text.encode().decode("latin-1")

    with Redis.from_url(redis_url) as client:
        for pattern in patterns:
            # KEYS matches with the same function as PSUBSCRIBE.
            client.mset({f"k:{channel}": "" for channel in channels})
            found = {key.decode()[2:] for key in client.keys(f"k:{pattern}")}
            ours = redis_glob(latin(f"k:{pattern}"))
            assert found == {one for one in set(channels) if ours.fullmatch(latin(f"k:{one}"))}, (
                pattern
            )


def test_a_fanout_message_comes_by_the_pattern_of_its_channel(redis_url: str) -> None:
    keys = {"plain": "a", "all": "#", "star": "x.*", "none": "", "set": "[ab]"}
    topology, wrong = Topology.from_data(
        {
            "broker": {"transport": "redis"},
            "exchanges": {"news": {"type": "fanout"}},
            "queues": {
                name: {"bindings": [{"exchange": "news", "routing_key": key}]}
                for name, key in keys.items()
            },
        }
    )
    assert wrong == []
    sent = ("a", "b", "", "x.y", "x", "[ab]", "a.b")
    came: dict[str, set[str]] = {key: set() for key in sent}
    connections = [Connection(redis_url) for _ in keys]
    try:
        # Each queue in a process of its own, as it were: on one connection only one gets it.
        for connection, name in zip(connections, keys, strict=True):
            virtuals.subscribe(connection, topology, name, came)
        with Connection(redis_url) as connection:
            producer = connection.Producer(virtuals.declare(connection, topology))
            for key in sent:
                producer.publish(key, exchange="news", routing_key=key)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            for connection in connections:
                virtuals.drain(connection)
            if all(came.values()):
                break
    finally:
        for connection in connections:
            connection.release()
    from qtopo.routing.delivery import deliver

    assert came == {key: set(deliver(topology, "news", key)) for key in sent}
