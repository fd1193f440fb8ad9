"""Commands of real projects, merged with their settings: what is started again is the same."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import tomli

from crater.corpus import CORPUS, facts, projects
from crater.test_import import settings_text
from qtopo.compiler.processes import worker_processes
from qtopo.importers.complete import complete
from qtopo.importers.merge import merge
from qtopo.importers.sound import make_sound
from qtopo.importers.sources import Options, read
from qtopo.importers.write import write
from qtopo.topology.topology import Topology

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")

PROJECTS = projects() if CORPUS.is_dir() else []

LEAD = re.compile(r"(?:[\w-]+:|--|ExecStart=|test:)\s*(?=\S)")


def script(known: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """Return the commands of a project as a script, each with its variables, and which count."""
    lines: list[str] = []
    expected: list[dict[str, Any]] = []
    for one in known["workers"]:
        command = (
            LEAD.sub("", one["command"], count=1) if LEAD.match(one["command"]) else one["command"]
        )
        # One stands in Python, as a format: what is in its braces is not known.
        command = re.sub(r"(?<!\$)\{(\w+)\}", r"$\1", command)
        if command.startswith('"'):
            (command,) = shlex.split(command)
        elif command.count('"') % 2:
            command = command.rstrip('"')
        given = " ".join(
            f"{name}={shlex.quote(value)}" for name, value in one.get("env", {}).items()
        )
        lines.append(f"( export {given}; {command} )" if given else command)
        if one["queues"] != "n/a" and " worker" in command:
            expected.append({**one, "command": command})
    return "\n".join(lines) + "\n", expected


def words(command: str, env: dict[str, str]) -> dict[str, str]:
    """Pool, size and number of a command as it stands, by reading it anew."""
    for name, value in env.items():
        command = re.sub(rf"\$\{{?{name}\b(:-[^}}]*)?\}}?", value, command)
    found = {}
    for key, pattern in {
        "pool": r"(?:-P|--pool)[ =]?(\w+)",
        "concurrency": r"(?:-c|--concurrency)[ =]?\"?(\d+)",
        "autoscale": r"--autoscale[ =](\d+,\d+)",
    }.items():
        match = re.search(rf"(?<=\s){pattern}", command)
        if match:
            found[key] = match[1]
    return found


@pytest.mark.parametrize("project", PROJECTS)
def test_the_same_queues_are_consumed_with_the_same_pool_and_size(
    project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    known = facts(project)
    text, expected = script(known)
    Path("start.sh").write_text(text)
    Path("project_settings.py").write_text(settings_text(known))
    options = Options(known.get("namespace"))
    draft = merge(
        [
            read("commands", ("start.sh",)),
            read("settings", ("project_settings.py",), options),
        ]
    )
    complete(draft)
    make_sound(draft)
    topology, findings = Topology.from_data(tomli.loads(write(draft)))
    assert not findings
    found = [one for one in worker_processes(topology) if one.kind == "worker"]
    # What cannot be known is a comment: a table of each worker that has no queues to name.
    commented = {one.title for one in draft.leftovers if any("queues = [" in x for x in one.lines)}
    unresolved = [one for one in expected if isinstance(one["queues"], str)]
    assert len(commented) == len(unresolved), (commented, unresolved)
    counted = [one for one in expected if not isinstance(one["queues"], str)]
    assert sum(one.replicas for one in found) == len(counted), (text, [one.name for one in found])
    declared = [one["name"] for one in known["declared_queues"]]
    started = [one for one in found for _ in range(one.replicas)]
    for old, new in zip(counted, started, strict=True):
        queues = list(dict.fromkeys(old["queues"])) if old["queues"] else None
        if queues is None:
            assert sorted(new.queues) == sorted(declared), old
        else:
            assert list(new.queues) == queues, old
        said = words(old["command"], old.get("env", {}))
        worker = topology.workers[new.name]
        assert new.pool == said.get("pool", "prefork")
        if "autoscale" in said:
            low, high = sorted(map(int, said["autoscale"].split(",")))
            assert worker.autoscale is not None
            assert (worker.autoscale.min, worker.autoscale.max) == (low, high)
        elif "concurrency" in said:
            assert worker.concurrency == int(said["concurrency"])
        line = " ".join(new.argv)
        assert f" -P {new.pool}" in line


def test_most_commands_are_compared() -> None:
    assert sum(len(script(facts(one))[1]) for one in PROJECTS) > 50
