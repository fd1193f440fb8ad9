"""The heartbeat file of real workers: fresh, also without a broker; old when the loop hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
from fleet import BIN

import qtopo
from proxy import Proxy

pytestmark = [pytest.mark.broker, pytest.mark.slow]

START, STOP = 60.0, 20.0
FRESH = 5.0
"""Seconds: the oldest that the file of a worker may get that is well."""

APP = """\
import os, time
from celery import Celery
from celery.worker.control import control_command

app = Celery("beating")
if os.environ.get("CONFIGURED_LIVE"):
    from qtopo import load
    from qtopo.compiler.live import configure
    configure(app, load("beating.toml"))
else:
    app.config_from_object("celeryconfig")
app.conf.worker_cancel_long_running_tasks_on_connection_loss = True

def block(seconds):
    # Of the operating system, where gevent has put its own in its place.
    try:
        from gevent.monkey import get_original
    except ImportError:
        from time import sleep
    else:
        sleep = get_original("time", "sleep")
    sleep(seconds)

@control_command(args=[("seconds", float)])
def hang(state, seconds):
    block(seconds)

@app.task(name="nap")
def nap(seconds, path):
    time.sleep(seconds)
    open(path, "w").close()

@app.task(name="stall")
def stall(seconds, path):
    block(seconds)

@app.task(name="over")
def over(seconds, path):
    time.sleep(seconds)
    open(path, "w").close()
"""

TOPOLOGY = """\
[app]
celery = "beating:app"
[broker]
transport = "{transport}"
url = "env:BEATING_URL"
[deploy]
heartbeat_file = "{folder}/%n.beat"
[defaults]
queue = "{first}"
[tasks.over]
time_limit = "2s"
"""
WORKER = """\
[queues.{name}]
[workers.{name}]
queues = ["{name}"]
pool = "{name}"
concurrency = {size}
"""


class Beating:
    """One worker for each pool, behind a proxy of their own."""

    def __init__(self, folder, url, pools, *, live=False):
        parts = urlsplit(url)
        self.proxy = Proxy(parts.hostname, parts.port or 5672)
        own = parts._replace(
            netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{self.proxy.port}".lstrip("@")
        )
        transport = "redis" if parts.scheme == "redis" else "rabbitmq"
        text = TOPOLOGY.format(folder=folder, first=pools[0], transport=transport) + "".join(
            WORKER.format(name=name, size=1 if name == "solo" else 2) for name in pools
        )
        (folder / "beating.toml").write_text(text, encoding="utf-8")
        (folder / "beating.py").write_text(APP, encoding="utf-8")
        self.folder, self.url, self.pools = folder, url, pools
        env = {
            **os.environ,
            "BEATING_URL": own.geturl(),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PYTHONWARNINGS": "ignore",
            **({"CONFIGURED_LIVE": "1"} if live else {}),
        }
        if not live:
            emit = [sys.executable, "-m", "qtopo", "emit", "-t", "beating.toml", "celeryconfig.py"]
            done = subprocess.run(emit, cwd=folder, env=env, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr.decode()
        self.workers = {}
        for one in qtopo.worker_processes(qtopo.load(folder / "beating.toml")):
            with (folder / f"{one.name}.log").open("wb") as log:
                self.workers[one.name] = subprocess.Popen(
                    one.argv,
                    cwd=folder,
                    env={**env, **one.env},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def age(self, name):
        """How old a worker's file is, in seconds."""
        return time.time() - (self.folder / f"{name}.beat").stat().st_mtime

    def oldest(self, seconds):
        """The oldest that the file of each worker gets in the next seconds."""
        end = time.monotonic() + seconds
        found = dict.fromkeys(self.pools, 0.0)
        while time.monotonic() < end:
            for name in found:
                found[name] = max(found[name], self.age(name))
            time.sleep(0.2)
        return found

    def send(self, name, task, seconds):
        """Send a worker a task, past the proxy; returns the path that it makes at its end."""
        from celery import Celery

        path = self.folder / f"{task}-{name}-{time.monotonic()}"
        with Celery("caller", broker=self.url, set_as_current=False) as app:
            app.conf.task_create_missing_queues = True
            app.send_task(task, (seconds, str(path)), queue=name)
        return path

    def hang(self, seconds, names):
        """Have loops stand still: a command of remote control is run by the loop itself.

        In gevent every task is; and its remote control, which has a connection of
        its own, may not be back yet when tasks are.
        """
        import socket

        from celery import Celery

        with Celery("caller", broker=self.url, set_as_current=False) as app:
            nodes = [f"{name}@{socket.gethostname()}" for name in names if name != "gevent"]
            app.control.broadcast("hang", arguments={"seconds": seconds}, destination=nodes)

        if "gevent" in names:
            self.send("gevent", "stall", seconds)

    def until(self, condition, seconds):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.log()
            time.sleep(0.1)

    def log(self):
        return "\n".join(
            f"--- {name}\n{(self.folder / f'{name}.log').read_text(errors='replace')[-2500:]}"
            for name in self.pools
        )

    def stop(self):
        self.proxy.mend()
        for one in self.workers.values():
            one.send_signal(signal.SIGTERM)
        end = time.monotonic() + STOP
        for one in self.workers.values():
            try:
                one.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(one.pid, signal.SIGKILL)
                one.wait()
        self.proxy.cut()


def all_work(beating):
    done = [beating.send(name, "nap", 0) for name in beating.pools]
    beating.until(lambda: all(path.exists() for path in done), START)


@pytest.fixture(scope="module")
def beating(rabbitmq_url, tmp_path_factory):
    found = Beating(
        tmp_path_factory.mktemp("beating"), rabbitmq_url, ["prefork", "threads", "gevent", "solo"]
    )
    try:
        all_work(found)
        yield found
    finally:
        found.stop()


def test_fresh_while_idle_and_while_tasks_run(beating):
    done = [beating.send(name, "nap", 7) for name in beating.pools]
    oldest = beating.oldest(9)
    assert max(oldest.values()) < FRESH, oldest
    beating.until(lambda: all(path.exists() for path in done), 10)


def test_old_while_the_loop_stands_still(beating):
    hung = ["prefork", "threads", "gevent"]
    beating.hang(11.0, hung)
    # Of solo a task that has outlived its limit, which that pool does not enforce.
    beating.send("solo", "over", 11)
    oldest = beating.oldest(10.5)
    assert min(oldest.values()) > FRESH + 1, oldest
    beating.until(lambda: max(beating.age(name) for name in beating.pools) < FRESH, 10)


def test_fresh_while_the_broker_is_away(beating):
    beating.proxy.cut()
    oldest = beating.oldest(9)
    beating.proxy.mend()
    assert max(oldest.values()) < FRESH, oldest
    all_work(beating)


def test_gone_after_a_clean_stop(beating):
    beating.until(lambda: max(beating.age(name) for name in beating.pools) < FRESH, 10)
    beating.stop()
    left = [path.name for path in beating.folder.glob("*.beat")]
    codes = {name: one.returncode for name, one in beating.workers.items()}
    assert (left, codes) == ([], dict.fromkeys(beating.pools, 0)), beating.log()


def test_the_same_on_redis_with_the_app_configured_by_qtopo(redis_url, tmp_path):
    beating = Beating(tmp_path, redis_url, ["prefork", "gevent"], live=True)
    try:
        all_work(beating)
        beating.proxy.cut()
        oldest = beating.oldest(9)
        beating.proxy.mend()
        assert max(oldest.values()) < FRESH, oldest
        # They come back, and standing still shows as before.
        all_work(beating)
        beating.hang(10.0, beating.pools)
        oldest = beating.oldest(9.5)
        assert min(oldest.values()) > FRESH + 1, oldest
    finally:
        beating.stop()
    assert list(tmp_path.glob("*.beat")) == []
