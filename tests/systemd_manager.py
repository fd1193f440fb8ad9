"""A real systemd for a while: a user manager in namespaces of its own.

It needs root and a writable cgroup tree; nothing outside sees its processes, and
none is left when it ends.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

MANAGER = "/lib/systemd/systemd"
TREES = [
    tree
    for tree in map(Path, ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"))
    if (tree / "cgroup.procs").exists()
]

SCRIPT = """\
set -e
for tree in {trees}; do echo 0 > $tree/cgroup.procs; done
mount -t tmpfs none /run
mkdir -p -m 700 /run/systemd/system /run/user/manager
export XDG_RUNTIME_DIR=/run/user/manager HOME={folder} XDG_CONFIG_HOME={folder}/config
export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/manager/bus
{manager} --user --log-target=console --log-level=notice > {folder}/manager.log 2>&1 &
manager=$!
for turn in $(seq 100); do
    [ -S $XDG_RUNTIME_DIR/systemd/private ] && break
    sleep 0.05
done
set +e
({script})
status=$?
kill $manager
wait $manager
exit $status
"""


def units(folder):
    """The folder where a manager in `folder` looks for units."""
    path = folder / "config" / "systemd" / "user"
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def managed(folder, script, **environment):
    """A shell script that is running beside a manager; `systemctl --user` talks to it."""
    if not (sys.platform == "linux" and os.geteuid() == 0 and shutil.which("unshare")):
        pytest.skip("a systemd of one's own needs Linux and root")
    if not (os.path.exists(MANAGER) and TREES):
        pytest.skip("no systemd, or no cgroups")
    # One name in all trees: systemd expects so, and makes what is missing.
    name = f"qtopo-test-{uuid.uuid4().hex[:8]}"
    own = []
    try:
        try:
            for tree in TREES:
                own.append(tree / name)
                own[-1].mkdir()
        except OSError as error:
            pytest.skip(f"no cgroup of one's own: {error}")
        text = SCRIPT.format(
            trees=shlex.join(map(str, own)), folder=folder, manager=MANAGER, script=script
        )
        options = ["--pid", "--fork", "--mount", "--mount-proc", "--kill-child"]
        with subprocess.Popen(
            ["unshare", *options, "sh", "-c", text],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()
    finally:
        for tree in own:
            _remove(tree)


def run(folder, script, seconds=60.0, **environment):
    """Run a script beside a manager to its end; returns its status and what it printed."""
    with managed(folder, script, **environment) as process:
        out, _ = process.communicate(timeout=seconds)
        return process.returncode, out


def _remove(tree):
    """Remove a cgroup with those in it; the processes are gone, or will be in a moment."""
    end = time.monotonic() + 5.0
    while tree.exists() and time.monotonic() < end:
        for path, _, _ in os.walk(tree, topdown=False):
            with suppress(OSError):
                os.rmdir(path)
        time.sleep(0.02)
