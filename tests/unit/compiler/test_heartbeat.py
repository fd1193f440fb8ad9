"""The step that touches the heartbeat file: names, files that cannot be touched, its text."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery, bootsteps
from celery.signals import celeryd_init, worker_shutdown

import qtopo.compiler.heartbeat
from qtopo.compiler.heartbeat import Heartbeat
from qtopo.compiler.live import configure
from qtopo.emit import celeryconfig
from qtopo.emit.base import Job
from qtopo.topology.topology import Topology
from strategies import HOSTILE


def topology(path):
    data = {
        "broker": {"transport": "memory"},
        "defaults": {"queue": "q"},
        "queues": {"q": {}},
        "deploy": {"heartbeat_file": path},
    }
    found, findings = Topology.from_data(data)
    assert findings == []
    return found


@pytest.fixture
def begin():
    """Starts steps for workers that are only named; ended afterwards."""
    begun = []

    def start(path, hostname):
        worker = SimpleNamespace(
            hostname=hostname,
            hub=object(),
            consumer=SimpleNamespace(connection=None),
            blueprint=SimpleNamespace(state=bootsteps.RUN),
            pool=None,
            wait_for_soft_shutdown=lambda: None,
        )
        step = Heartbeat(worker)
        step.path = str(path)
        step.start(worker)
        begun.append(step)
        return step, worker

    yield start
    for step in begun:
        step.end()
        worker_shutdown.disconnect(step.end)
        assert not step.thread.is_alive()


def until(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("path", "node", "file"),
    [
        ("beat", "w@host", "beat"),
        ("%n.beat", "w@host", "w.beat"),
        ("%h-%n", "mail-2@a.example", "a.example-mail-2"),
        ("100%%n%i%", "a%hb@h", "100%a%hb%i%"),
        ("%n", "../../x@h", "..-..-x"),
    ],
)
def test_the_name_of_the_file(begin, tmp_path, path, node, file):
    step, _ = begin(tmp_path / path, node)
    until((tmp_path / file).exists)
    assert os.listdir(tmp_path) == [file]
    step.end()
    assert os.listdir(tmp_path) == []


def test_a_file_that_cannot_be_touched_is_said_once(begin, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        step, _ = begin(tmp_path / "missing" / "beat", "w@host")
        until(lambda: caplog.records)
        step.touch()
        step.touch()
        assert len(caplog.records) == 1
        assert "missing" in caplog.text
        (tmp_path / "missing").mkdir()
        step.touch()
        assert (tmp_path / "missing" / "beat").exists()


def test_what_is_no_file_is_never_waited_for(begin, tmp_path, caplog):
    os.mkfifo(tmp_path / "beat")
    step, _ = begin(tmp_path / "beat", "w@host")
    until(lambda: caplog.records)
    assert step.thread.is_alive()


def test_a_loop_that_stands_still_is_not_well_until_it_is_about_to_end(begin, tmp_path):
    step, worker = begin(tmp_path / "beat", "w@host")
    assert step.is_well(worker)  # There is no connection yet.
    worker.consumer.connection = object()
    assert step.is_well(worker)  # There is one, and no loop yet.
    step.turn(worker)
    assert step.is_well(worker)
    step.turned -= 10
    assert not step.is_well(worker)
    worker.consumer.connection = object()
    assert step.is_well(worker)  # Another one, for which the loop has not begun.
    step.turn(worker)
    step.turned -= 10
    assert not step.is_well(worker)
    worker.wait_for_soft_shutdown()
    assert step.is_well(worker)


def test_the_emitted_text_is_the_module_s(tmp_path):
    job = Job(topology("/run/shop/%n"), "celeryconfig.py")
    (artifact,) = celeryconfig.emit(job)
    text = Path(qtopo.compiler.heartbeat.__file__).read_text(encoding="utf-8")
    assert text[text.index("class Heartbeat") :] in artifact.content
    assert "qtopo.compiler" not in artifact.content


def test_hostile_paths_stay_in_their_quotes_and_ruff_has_nothing_to_say(tmp_path):
    long = ["/run/" + "x" * length for length in (60, 66, 70, 90)]
    paths = ["/" + one.replace("/", "-") for one in HOSTILE] + long
    for number, path in enumerate(paths):
        (artifact,) = celeryconfig.emit(Job(topology(path), "celeryconfig.py"))
        (tmp_path / f"config{number}.py").write_text(artifact.content, encoding="utf-8")
        found: dict[str, Any] = {}
        receivers = list(celeryd_init.receivers or ())
        exec(compile(artifact.content, "emitted", "exec"), found)
        celeryd_init.receivers = receivers
        assert found["Heartbeat"].path == path
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(tmp_path)]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_an_app_configured_here_has_the_step():
    app = Celery("beating", set_as_current=False)
    configure(app, topology("/run/shop/%n"))
    (step,) = app.steps["worker"]
    assert (step.path, issubclass(step, Heartbeat)) == ("/run/shop/%n", True)


@pytest.mark.parametrize("path", ["/run/%n/beat", "/%h/beat", "beat", "/%/%%n/%x/b"])
def test_the_folder_is_one_for_all(path):
    data = {"queues": {"q": {}}, "deploy": {"heartbeat_file": path}}
    _, findings = Topology.from_data(data)
    assert len(findings) == 1
    assert "cannot be" in findings[0].message
