"""The speed of topic matching over many bindings, against kombu's in the same run.

python benchmarks/delivery.py
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

BAR = 1 / 20
"""The most that our look-up may take, as a part of kombu's."""


def bindings(count: int, rng: random.Random) -> list[str]:
    """Binding keys as large deployments have them; a quarter of them have wildcards."""
    keys = []
    for number in range(count):
        words = ["app" + str(number % 200), "job" + str(number % 977), f"{number:x}"]
        if number % 4 == 0:
            words[rng.randrange(3)] = rng.choice(("*", "#"))
        keys.append(".".join(words))
    return keys


def seconds(call: Callable[[str], Any], keys: list[str]) -> float:
    start = time.perf_counter()
    for key in keys:
        call(key)
    return time.perf_counter() - start


def measure(count: int = 10_000, messages: int = 60, runs: int = 5) -> tuple[float, float, float]:
    """Return the seconds a message takes us, those it takes kombu, and the median ratio."""
    from kombu.transport.virtual.exchange import TopicExchange

    from qtopo.routing.delivery import Deliveries
    from qtopo.topology.topology import Topology

    rng = random.Random(7)
    patterns = bindings(count, rng)
    topology, wrong = Topology.from_data(
        {
            "exchanges": {"events": {"type": "topic"}},
            "queues": {
                f"q{n}": {"exchange": "events", "routing_key": key}
                for n, key in enumerate(patterns)
            },
        }
    )
    assert not wrong
    kombu = TopicExchange(None)
    table = [kombu.prepare_bind(f"q{n}", "events", key, {}) for n, key in enumerate(patterns)]
    keys = [key.replace("*", "x").replace("#", "y.z") for key in rng.sample(patterns, messages)]
    queues = Deliveries(topology).queues

    def ours(key: str) -> tuple[str, ...]:
        return queues("events", key)

    def theirs(key: str) -> Any:
        return kombu.lookup(table, "events", key, None)

    # These keys mean the same to both. It also compiles what is compiled once.
    assert all(set(ours(key)) == theirs(key) for key in keys)
    pairs = [(seconds(ours, keys), seconds(theirs, keys)) for _ in range(runs)]
    return (
        statistics.median(a for a, _ in pairs) / messages,
        statistics.median(b for _, b in pairs) / messages,
        statistics.median(a / b for a, b in pairs),
    )


def benchmark(line: Callable[[str, float, float, str], None], *, quick: bool = False) -> None:
    """Report one line to `Report.line` of `run.py`."""
    count = 2_000 if quick else 10_000
    ours, theirs, ratio = measure(count, runs=3 if quick else 5)
    detail = f"{ours * 1e3:.3f} / {theirs * 1e3:.2f}: {1 / ratio:.0f} times as fast"
    line(f"delivery over {count} bindings / kombu's look-up", ratio, BAR, detail)


if __name__ == "__main__":

    def show(what: str, value: float, bar: float, detail: str) -> None:
        print(f"{what}: {value:.4f} (bar {bar:.2f}) {detail}")
        if value > bar:
            sys.exit(1)

    benchmark(show)
