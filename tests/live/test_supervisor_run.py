"""A real supervisord with the emitted file: workers come up, and a stop loses nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from stopping import Stopping

pytestmark = [pytest.mark.broker, pytest.mark.slow]

# Its own configuration, as an administrator has it; ours is included.
MAIN = """\
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=%(here)s/supervisord.pid

[unix_http_server]
file={socket}

[supervisorctl]
serverurl=unix://{socket}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[include]
files=supervisor-*.conf
"""


@pytest.mark.parametrize("broker", ["redis_broker", "rabbitmq_url"])
def test_a_stop_during_tasks_loses_none(request, make_site, tmp_path, broker):
    world = Stopping(make_site, request.getfixturevalue(broker))
    world.emit("supervisor", "supervisor-app.conf")
    # A path of a socket is short.
    (world.folder / "main.conf").write_text(MAIN.format(socket=tmp_path / "s"))
    process = world.start(sys.executable, "-m", "supervisor.supervisord", "-c", "main.conf")
    try:
        assert world.up(process) == ["drain-1", "drain-2", "soft"]
        world.send(process, nap=2, late=30)
        control = [sys.executable, "-m", "supervisor.supervisorctl", "-c", "main.conf"]
        done = subprocess.run(
            [*control, "stop", "stopping:*"],
            cwd=world.folder,
            env=world.env,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.stdout.count("stopped") == 3, done.stdout + done.stderr
        assert world.gone()
    finally:
        process.terminate()
        process.wait(30)
    assert (world.done("nap"), world.waiting("drained")) == (True, 0)
    assert (world.done("late"), world.waiting("soft")) == (False, 1)
