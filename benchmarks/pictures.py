"""The speed of the SVG picture, against `dot -Tsvg` on the same graph in the same run.

python benchmarks/pictures.py

Both draw every node. In process we make the SVG out of the graph that `qtopo.graph`
has built, and `dot` gets ready-made DOT on its standard input; as a command both
begin with the file: `qtopo graph -o x.svg`, and `qtopo graph -o x.dot` and then `dot`.
"""

from __future__ import annotations

import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

IN_PROCESS, COMMAND = 0.5, 0.75
"""The most that our picture may take, as parts of what `dot` takes."""
SIZES = (150, 1500)
LARGE = 1500
"""From how many nodes the bar of whole commands holds."""


class Figure(NamedTuple):
    """What was measured: its name, the median ratio and its bar, and both times in seconds."""

    what: str
    ratio: float
    bar: float
    ours: float
    theirs: float


def topology(nodes: int, seed: int = 7) -> dict[str, Any]:
    """Return the tables of a topology whose graph has about so many nodes.

    Services publish to topic exchanges of a few families, queues are bound with one
    or two keys, some have dead letters, and workers take the queues of a service.
    """
    rng = random.Random(seed)
    families = max(2, nodes // 75)
    services = ["billing", "email", "search", "media", "orders", "stock", "audit", "login"]
    exchanges: dict[str, Any] = {
        f"{services[n % 8]}-{n}": {"type": "topic"} for n in range(families)
    }
    names = list(exchanges)
    exchanges["dead"] = {"type": "direct"}
    queues: dict[str, Any] = {"dead-letters": {"exchange": "dead", "routing_key": "dead"}}
    total = max(3, int(nodes * 0.3))
    for n in range(total):
        home = rng.choice(names)
        keys = [f"{home.split('-')[0]}.{rng.choice('abcdef')}{n}.*"]
        if rng.random() < 0.25:
            keys.append(f"{home.split('-')[0]}.shared{n % 5}.#")
        bindings = [{"exchange": home, "routing_key": key} for key in keys]
        if rng.random() < 0.15:
            bindings.append({"exchange": rng.choice(names), "routing_key": f"copy.{n}"})
        queues[f"{home}-q{n}"] = {"bindings": bindings}
        if rng.random() < 0.1:
            queues[f"{home}-q{n}"]["dead_letter"] = {"exchange": "dead", "routing_key": "dead"}
    tasks, routes = {}, []
    known = [name for name in queues if name != "dead-letters"]
    for n in range(max(2, int(nodes * 0.2))):
        queue = rng.choice(known)
        first = queues[queue]["bindings"][0]
        routes.append(
            {
                "task": f"svc{n}.jobs.*",
                "queue": queue,
                "exchange": first["exchange"],
                "routing_key": first["routing_key"].replace("*", "run"),
            }
        )
    for n in range(max(3, int(nodes * 0.38))):
        tasks[f"svc{rng.randrange(len(routes))}.jobs.step{n}"] = {"duration": f"{n % 40 + 1}s"}
    workers = {}
    count = max(2, int(nodes * 0.09))
    for n in range(count):
        own = known[n::count] or known[:1]
        if rng.random() < 0.2:
            own = [*own, rng.choice([one for one in known if one not in own] or own)]
        workers[f"worker-{n}"] = {"queues": list(dict.fromkeys(own)), "concurrency": n % 8 + 1}
    queues["default"] = {}
    workers["worker-0"]["queues"].append("default")
    return {
        "app": {"name": f"random {nodes}", "celery": "big:app"},
        "broker": {"transport": "rabbitmq"},
        "defaults": {"queue": "default"},
        "exchanges": exchanges,
        "queues": queues,
        "routes": routes,
        "tasks": tasks,
        "workers": workers,
    }


def measure(sizes: tuple[int, ...] = SIZES, runs: int = 7) -> list[Figure]:
    """Return the figures; none where `dot` is not installed."""
    if shutil.which("dot") is None:
        return []
    figures = [_in_process(nodes, runs) for nodes in sizes]
    figures.append(_as_commands(max(sizes), max(3, runs // 2)))
    return figures


def _in_process(nodes: int, runs: int) -> Figure:
    import qtopo
    from qtopo.graph import dot
    from qtopo.graph.picture import svg
    from qtopo.topology.topology import Topology

    built, wrong = Topology.from_data(topology(nodes))
    assert not wrong, wrong
    graph = qtopo.graph(built)
    source = dot.draw(graph).encode()

    def ours() -> None:
        from qtopo.graph.picture import metrics, shapes

        # Each picture is drawn by a new process: what is remembered does not count.
        for known in (metrics.text_width, metrics.shorten, metrics.visible):
            known.cache_clear()
        shapes.outline.cache_clear()
        shapes.detail.cache_clear()
        svg.draw(graph, expand=True)

    def theirs() -> None:
        subprocess.run(["dot", "-Tsvg"], input=source, stdout=subprocess.DEVNULL, check=True)

    return _compared(f"SVG of {nodes:,} nodes / dot -Tsvg", IN_PROCESS, ours, theirs, runs)


def _as_commands(nodes: int, runs: int) -> Figure:
    import tomli_w

    qtopo = [sys.executable, "-c", "from qtopo.cli.main import run\nrun()", "graph"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "topology.toml")
        file.write_text(tomli_w.dumps(topology(nodes)), encoding="utf-8")
        dotted = str(Path(folder, "x.dot"))

        def run(command: list[str]) -> None:
            subprocess.run(
                command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )

        def ours() -> None:
            run([*qtopo, "-t", str(file), "-o", str(Path(folder, "x.svg")), "--expand"])

        def theirs() -> None:
            run([*qtopo, "-t", str(file), "-o", dotted])
            run(["dot", "-Tsvg", "-o", str(Path(folder, "y.svg")), dotted])

        what = f"qtopo graph -o x.svg, {nodes:,} nodes / -o x.dot, dot -Tsvg"
        # Starting Python twice is most of it where the graph is small.
        return _compared(what, COMMAND if nodes >= LARGE else 1.0, ours, theirs, runs)


def _compared(
    what: str, bar: float, ours: Callable[[], None], theirs: Callable[[], None], runs: int
) -> Figure:
    """Run both in turn, so that a machine that changes its speed changes both."""
    ours(), theirs()
    pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(runs)]
    return Figure(
        what,
        statistics.median(one / other for one, other in pairs),
        bar,
        statistics.median(one for one, _ in pairs),
        statistics.median(other for _, other in pairs),
    )


def _seconds(call: Callable[[], None]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> int:
    figures = measure()
    if not figures:
        print("dot is not installed: apt-get install graphviz")
        return 2
    for one in figures:
        met = "ok  " if one.ratio <= one.bar else "MISS"
        print(
            f"{met} {one.what:<58} {one.ratio:6.2f}  (bar {one.bar:.2f})  "
            f"{one.ours * 1e3:.0f} / {one.theirs * 1e3:.0f} ms"
        )
    return int(any(one.ratio > one.bar for one in figures))


if __name__ == "__main__":
    sys.exit(main())
