"""The runner of `qtopo workers --run`: output, signals and ends, with scripts for workers."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sys
import time

import pytest

from running import Running, alive, descendants

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


def test_a_reader_that_stalls_does_not_keep_it_from_stopping(run, tmp_path):
    reading, writing = os.pipe()
    count = tmp_path / "count"
    # It has much to say when it stops, which nobody takes either.
    flood = """
import signal, sys
def stop(*_):
    for _ in range(5000): print("y" * 1000)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
with open(COUNT, "ab", 0) as count:
    while True:
        print("x" * 1000)
        count.write(b".")
""".replace("COUNT", repr(str(count)))
    running = run(launch("one", flood), stdout=writing)
    os.close(writing)
    time.sleep(1.5)
    # The process is held up, rather than its output kept for ever.
    held = count.stat().st_size
    time.sleep(0.3)
    assert 1000 < held == count.stat().st_size < 2000
    below = descendants(running.process.pid)
    running.signal(signal.SIGTERM)
    running.until(lambda: not any(map(alive, below)))
    # The output that is left waits for its reader until somebody is in a hurry.
    assert running.process.poll() is None
    time.sleep(0.3)
    running.signal(signal.SIGTERM)
    assert running.wait() == 0
    assert re.search(r"\d+ lines were left out", running.err)
    assert "1 process stopped well" in running.err
    os.close(reading)


def test_a_program_that_cannot_be_started(run, tmp_path):
    driver = DRIVER.replace("(sys.executable,", "('/no/such/celery',", 1)
    running = Running(tmp_path, [sys.executable, "-c", driver, json.dumps([launch("one", "")])])
    assert running.wait() == 2
    assert "cannot start 'one': /no/such/celery" in running.err
