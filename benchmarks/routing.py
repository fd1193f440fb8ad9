"""How fast tasks are routed: by qtopo, and by Celery with what qtopo emits.

Called by `run.py`; every figure is a ratio of two sides measured in turn.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def seconds(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def load_and_route(file: Path, runs: int) -> tuple[float, float]:
    """Return the seconds that loading a file takes, and routing all its tasks."""
    import qtopo
    from qtopo.routing.route import route_many

    loads, routes = [], []
    for _ in range(runs):
        loads.append(seconds(lambda: qtopo.load(file)))
        # A new value: a topology remembers what has been worked out.
        topology = qtopo.load(file)
        names = topology.known_tasks()
        routes.append(seconds(lambda t=topology, n=names: route_many(t, n)))
    return statistics.median(loads), statistics.median(routes)


def router_times(patterns: int, looked_up: int, runs: int) -> tuple[float, float]:
    """Return the seconds a look-up takes in Celery's router: plain globs, and what is emitted."""
    from qtopo.topology.topology import Topology

    data: dict[str, Any] = {
        "queues": {"celery": {}, **{f"q{n}": {} for n in range(min(patterns, 50))}},
        "routes": [
            {"task": f"app{n}.jobs.*", "queue": f"q{n % min(patterns, 50)}"}
            for n in range(patterns)
        ],
        "tasks": {f"app{n}.jobs.run": {} for n in range(patterns)},
    }
    topology, findings = Topology.from_data(data)
    if findings:
        raise SystemExit(f"the benchmark's topology is unsound: {findings[0].message}")
    globs = [(route["task"], {"queue": route["queue"]}) for route in data["routes"]]
    emitted = _router(topology, None)
    plain = _router(topology, (globs,))
    rng = random.Random("qtopo")
    names = rng.choices(list(data["tasks"]), k=looked_up)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for router, found in zip((plain, emitted), times, strict=True):
            found.append(seconds(lambda r=router: [r.route({}, name) for name in names]))
    one, other = (statistics.median(found) / looked_up for found in times)
    return one, other


def _router(topology: Any, routes: Any) -> Any:
    """Return the router of a Celery application with a topology's settings."""
    from celery import Celery

    import qtopo

    settings = dict(qtopo.celery_settings(topology))
    if routes is not None:
        settings["task_routes"] = routes
    app = Celery("benchmark", set_as_current=False)
    app.conf.update(settings)
    router = app.amqp.router
    # Queues are made and patterns compiled at the first look-up.
    router.route({}, "warm.up")
    return router


def benchmark(line: Callable[[str, float, float, str], None], file: Path, runs: int) -> None:
    """Print the figures: a large file's tasks routed, and Celery's router with what is emitted."""
    load, route = load_and_route(file, runs)
    line(
        "route every task of it / load it",
        route / load,
        2.0,
        f"{route * 1e3:.0f} / {load * 1e3:.0f}",
    )
    for patterns, looked_up, bar in ((10_000, 200, 0.01), (10, 5_000, 1.0)):
        plain, emitted = router_times(patterns, looked_up, max(3, runs))
        line(
            f"Celery's look-up, emitted / globs, {patterns:,} patterns",
            emitted / plain,
            bar,
            f"{emitted * 1e6:.1f} / {plain * 1e6:.1f} µs",
        )
