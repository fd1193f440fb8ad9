"""systemd's units: their text, `systemd-analyze verify`, and a real systemd that starts them."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import systemd_manager
from deployed import emitted, job_of
from hosted import BASE, hosted, writable
from qtopo.emit import systemd
from qtopo.emit.base import Job
from qtopo.emit.launching import program
from qtopo.emit.machine import started
from qtopo.errors import EmitError
from qtopo.source import read
from qtopo.topology.deploy import Deploy
from read_back_systemd import read_back, sections

EXAMPLES = sorted((Path(__file__).parents[3] / "topologies").glob("*.toml"))
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
RECORDER = """\
#!/bin/sh
read -r line < /proc/$$/cgroup
name=$RECORD/${line##*/}
cp /proc/$$/environ "$name.env"
cp /proc/$$/cmdline "$name.argv"
"""


def wanted(job: Job) -> list[tuple[tuple[str, ...], dict[str, str], float]]:
    return [
        (
            program(job, command.argv),
            dict(command.env),
            math.inf if unit.process.shutdown.grace is None else unit.process.shutdown.seconds,
        )
        for unit in started(job)
        for command in unit.process.commands()
    ]


def drawn(strategy: Any, count: int) -> list[Any]:
    """So many examples at once, for what is too slow to be asked about each."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(strategy)
    def collect(data: Any) -> None:
        found.append(data)

    collect()
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hosted())
def test_any_topology_comes_through_unharmed(data):
    job = writable(data, systemd.emit, job_of, "systemd")
    found = read_back(emitted(job))
    assert [(one.argv, one.env, one.grace) for one in found] == wanted(job)
    assert len({one.name for one in found}) == len(found)


def jobs(count: int, folder: Path) -> list[Job]:
    """Random topologies, each with an application name of its own, and programs that are there."""
    found = []
    programs = st.sampled_from(["bin", "b in", "50%-$$bin", "{ünï};#"])
    for number, (data, place) in enumerate(drawn(st.tuples(hosted(), programs), count)):
        data["app"]["name"] = f"app{number}"
        data["deploy"] = {"bin": str(folder / place)}
        found.append(job_of(data, "systemd"))
    return found


def written(job: Job, folder: Path) -> list[str]:
    """Write a job's files; returns their names."""
    artifacts = emitted(job)
    for artifact in artifacts:
        (folder / Path(artifact.path).name).write_text(artifact.content, encoding="utf-8")
    return [Path(artifact.path).name for artifact in artifacts]


def programs(folder: Path, found: list[Job]) -> None:
    for job in found:
        path = Path(job.topology.deploy.bin, "celery")
        path.parent.mkdir(exist_ok=True)
        path.write_text(RECORDER)
        path.chmod(0o755)


def faults(folder: Path, names: list[str]) -> str:
    """What `systemd-analyze verify` complains of; it says so on stderr alone."""
    paths = [str(folder / name.replace("@.", "@1.")) for name in names]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin"},
    )
    return "\n".join(line for line in done.stderr.splitlines() if str(folder) in line)


@LINUX
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd")
def test_systemd_accepts_every_example_and_random_ones(tmp_path):
    found = jobs(6, tmp_path)
    for path in EXAMPLES:
        topology = read(str(path)).topology
        known = topology.deploy or Deploy()
        topology = topology.replace(
            app=topology.app.replace(name=path.stem),
            deploy=known.replace(bin=str(tmp_path / "bin"), user="daemon", env_file="/etc/x.env"),
        )
        found.append(Job(topology, "units", source=path.name, target="systemd"))
    programs(tmp_path, found)
    units = tmp_path / "units"
    units.mkdir()
    names = [name for job in found for name in written(job, units)]
    assert faults(units, names) == ""
    broken = (units / names[1]).read_text().replace("KillMode=", "KillMod=")
    (units / names[1]).write_text(broken)
    assert "KillMod" in faults(units, names)


@LINUX
@pytest.mark.slow
def test_a_real_systemd_starts_what_the_compiler_says(tmp_path):
    """And so does the reader that the other tests use."""
    found = jobs(20, tmp_path)
    programs(tmp_path, found)
    record = tmp_path / "record"
    record.mkdir()
    units = systemd_manager.units(tmp_path)
    wants: dict[str, Any] = {}
    targets = []
    for job in found:
        targets += [name for name in written(job, units) if name.endswith(".target")]
        artifacts = emitted(job)
        for one, (argv, env, grace) in zip(read_back(artifacts), wanted(job), strict=True):
            assert (one.argv, one.env, one.grace) == (argv, env, grace)
            wants[one.name] = one
    script = f"""
    systemctl --user start {" ".join(targets)}
    for turn in $(seq 200); do
        [ $(ls {record} | grep -c argv$) -ge {len(wants)} ] && break
        sleep 0.05
    done
    systemctl --user stop {" ".join(targets)} '*.service'
    """
    _, out = systemd_manager.run(tmp_path, script, RECORD=str(record))
    assert len(wants) > 20
    assert {path.stem for path in record.glob("*.argv")} == set(wants), out
    for name, one in wants.items():
        ran = (record / f"{name}.argv").read_text().split("\0")[:-1]
        had = (record / f"{name}.env").read_text().split("\0")[:-1]
        assert tuple(ran[1:]) == one.argv
        assert {f"{key}={value}" for key, value in one.env.items()} <= set(had)


def unit(worker: dict[str, Any], name: str = "shop-mail.service", **deploy: Any) -> dict[str, Any]:
    data = {**BASE, "workers": {"mail": {"queues": ["celery"], **worker}}, "beat": {}}
    data["deploy"] = {"bin": "/srv/bin", **deploy}
    files = {Path(one.path).name: one.content for one in emitted(job_of(data, "systemd"))}
    return {key: dict(pairs) for key, pairs in sections(files[name]).items()}


def test_tasks_are_not_cut_off():
    service = unit({"shutdown": {"drain": "90s"}})["Service"]
    assert service["KillMode"] == "mixed"
    assert service["KillSignal"] == "SIGTERM"
    assert service["TimeoutStopSec"] == "90"
    assert service["OOMPolicy"] == "continue"
    assert "SuccessExitStatus" not in service
    assert unit({})["Service"]["TimeoutStopSec"] == "infinity"
    soft = unit({"shutdown": {"soft": "20s"}})["Service"]
    assert (soft["TimeoutStopSec"], soft["SuccessExitStatus"]) == ("30", "1")


def test_instances_are_those_of_the_command_line():
    service = unit({"replicas": 2}, "shop-mail@.service")["Service"]
    assert service["ExecStart"] == (
        '/srv/bin/celery -A shop:app worker -n "mail-%i@%%h" -Q celery -P prefork'
    )


def test_beat_is_one_and_belongs_to_the_target():
    found = unit({}, "shop-beat.service")
    assert found["Unit"]["PartOf"] == "shop.target"
    assert found["Service"]["ExecStart"] == "/srv/bin/celery -A shop:app beat"


def test_where_it_runs():
    service = unit({}, user="shop", group="www-data", directory="/srv/a b%", env_file="env")[
        "Service"
    ]
    assert (service["User"], service["Group"]) == ("shop", "www-data")
    assert service["WorkingDirectory"] == "/srv/a b%%"
    assert service["EnvironmentFile"] == "/srv/a b%%/env"
    assert service["ProtectSystem"] == "full"
    assert "ProtectSystem" not in unit({}, directory="/usr/src/app")["Service"]


@pytest.mark.parametrize(
    ("deploy", "said"),
    [
        ({}, "where celery is"),
        ({"bin": "/b'in"}, "bin"),
        ({"bin": "/b", "user": "a b"}, "user"),
        ({"bin": "/b", "group": "-x"}, "group"),
        ({"bin": "/b", "directory": "/srv/x\\"}, "directory"),
        ({"bin": "/b", "env_file": "prod.env"}, "whole path"),
    ],
)
def test_what_cannot_be_written_is_refused_with_a_way_out(deploy, said):
    with pytest.raises(EmitError, match=said) as caught:
        systemd.emit(job_of({**BASE, "deploy": deploy}, "systemd"))
    assert caught.value.help


def test_notes_say_what_is_missing():
    data = {**BASE, "deploy": {"bin": "/b"}}
    root, variables, endless = systemd.notes(job_of(data, "systemd"))
    assert "runs as root" in root
    assert "BROKER" in variables
    assert "'mail'" in endless
    data["deploy"] = {"bin": "/b", "user": "shop", "env_file": "/etc/shop.env"}
    data["tasks"] = {"a": {"time_limit": "1m"}}
    assert systemd.notes(job_of(data, "systemd")) == []
