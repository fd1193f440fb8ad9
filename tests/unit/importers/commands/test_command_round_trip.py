"""Topologies to commands and back: queues, pool, size, environment and replicas stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import HealthCheck, given, settings

from qtopo.compiler.processes import worker_processes
from qtopo.importers.complete import complete
from qtopo.importers.merge import merge
from qtopo.importers.sound import make_sound
from qtopo.importers.sources import read
from qtopo.importers.write import write
from qtopo.topology.topology import Topology
from strategies import topologies

LIGHT = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)
EXAMPLES = sorted((Path(__file__).parents[4] / "topologies").glob("*.toml"))
KEYS = (
    "pool",
    "concurrency",
    "autoscale",
    "replicas",
    "prefetch_multiplier",
    "max_tasks_per_child",
    "include",
)


def imported(*paths: Path) -> Topology:
    draft = merge([read("commands", tuple(map(str, paths)))])
    complete(draft)
    make_sound(draft)
    topology, findings = Topology.from_data(tomli.loads(write(draft)))
    assert not findings
    return topology


def written(topology: Topology, folder: Path, kind: str) -> Path:
    """Write the commands that `qtopo workers --print-commands` prints, as a file."""
    commands = [one for process in worker_processes(topology) for one in process.commands()]
    if kind == "script":
        path = folder / "start.sh"
        lines = ["#!/bin/sh", *(f"{one.line} &" for one in commands)]
    else:
        path = folder / "Procfile"
        lines = [f"p{number}: {one.line}" for number, one in enumerate(commands)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def said(topology: Topology) -> list[dict[str, Any]]:
    """What a topology says of its workers, as far as their commands do."""
    found = []
    for process in worker_processes(topology):
        if process.kind != "worker" or not process.replicas:
            continue
        worker = topology.workers[process.name]
        argv = list(process.argv)
        one = {key: getattr(worker, key) for key in KEYS}
        one |= {"argv": argv[argv.index("worker") :], "env": dict(process.env)}
        one["queues"] = list(process.queues)
        if worker.pool == "solo":
            one["concurrency"] = None
        if worker.pool != "prefork":
            one["max_tasks_per_child"] = None
        if worker.autoscale is not None and worker.pool in ("threads", "solo"):
            one["autoscale"], one["concurrency"] = None, worker.capacity
        found.append(one)
    return found


def plain(argv: list[str]) -> list[str]:
    """Arguments with switches in one spelling; the order of the others stays."""
    return sorted({"-E": "--task-events"}.get(one, one) for one in argv)


def compare(topology: Topology, folder: Path, kind: str) -> None:
    again = imported(written(topology, folder, kind))
    before, after = said(topology), said(again)
    assert len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        assert plain(new.pop("argv")) == plain(old.pop("argv"))
        assert new == old
    assert (again.beat is not None) == (topology.beat is not None and topology.beat.replicas > 0)
    if before or again.beat:
        assert again.app.celery == topology.app.celery


@pytest.mark.parametrize("kind", ["script", "procfile"])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path: Path, kind: str, tmp_path: Path) -> None:
    topology, findings = Topology.from_data(tomli.loads(path.read_text("utf-8")))
    assert not [one for one in findings if one.severity == "error"]
    compare(topology, tmp_path, kind)


@pytest.mark.parametrize("kind", ["script", "procfile"])
@LIGHT
@given(data=topologies())
def test_any_topology(kind: str, tmp_path: Path, data: dict[str, Any]) -> None:
    for worker in data["workers"].values():
        # Names a queue list cannot carry, and variables that Celery itself reads.
        worker["queues"] = [one.replace(",", ";") for one in worker["queues"]]
        given_ = worker.get("env", {}).items()
        worker["env"] = {name: value for name, value in given_ if not _is_read(name)}
    topology, findings = Topology.from_data(data)
    assert not findings
    compare(topology, tmp_path, kind)


def _is_read(name: str) -> bool:
    from qtopo.importers.sound import names_secret

    return name.startswith(("CELERY", "REMAP")) or names_secret(name)
