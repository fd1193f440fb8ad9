"""`qtopo workers --run`: output, signals, and ends; first with scripts, then with real workers."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

if sys.platform == "win32":
    pytest.skip("the runner is for POSIX systems", allow_module_level=True)

DRIVER = """\
import json, os, sys
from qtopo.cli.run.child import Launch
from qtopo.cli.run.runner import Runner, Streams
from qtopo.errors import QtopoError
launches = [
    Launch(label, (sys.executable, "-u", "-c", code), dict(os.environ), grace, 5.0, first)
    for label, code, grace, first in json.loads(sys.argv[1])
]
try:
    status = Runner(launches, Streams(1, 2, "--color" in sys.argv)).run()
except QtopoError as error:
    print(error, file=sys.stderr)
    status = 2
sys.exit(status)
"""

# A stand-in for a worker: on SIGTERM it needs a moment for its "task", on
# SIGQUIT it gives it up.
WORKER = """
import signal, sys, time
def warm(*_):
    print("warm"); time.sleep({task}); print("done"); sys.exit(0)
def cold(*_):
    print("cold"); sys.exit(0)
signal.signal(signal.SIGTERM, warm); signal.signal(signal.SIGQUIT, cold)
print("ready")
while True: time.sleep(1)
"""
STUBBORN = """
import signal, time
for one in (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT): signal.signal(one, signal.SIG_IGN)
print("ready")
while True: time.sleep(1)
"""


def launch(label, code, grace=5.0, first=False):
    return [label, code, grace, first]


def worker(label, task=0.0, **more):
    return launch(label, WORKER.replace("{task}", str(task)), **more)


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


@pytest.fixture
def run(tmp_path):
    """Starts the runner on some launches; nothing stays behind, whatever the test finds."""
    started = []

    def start(*launches, color=False, **more):
        argv = [sys.executable, "-c", DRIVER, json.dumps(launches), *["--color"] * color]
        running = Running(tmp_path, argv, **more)
        started.append(running)
        return running

    yield start
    for running in started:
        for pid in descendants(running.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


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


def test_lines_stand_behind_padded_names(run):
    running = run(
        launch("a", "print('one'); print('two')"),
        launch("longer", "import sys; sys.stdout.write('x')"),
    )
    assert running.wait() == 0
    assert sorted(running.out.splitlines()) == ["a      | one", "a      | two", "longer | x"]


def test_partial_lines_wait_for_their_end_and_bytes_stay_bytes(run):
    code = """
import os, time
os.write(1, b"half "); time.sleep(0.4)
os.write(1, b"line\\r\\n\\xff\\xfe\\n"); os.write(2, b"err\\n")
os.write(1, b"\\x00 last without end")
"""
    running = run(launch("a", code), launch("b", "import time; time.sleep(0.2); print('between')"))
    assert running.wait() == 0
    lines = running.out_path.read_bytes().split(b"\n")
    assert lines == [
        b"b     | between",
        b"a     | half line",
        b"a     | \xff\xfe",
        b"a     | err",
        b"a     | \x00 last without end",
        b"",
    ]


def test_much_output_is_neither_lost_nor_mixed(run):
    code = "import sys\nfor n in range(5000): sys.stdout.write(f'{n} ' + NAME * 60 + '\\n')"
    names = "abcd"
    running = run(*[launch(name, code.replace("NAME", repr(name))) for name in names])
    assert running.wait(60) == 0
    lines = running.out.splitlines()
    for name in names:
        own = [line for line in lines if line.startswith(f"{name}     | ")]
        assert own == [f"{name}     | {n} {name * 60}" for n in range(5000)]
    assert len(lines) == 5000 * len(names)


def test_a_line_without_end_is_cut_between_characters(run):
    running = run(launch("a", "import sys; sys.stdout.buffer.write('é€🐰'.encode() * 40000)"))
    assert running.wait() == 0
    lines = running.out_path.read_bytes().decode("utf-8").splitlines()
    assert len(lines) > 2
    assert "".join(line.removeprefix("a     | ") for line in lines) == "é€🐰" * 40000


def test_colours_do_not_run_on(run):
    running = run(launch("a", "print('\\x1b[31mred')"), color=True)
    assert running.wait() == 0
    assert running.out == "\x1b[36ma     | \x1b[0m\x1b[31mred\x1b[0m\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_first_signal_lets_tasks_finish(run, number):
    running = run(worker("one", task=1.0), worker("two"))
    running.ready(2)
    running.signal(number)
    assert running.wait() == 0
    assert running.out.count("warm") == running.out.count("done") == 2
    assert number.name in running.err
    assert "2 processes stopped well" in running.err


def test_the_terminals_ctrl_c_reaches_qtopo_alone(run, tmp_path):
    """Prefork's children would die of it, and their tasks with them."""
    import fcntl
    import pty
    import termios

    hit = "import signal\nsignal.signal(signal.SIGINT, lambda *_: print('hit'))\n"
    master, slave = pty.openpty()
    running = run(
        launch("one", hit + WORKER.replace("{task}", "0.5")),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    seen = b""
    while b"ready" not in seen:
        seen += os.read(master, 4096)
    os.write(master, b"\x03")
    with contextlib.suppress(OSError):
        while more := os.read(master, 4096):
            seen += more
    os.close(master)
    assert running.wait() == 0
    assert b"warm" in seen
    assert b"done" in seen
    assert b"hit" not in seen
    assert b"SIGINT: stopping one" in seen


def test_beat_is_gone_before_the_workers_are_told(run):
    running = run(worker("one"), worker("beat", task=0.5, first=True))
    running.ready(2)
    running.signal(signal.SIGTERM)
    assert running.wait() == 0
    said = [line for line in running.out.splitlines() if "ready" not in line]
    assert said == ["beat  | warm", "beat  | done", "one   | warm", "one   | done"]


def test_a_second_signal_gives_tasks_up(run):
    running = run(worker("one", task=30, grace=60.0))
    running.ready(1)
    running.signal(signal.SIGTERM)
    running.until(lambda: "warm" in running.out)
    time.sleep(0.3)
    began = time.monotonic()
    running.signal(signal.SIGINT)
    assert running.wait() == 0
    assert time.monotonic() - began < 5
    assert "cold" in running.out
    assert "done" not in running.out


def test_one_press_that_arrives_twice_is_one_press(run):
    running = run(worker("one", task=0.8))
    running.ready(1)
    running.signal(signal.SIGINT)
    running.signal(signal.SIGTERM)
    running.signal(signal.SIGINT)
    assert running.wait() == 0
    assert "done" in running.out
    assert "cold" not in running.out


def test_a_third_signal_kills(run):
    running = run(launch("one", STUBBORN, grace=60.0))
    running.ready(1)
    for word in ("stopping", "giving up", "killing"):
        running.signal(signal.SIGTERM)
        running.until(lambda word=word: word in running.err)
        time.sleep(0.3)
    assert running.wait() == 128 + signal.SIGKILL
    assert "one ended after" in running.err
    assert "SIGKILL" in running.err


def test_sigquit_gives_tasks_up_at_once(run):
    running = run(worker("one", task=30))
    running.ready(1)
    running.signal(signal.SIGQUIT)
    assert running.wait() == 0
    assert "done" not in running.out


def test_who_outstays_the_grace_is_killed_with_all_it_started(run):
    code = "import subprocess\nsubprocess.Popen(['sleep', '99'])"
    running = run(launch("one", code + STUBBORN, grace=0.5))
    running.ready(1)
    below = descendants(running.process.pid)
    assert len(below) == 2
    running.signal(signal.SIGTERM)
    assert running.wait() == 128 + signal.SIGKILL
    assert "has not stopped in time" in running.err
    running.until(lambda: not any(map(alive, below)))


def test_one_that_fails_stops_the_others_and_its_status_is_ours(run):
    running = run(
        worker("fine", task=0.3),
        launch("bad", "import time; time.sleep(1); print('oh'); raise SystemExit(7)"),
    )
    assert running.wait() == 7
    assert "done" in running.out
    assert "bad failed after" in running.err
    assert "with status 7" in running.err


def test_one_that_dies_of_a_signal_leaves_nothing_behind(run):
    code = "import os, subprocess, time\nsubprocess.Popen(['sleep', '99'])\nprint('ready')\n"
    running = run(launch("bad", code + "time.sleep(1); os.kill(os.getpid(), 11)"))
    running.ready(1)
    below = descendants(running.process.pid)
    assert running.wait() == 128 + signal.SIGSEGV
    assert "SIGSEGV" in running.err
    running.until(lambda: not any(map(alive, below)))


def test_one_that_ends_by_itself_does_not_stop_the_others(run):
    running = run(launch("short", "print('ready')"), worker("one"))
    running.until(lambda: "short has ended by itself" in running.err)
    running.ready(2)
    time.sleep(0.3)
    assert running.process.poll() is None
    running.signal(signal.SIGTERM)
    assert running.wait() == 0


def test_one_that_closes_its_output_is_still_waited_for(run):
    running = run(
        launch("one", "import os, time; os.close(1); os.close(2); time.sleep(0.5); os._exit(3)")
    )
    assert running.wait() == 3


def test_killing_the_runner_stops_the_processes_gently(run):
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells a process that its parent is gone")
    running = run(worker("one", task=0.1), launch("two", WORKER.replace("{task}", "0.2")))
    running.ready(2)
    below = descendants(running.process.pid)
    assert len(below) == 2
    running.process.kill()
    running.process.wait()
    running.until(lambda: not any(map(alive, below)))


def test_a_reader_that_goes_away_stops_it(run, tmp_path):
    reading, writing = os.pipe()
    chatty = WORKER.replace("{task}", "0").replace("time.sleep(1)", "print('x'); time.sleep(0.05)")
    running = run(launch("one", chatty), stdout=writing)
    os.close(writing)
    assert os.read(reading, 5)
    os.close(reading)
    assert running.wait() == 0
    assert "nobody reads the output" in running.err


def test_a_reader_that_stalls_does_not_keep_it_from_stopping(run):
    reading, writing = os.pipe()
    flood = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
    running = run(launch("one", flood + "while True: print('x' * 1000)"), stdout=writing)
    os.close(writing)
    time.sleep(1.5)
    below = descendants(running.process.pid)
    running.signal(signal.SIGTERM)
    running.until(lambda: not any(map(alive, below)))
    # The output that is left waits for its reader until somebody is in a hurry.
    assert running.process.poll() is None
    time.sleep(0.3)
    running.signal(signal.SIGTERM)
    assert running.wait() == 0
    os.close(reading)


def test_a_program_that_cannot_be_started(run, tmp_path):
    driver = DRIVER.replace("(sys.executable,", "('/no/such/celery',", 1)
    running = Running(tmp_path, [sys.executable, "-c", driver, json.dumps([launch("one", "")])])
    assert running.wait() == 2
    assert "cannot start 'one': /no/such/celery" in running.err


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
def test_sigterm_lets_a_running_task_finish(deploy, redis_url):
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
def test_a_second_signal_is_quicker_and_the_task_is_not_lost(deploy, redis_url):
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
def test_a_soft_shutdown_gives_the_task_back(deploy, redis_url):
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
def test_killing_qtopo_does_not_orphan_celery(deploy, redis_url):
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
