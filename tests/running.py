"""Watching a process that runs others: its output, and what there is below it."""

from __future__ import annotations

import os
import subprocess
import time


class Running:
    """The runner in a process of its own; its output goes to files that can be watched."""

    def __init__(self, folder, argv, **more):
        self.out_path, self.err_path = folder / "stdout", folder / "stderr"
        with self.out_path.open("wb") as out, self.err_path.open("wb") as err:
            self.process = subprocess.Popen(
                argv, **{"stdout": out, "stderr": err, "start_new_session": True, **more}
            )

    @property
    def out(self):
        return self.out_path.read_bytes().decode("utf-8", "replace")

    @property
    def err(self):
        return self.err_path.read_bytes().decode("utf-8", "replace")

    def until(self, condition, seconds=20.0):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"it did not come to that:\n{self.out}\n{self.err}"
            time.sleep(0.02)

    def ready(self, count):
        self.until(lambda: self.out.count("ready") == count)

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=20.0):
        return self.process.wait(seconds)


def descendants(pid):
    """The processes below one, by `ps`."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    children = {}
    for line in listed.stdout.splitlines():
        one, parent = map(int, line.split())
        children.setdefault(parent, []).append(one)
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return not state.stdout.startswith("Z") and bool(state.stdout.strip())
