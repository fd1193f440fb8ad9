"""Procfiles: by honcho's parser, by a real shell, and back to what is started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from honcho.environ import parse_procfile
from hypothesis import HealthCheck, given, settings

from deployed import emitted, job_of
from hosted import BASE, hosted, writable
from qtopo.emit import procfile
from qtopo.emit.base import Job, target_of
from qtopo.emit.launching import program
from qtopo.emit.machine import started
from qtopo.errors import EmitError
from qtopo.source import read
from read_back_procfile import read_back

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = sorted((Path(__file__).parents[3] / "topologies").glob("*.toml"))
RECORDER = """\
#!/bin/sh
cp /proc/$$/cmdline "$RECORD.argv"
cp /proc/$$/environ "$RECORD.env"
"""


def wanted(job: Job) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    return [
        (program(job, command.argv), dict(command.env))
        for unit in started(job)
        for command in unit.process.commands()
    ]


def lines(workers: dict[str, Any], **tables: Any) -> dict[str, str]:
    (artifact,) = emitted(job_of({**BASE, "workers": workers, **tables}, "procfile"))
    return dict(parse_procfile(artifact.content).processes)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hosted())
def test_any_topology_comes_through_unharmed(data):
    job = writable(data, procfile.emit, job_of, "procfile")
    (artifact,) = emitted(job)
    found = read_back([artifact])
    assert [(one.argv, one.env) for one in found] == wanted(job)
    assert len({one.name for one in found}) == len(found)
    # One line each, for readers that end lines as Python does and for those that do not.
    assert artifact.content.splitlines() == artifact.content.split("\n")[:-1]


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a `celery` that notes its arguments and its environment."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "celery").write_text(RECORDER)
    (folder / "celery").chmod(0o755)
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hosted())
def test_a_shell_starts_what_the_compiler_says(recorder, data):
    data["deploy"].pop("bin", None)
    job = job_of(data, "procfile")
    (artifact,) = emitted(job)
    record = recorder / "record"
    known = {**os.environ, "PATH": f"{recorder}:/usr/bin:/bin", "RECORD": str(record)}
    for line, (argv, env) in zip(
        parse_procfile(artifact.content).processes.values(), wanted(job), strict=True
    ):
        # As honcho's process.py starts it.
        subprocess.run(line, shell=True, env=known, check=True)
        ran = record.with_suffix(".argv").read_text().split("\0")[:-1]
        had = record.with_suffix(".env").read_text().split("\0")[:-1]
        # The kernel puts the script and its interpreter before the arguments.
        assert tuple(ran[2:]) == argv[1:]
        assert {f"{name}={value}" for name, value in env.items()} <= set(had)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_honcho_accepts_the_examples(path, tmp_path):
    job = Job(read(str(path)).topology, "Procfile", source=path.name, target="procfile")
    (artifact,) = emitted(job)
    (tmp_path / "Procfile").write_text(artifact.content)
    done = subprocess.run(
        [sys.executable, "-c", "from honcho.command import main; main()", "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    labels = ", ".join(one.name for one in read_back([artifact]))
    assert f"Valid procfile detected ({labels})" in done.stderr


def test_a_program_that_env_cannot_start_is_refused():
    worker = {"queues": ["celery"], "env": {"A": "b"}}
    data = {**BASE, "workers": {"mail": worker}, "deploy": {"bin": "/srv/a=b"}}
    with pytest.raises(EmitError, match="equals sign"):
        procfile.emit(job_of(data, "procfile"))


@pytest.mark.parametrize("name", ["Procfile", "procfile.dev", "deploy/web.procfile"])
def test_a_name_that_asks_for_it(name):
    assert target_of(name) == "procfile"


def test_replicas_have_lines_and_node_names_of_their_own():
    found = lines(
        {
            "mail": {"queues": ["celery"], "replicas": 2},
            "mail-2": {"queues": ["celery"]},
            "off": {"queues": ["celery"], "replicas": 0},
        }
    )
    assert list(found) == ["mail_1", "mail_2", "mail-2"]
    assert " -n mail-2@%h " in found["mail_2"]


def test_labels_that_platforms_give_a_meaning_are_left_alone():
    """A platform routes HTTP to `web` and kills what does not answer; `release` has to end."""
    found = lines(
        {
            "web": {"queues": ["celery"]},
            "web-worker": {"queues": ["celery"]},
            "release": {"queues": ["celery"], "replicas": 2},
        }
    )
    assert list(found) == ["web-worker_", "web-worker", "release-worker_1", "release-worker_2"]


def test_a_worker_of_which_an_autoscaler_alone_has_any_is_not_started():
    worker = {"queues": ["celery"], "replicas": 0, "scale": {"min": 0, "max": 4}}
    data = {**BASE, "workers": {"mail": worker}}
    job = job_of(data, "procfile")
    assert read_back(emitted(job)) == []
    assert procfile.summary(job) == "0 processes"
    assert any("'mail' (0)" in note for note in procfile.notes(job))


@pytest.mark.parametrize(
    ("shutdown", "cut"),
    [("drain", True), ({"drain": "4s"}, True), ({"soft": "3s"}, False), ({"soft": "4s"}, True)],
)
def test_what_honcho_cuts_off_is_said(shutdown, cut):
    data = {**BASE, "workers": {"mail": {"queues": ["celery"], "shutdown": shutdown}}}
    notes = procfile.notes(job_of(data, "procfile"))
    assert bool([note for note in notes if "'mail' are lost" in note]) is cut
