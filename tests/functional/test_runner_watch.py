"""`qtopo workers --run --watch`: what is watched, what is restarted, what is not applied."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import time

import pytest

from qtopo.cli.main import main
from qtopo.errors import QtopoError
from running import Running, descendants

if sys.platform == "win32":
    pytest.skip("the runner is for POSIX systems", allow_module_level=True)

from qtopo.cli.run.watch import Watch

APP = """\
import os, time
from celery import Celery

app = Celery("shop", broker=os.environ["SHOP_URL"])
app.conf.update(task_default_queue="q")

@app.task(name="nap")
def nap(seconds, path):
    open(path + ".began", "w").close()
    time.sleep(seconds)
    with open(path + ".done", "w") as file:
        file.write("first")
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
pool = "threads"
concurrency = 2
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("path", "matters"),
    [
        ("shop.py", True),
        ("shop/tasks/mails.py", True),
        ("build/tasks.py", True),
        ("topology.toml", True),
        ("other.toml", False),
        ("shop.pyc", False),
        ("shop/__pycache__/x.py", False),
        (".git/hooks/x.py", False),
        ("celerybeat-schedule.db", False),
        ("node_modules/gyp/x.py", False),
        ("own-env/lib/python3.11/x.py", False),
        (".venv/x.py", False),
        ("../elsewhere.py", False),
    ],
)
def test_what_processes_are_made_of_matters(here, path, matters):
    write(here / "own-env" / "pyvenv.cfg")
    watch = Watch(["."], ["topology.toml"])
    assert watch.matters(str(here / path)) is matters
    watch.close()


def test_files_are_seen_also_when_they_are_replaced_and_a_topology_beside(here):
    source, beside = here / "src", here / "deploy"
    write(source / "a.py", "1")
    topology = write(beside / "shop.toml")
    write(beside / "deeper" / "b.py")
    watch = Watch([str(source)], [topology])
    watch.start()
    found = set()

    def until(path, act):
        end = time.monotonic() + 10
        while str(path) not in found:
            assert time.monotonic() < end, found
            act()
            time.sleep(0.4)
            found.update(watch.take())

    until(source / "a.py", lambda: write(source / "a.py", str(time.time())))

    def replaced():
        write(source / "new.tmp", str(time.time()))
        os.replace(source / "new.tmp", source / "made.py")

    until(source / "made.py", replaced)
    until(topology, lambda: write(beside / "shop.toml", "#" + str(time.time())))
    write(beside / "deeper" / "b.py", "x")
    write(beside / "c.py", "x")
    time.sleep(0.6)
    found.update(watch.take())
    assert found == {str(source / "a.py"), str(source / "made.py"), topology}
    watch.close()


def test_without_watchfiles_it_says_what_to_install(here, capsys, monkeypatch):
    write(here / "topology.toml", TOPOLOGY)
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    assert main(["workers", "--run", "--watch"]) == 2
    assert "pip install 'qtopo[watch]'" in capsys.readouterr().err


def test_a_path_that_is_not_there(here):
    with pytest.raises(QtopoError, match="no such file"):
        Watch(["missing"], [])


def test_watching_goes_with_running(here, capsys):
    write(here / "topology.toml", TOPOLOGY)
    assert main(["workers", "--watch"]) == 2
    assert "add --run" in capsys.readouterr().err


class Shop:
    """The runner in a folder with an app, watching it."""

    def __init__(self, folder, url):
        self.folder, self.url = folder, url
        write(folder / "shop.py", APP)
        write(folder / "topology.toml", TOPOLOGY)
        env = {**os.environ, "SHOP_URL": url, "PYTHONWARNINGS": "ignore"}
        argv = [sys.executable, "-m", "qtopo", "workers", "--run", "--watch"]
        self.running = Running(folder, argv, cwd=folder, env=env)

    def nap(self, name, seconds):
        from celery import Celery

        with Celery("caller", broker=self.url, set_as_current=False) as app:
            app.send_task("nap", (seconds, str(self.folder / name)), queue="q")

    def done(self, name):
        path = self.folder / f"{name}.done"
        return path.read_text() if path.exists() else ""

    def said(self, text):
        self.running.until(lambda: text in self.running.err)

    def save(self, name, text):
        """Save as editors do: another file takes the place of the old one."""
        write(self.folder / f".{name}.new", text)
        os.replace(self.folder / f".{name}.new", self.folder / name)


@pytest.fixture
def shop(redis_url, tmp_path):
    found = Shop(tmp_path, redis_url)
    process = found.running.process
    try:
        yield found
    finally:
        below = descendants(process.pid)
        if process.poll() is None:
            process.kill()
            process.wait()
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.broker
@pytest.mark.slow
def test_a_day_of_work(shop):
    # The task that runs is finished by the old code, the next is for the new.
    shop.nap("old", 2)
    shop.running.until((shop.folder / "old.began").exists)
    shop.save("shop.py", APP.replace("first", "second"))
    shop.said("shop.py changed: restarting w (until their tasks are done)")
    (before,) = descendants(shop.running.process.pid)
    shop.running.until(lambda: before not in descendants(shop.running.process.pid))
    shop.nap("new", 0)
    shop.running.until(lambda: shop.done("new"))
    assert (shop.done("old"), shop.done("new")) == ("first", "second")

    # What does not check clean is said, and nothing happens.
    (worker,) = descendants(shop.running.process.pid)
    shop.save("topology.toml", TOPOLOGY.replace('["q"]', '["nope"]'))
    shop.said("topology.toml does not check clean, so it is not applied")
    shop.said("topology.toml:10:11: error[QT104]")
    assert descendants(shop.running.process.pid) == [worker]

    # A worker more is started, and the other one goes on.
    another = '[workers.more]\nqueues = ["q"]\npool = "solo"\n'
    shop.save("topology.toml", TOPOLOGY + another)
    shop.said("topology.toml changed: starting more")
    shop.running.until(lambda: len(descendants(shop.running.process.pid)) == 2)
    assert worker in descendants(shop.running.process.pid)
    shop.save("topology.toml", TOPOLOGY)
    shop.said("topology.toml changed: stopping more")
    shop.running.until(lambda: descendants(shop.running.process.pid) == [worker], 30)

    # Settings that changed concern everybody.
    shop.save("topology.toml", TOPOLOGY + "[settings]\nworker_send_task_events = true\n")
    shop.running.until(lambda: shop.running.err.count("restarting w") == 2)
    shop.running.until(lambda: worker not in descendants(shop.running.process.pid), 30)

    # A mistake in the code waits to be mended.
    shop.save("shop.py", "def broken(:\n")
    shop.said("waiting for a change")
    shop.save("shop.py", APP.replace("first", "third"))
    shop.said("shop.py changed: starting w")
    shop.nap("last", 0)
    shop.running.until(lambda: shop.done("last"))
    assert shop.done("last") == "third"
    shop.running.signal(signal.SIGINT)
    assert shop.running.wait() == 0, shop.running.err
    assert "2 processes stopped well" in shop.running.err
    # A change that comes while a worker still stops for the last one costs no restart more.
    assert re.search(", [34] restarts; stopped in", shop.running.err)
    assert "more ran for" in shop.running.err
