"""The processes of a topology, started with the lines that qtopo prints, and watched.

A site is a copy of a folder with a topology and its application. Nothing in it
knows of the tests: what workers do is noted by `observer/sitecustomize.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import qtopo

HERE = Path(__file__).parent
EXAMPLES = HERE.parent.parent / "topologies"
OBSERVER = HERE / "observer"
BIN = Path(sys.executable).parent

# Generous: a machine with two cores starts a dozen Pythons at a time.
START = 60.0
STOP = 30.0


class Event(NamedTuple):
    """A message that came to a worker; see `observer/sitecustomize.py`."""

    id: str
    task: str
    node: str
    queue: str
    exchange: str
    routing_key: str
    priority: int | None
    headers: dict


class Site:
    """A copy of a folder of topologies and applications, and the environment it runs in."""

    def __init__(self, folder, source, environment):
        self.folder = folder / source.name
        shutil.copytree(source, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        (self.folder / "var").mkdir(exist_ok=True)
        self.observed = folder / "observed.jsonl"
        self.observed.touch()
        self.env = {
            **os.environ,
            **environment,
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *argv, stdin=None, env=None, timeout=120):
        """Run a command in the folder; returns its output, and fails when it fails."""
        done = subprocess.run(
            argv,
            cwd=self.folder,
            env={**self.env, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"{shlex.join(map(str, argv))}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def qtopo(self, *argv):
        """Run qtopo's command line; returns what it prints."""
        return self.run(sys.executable, "-m", "qtopo", *argv)

    def send(self, *requests):
        """Send tasks from another process (see `sender.py`); returns its answers, in order."""
        return json.loads(
            self.run(
                sys.executable,
                str(HERE / "sender.py"),
                stdin=json.dumps(requests),
                # As `python -m` or a web server has it; the sender's own folder is not the app's.
                env={"PYTHONPATH": str(self.folder)},
            )
        )

    def notes(self, event):
        """What the workers noted so far, of one kind."""
        lines = self.observed.read_text(encoding="utf-8").splitlines()
        return [one for one in map(json.loads, lines) if one["event"] == event]

    def received(self):
        """The messages that came to workers so far."""
        return [
            Event(
                one["id"],
                one["task"],
                one["node"].partition("@")[0],
                one["queue"],
                one["delivery_info"]["exchange"],
                one["delivery_info"]["routing_key"],
                one["priority"],
                one["headers"],
            )
            for one in self.notes("received")
        ]

    def received_of(self, ids):
        """The messages among those with certain ids, by id."""
        found = {}
        wanted = set(ids)
        for event in self.received():
            if event.id in wanted:
                found.setdefault(event.id, []).append(event)
        return found


class Fleet:
    """The processes of one topology, each started by `sh -c LINE` with nothing added."""

    def __init__(self, site, topology, *options):
        self.site = site
        self.file = topology
        self.options = options
        env = options[options.index("--env") + 1] if "--env" in options else None
        self.topology = qtopo.load(site.folder / topology, env)
        self.lines = []
        self.processes = []
        self.logs = []

    def start(self, *names):
        """Start the printed lines, or those of some workers, and wait until all are up."""
        chosen = [word for name in names for word in ("--worker", name)]
        printed = self.site.qtopo(
            "workers", "-t", self.file, *self.options, *chosen, "--print-commands"
        )
        lines = printed.splitlines()
        before = len(self.site.notes("ready"))
        env = {
            **self.site.env,
            "PYTHONPATH": str(OBSERVER),
            "QTOPO_OBSERVED": str(self.site.observed),
        }
        for line in lines:
            log = self.site.folder.parent / f"process-{len(self.processes)}.log"
            with log.open("wb") as stream:
                process = subprocess.Popen(
                    ["sh", "-c", line],
                    cwd=self.site.folder,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            self.lines.append(line)
            self.processes.append(process)
            self.logs.append(log)
        self.until(
            lambda: len(self.site.notes("ready")) == before + len(lines),
            START,
            "not every process came up",
        )

    def until(self, condition, seconds=20.0, what="it did not come to that"):
        """Wait for something; a process that ends meanwhile is a failure of its own."""
        end = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            dead = [
                line
                for line, process in zip(self.lines, self.processes, strict=True)
                if process.poll() is not None
            ]
            assert not dead, f"ended by itself: {dead}\n{self.log()}"
            assert time.monotonic() < end, f"{what}\n{self.log()}"
            time.sleep(0.05)

    @property
    def nodes(self):
        """The names of the workers that are up, without the host."""
        names = [one["node"].partition("@")[0] for one in self.site.notes("ready")]
        return sorted(name for name in names if name != "beat")

    def log(self):
        """What the processes wrote, the end of each."""
        return "\n".join(
            f"--- {line}\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}"
            for line, log in zip(self.lines, self.logs, strict=True)
        )

    def stop(self):
        """Send SIGTERM to the main processes alone, as a supervisor does; nothing may be left."""
        mains = {one["pid"] for one in self.site.notes("ready")}
        for process in self.processes:
            # The shell has replaced itself by celery, or waits for it.
            for pid in mains if process.pid not in mains else {process.pid}:
                with contextlib.suppress(ProcessLookupError):
                    if os.getpgid(pid) == process.pid:
                        os.kill(pid, signal.SIGTERM)
        stuck, failed, left = [], [], []
        end = time.monotonic() + STOP
        for line, process in zip(self.lines, self.processes, strict=True):
            try:
                status = process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                stuck.append(line)
            else:
                if status != 0:
                    failed.append((status, line))
            if _group_lives(process.pid):
                left.append(line)
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
        log = self.log()
        self.lines, self.processes, self.logs = [], [], []
        assert (stuck, failed, left) == ([], [], []), f"{stuck=} {failed=} {left=}\n{log}"


def _group_lives(group):
    """Whether a process of a group is left; a zombie that nobody has reaped yet is none."""
    end = time.monotonic() + 2.0
    while time.monotonic() < end:
        listed = subprocess.run(
            ["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True
        )
        members = [line.split() for line in listed.stdout.splitlines()]
        if not any(int(one) == group and not state.startswith("Z") for one, state in members):
            return False
        time.sleep(0.05)
    return True


@contextlib.contextmanager
def running(site, topology, *options, start=()):
    """A fleet that is up; stopped afterwards, and nothing of it is left."""
    fleet = Fleet(site, topology, *options)
    try:
        fleet.start(*start)
        yield fleet
    finally:
        fleet.stop()
