"""The commands of probes and healthchecks, asked of real workers in the place of a container."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from brokers import rabbitmq_url  # noqa: F401  a fixture
from deployed import job_of
from qtopo.emit import probes
from running import Running

APP = """\
import os
from celery import Celery
app = Celery("probed", broker=os.environ["BROKER"])
app.conf.task_default_queue = "celery"
"""


def data_of(**broker: Any) -> dict[str, Any]:
    return {
        "app": {"celery": "probed"},
        "broker": {"transport": "rabbitmq", "url": "env:BROKER", **broker},
        "queues": {"celery": {}},
        # Celery takes %% for a percent sign in a node's name.
        "workers": {
            "50% a 'b'": {
                "queues": ["celery"],
                "concurrency": 1,
                "extra_args": ["--loglevel=INFO"],
            }
        },
        "deploy": {"bin": os.path.dirname(sys.executable), "image": "probed"},
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory, rabbitmq_url):  # noqa: F811
    """A folder with the application, and the environment of a container."""
    folder = tmp_path_factory.mktemp("probed")
    (folder / "probed.py").write_text(APP)
    return folder, {"PATH": os.environ["PATH"], "HOME": str(folder), "BROKER": rabbitmq_url}


@pytest.fixture(scope="module")
def worker(place):
    folder, environment = place
    (process,) = job_of(data_of(), "compose").processes
    argv = [os.path.join(os.path.dirname(sys.executable), "celery"), *process.argv[1:]]
    running = Running(folder, argv, cwd=folder, env=environment)
    try:
        running.until(lambda: "ready" in running.err, 30)
        yield running
    finally:
        running.process.terminate()
        running.wait()


@pytest.mark.broker
@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"confirm_publish": True}], ids=["by-url", "by-app"])
def test_the_worker_that_is_there_answers_and_no_other(place, worker, options):
    folder, environment = place
    job = job_of(data_of(options=options), "compose")
    (process,) = job.processes
    command = probes.ping(job, process)
    assert command is not None
    assert ("-A" in command) is bool(options)

    def asked(argv: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=40,
            check=False,
        )  # fmt: skip

    here = asked(command)
    assert here.returncode == 0, here.stderr
    assert "50% a 'b'@" in here.stdout
    # One second is enough to hear nothing.
    at = command.index("-t") + 1
    other = (*command[:3], "other", *command[4:at], "1", *command[at + 1 :])
    gone = asked(other)
    assert gone.returncode != 0
    assert "No nodes replied" in gone.stdout + gone.stderr
