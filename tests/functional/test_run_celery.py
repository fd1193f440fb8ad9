"""`qtopo workers --run` with Celery itself: tasks finish, are given back, and nothing is left."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from running import Running, alive, descendants

if sys.platform == "win32":
    pytest.skip("the runner is for POSIX systems", allow_module_level=True)

APP = """\
import os, time
from celery import Celery

app = Celery("shop", broker=os.environ["SHOP_URL"])
app.conf.update(task_acks_late=True, task_default_queue="q")

@app.task(name="nap")
def nap(seconds, path):
    open(path + ".began", "w").close()
    time.sleep(seconds)
    open(path + ".done", "w").close()
"""

TOPOLOGY = """\
[app]
celery = "shop:app"
[broker]
transport = "redis"
url = "env:SHOP_URL"
[defaults]
queue = "q"
[queues.q]
[workers.w]
queues = ["q"]
concurrency = 2
[beat]
"""


class Deployment:
    """`qtopo workers --run` in a folder with an app, and a way to send it naps."""

    def __init__(self, folder, url, topology):
        (folder / "shop.py").write_text(APP, encoding="utf-8")
        (folder / "topology.toml").write_text(topology, encoding="utf-8")
        env = {**os.environ, "SHOP_URL": url, "PYTHONWARNINGS": "ignore"}
        argv = [sys.executable, "-m", "qtopo", "workers", "--run"]
        self.folder, self.url = folder, url
        self.running = Running(folder, argv, cwd=folder, env=env)

    def nap(self, seconds):
        from celery import Celery

        with Celery("caller", broker=self.url, set_as_current=False) as app:
            app.send_task("nap", (seconds, str(self.folder / "nap")), queue="q")
        self.running.until(self.began)

    def began(self):
        return (self.folder / "nap.began").exists()

    def done(self):
        return (self.folder / "nap.done").exists()


@pytest.fixture
def deploy(tmp_path):
    started = []

    def start(url, topology=TOPOLOGY):
        deployment = Deployment(tmp_path, url, topology)
        started.append(deployment.running.process)
        return deployment

    yield start
    for process in started:
        below = descendants(process.pid)
        if process.poll() is None:
            process.kill()
            process.wait()
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
def test_sigterm_lets_a_running_task_finish(redis_url, deploy):
    shop = deploy(redis_url)
    shop.nap(4)
    below = descendants(shop.running.process.pid)
    # Two main processes and two children of prefork.
    assert len(below) == 4
    shop.running.signal(signal.SIGTERM)
    assert shop.running.wait(30) == 0
    assert shop.done()
    assert not any(map(alive, below))
    assert re.search(r"^w     \| .*Warm shutdown", shop.running.out, re.M)
    assert "2 processes stopped well" in shop.running.err


@pytest.mark.slow
def test_a_second_signal_is_quicker_and_the_task_is_not_lost(redis_url, deploy):
    from redis import Redis

    shop = deploy(redis_url)
    shop.nap(60)
    shop.running.signal(signal.SIGINT)
    shop.running.until(lambda: "Warm shutdown" in shop.running.out)
    time.sleep(0.5)
    began = time.monotonic()
    shop.running.signal(signal.SIGINT)
    status = shop.running.wait(30)
    assert time.monotonic() - began < 15
    assert not shop.done()
    assert status == 0, shop.running.err
    with Redis.from_url(redis_url) as client:
        assert client.llen("q") == 1


@pytest.mark.slow
def test_a_soft_shutdown_gives_the_task_back(redis_url, deploy):
    from redis import Redis

    shop = deploy(redis_url, TOPOLOGY.replace("concurrency = 2", 'shutdown = { soft = "2s" }'))
    shop.nap(60)
    began = time.monotonic()
    shop.running.signal(signal.SIGTERM)
    assert shop.running.wait(30) == 0
    assert 2 <= time.monotonic() - began < 12
    assert "Initiating Soft Shutdown, terminating in 2.0 seconds" in shop.running.out
    with Redis.from_url(redis_url) as client:
        assert client.llen("q") == 1


@pytest.mark.slow
def test_killing_qtopo_does_not_orphan_celery(redis_url, deploy):
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells a process that its parent is gone")
    shop = deploy(redis_url)
    shop.nap(2)
    below = descendants(shop.running.process.pid)
    shop.running.process.kill()
    shop.running.process.wait()
    shop.running.until(lambda: not any(map(alive, below)), 30)
    assert shop.done()


@pytest.mark.slow
def test_an_app_that_does_not_exist_stops_all_with_celerys_status(deploy):
    shop = deploy("redis://127.0.0.1:1", TOPOLOGY.replace("shop:app", "no_such_module"))
    assert shop.running.wait(30) == 2
    assert "The module no_such_module was not found" in shop.running.out
    assert "failed after" in shop.running.err


def test_celery_is_missing(tmp_path):
    # A Python whose folder has no celery, and a PATH without it.
    (tmp_path / "topology.toml").write_text(TOPOLOGY, encoding="utf-8")
    script = """
import sys
from qtopo.cli.main import main
sys.executable = "/nowhere/python"
sys.exit(main(["workers", "--run"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "no 'celery' beside '/nowhere/python' or on PATH" in done.stderr


def test_running_does_not_import_celery(tmp_path):
    (tmp_path / "topology.toml").write_text(TOPOLOGY, encoding="utf-8")
    script = """
import sys
from pathlib import Path
from qtopo.cli import workers
from qtopo.cli.run import runner
runner.Runner.run = lambda self: 0
from qtopo.cli.main import main
assert main(["workers", "--run"]) == 0
assert main(["workers", "--print-commands"]) == 0
loaded = {"celery", "kombu", "networkx"} & set(sys.modules)
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
