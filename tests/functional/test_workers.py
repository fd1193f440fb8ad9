"""`qtopo workers`: the table, the lines, the JSON, and that real workers start from the lines."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qtopo.cli.main import main

TEXT = """\
[app]
celery = "shop:app"
[broker]
transport = "redis"
url = "redis://localhost"
[defaults]
queue = "default"
[queues.default]
[queues.emails]
[queues.off]
[tasks."shop.report"]
queue = "emails"
time_limit = "50s"
[workers.emails]
queues = ["emails"]
pool = "gevent"
concurrency = 100
replicas = 2
machine = "small"
env = { MOTTO = "it's $HOME" }
[workers.main]
queues = ["default"]
autoscale = { min = 2, max = 8 }
[workers.spare]
queues = ["default"]
replicas = 0
[machines.small]
cpus = 8
memory = "64GB"
count = 2
[beat]
replicas = 1
[beat.schedule.nightly]
task = "shop.report"
crontab = "0 3 * * *"
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topology.toml").write_text(TEXT, encoding="utf-8")
    return tmp_path


def run(capsys, *arguments):
    code = main(["workers", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_table(here, capsys):
    code, out, _ = run(capsys)
    assert code == 0
    assert out == (
        "NAME    QUEUES         POOL     CONCURRENCY  REPLICAS  MACHINE\n"
        "emails  emails         gevent   100          2         small\n"
        "main    default        prefork  2-8          1         -\n"
        "spare   default        prefork  1 per core   off       -\n"
        "beat    (1 scheduled)  -        -            1         -\n"
        "\n"
        "4 processes to start\n"
    )


def test_the_table_says_between_which_bounds_a_worker_is_scaled(here, capsys):
    text = TEXT.replace("replicas = 2\n", "replicas = 2\nscale = { min = 1, max = 9 }\n")
    text = text.replace("replicas = 0\n", "replicas = 0\nscale = { min = 0, max = 3 }\n")
    (here / "topology.toml").write_text(text, encoding="utf-8")
    code, out, _ = run(capsys)
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    assert "  2 (1-9)   small" in lines["emails"]
    assert "  0 (0-3)   -" in lines["spare"]


@pytest.mark.parametrize("columns", [1, 12, 20, 33, 40, 50, 61, 62, 200])
def test_the_table_fits_the_terminal(here, capsys, monkeypatch, columns):
    name = "队列-🐰-" + "very-long-name-" * 10
    with open(here / "topology.toml", "a", encoding="utf-8") as stream:
        stream.write(f'[queues."{name}"]\n[workers."{name}"]\nqueues = ["{name}", "emails"]\n')
    monkeypatch.setenv("COLUMNS", str(columns))
    code, out, _ = run(capsys)
    assert code == 0
    from qtopo.cli.table import width

    rows = out.split("\n\n")[0].splitlines()
    assert len(rows) == 6
    # Below one cell for each of the six columns there is nothing left to take.
    assert max(map(width, rows)) <= max(columns, 16)
    if columns == 200:
        assert "NAME" in rows[0]
        assert "MACHINE" in rows[0]


def test_the_table_is_whole_where_nobody_looks(here, capsys):
    name = "n" * 300
    with open(here / "topology.toml", "a", encoding="utf-8") as stream:
        stream.write(f'[workers.{name}]\nqueues = ["emails"]\n')
    assert name in run(capsys)[1]


def test_colour_only_where_asked(here, capsys):
    assert "\x1b" not in run(capsys)[1]
    coloured = run(capsys, "--color", "always")[1]
    assert coloured.startswith("\x1b[1mNAME")
    assert "\x1b[2mspare" in coloured


def test_lines(here, capsys):
    code, out, err = run(capsys, "--print-commands")
    assert code == 0
    motto = "MOTTO='it'\"'\"'s $HOME'"
    assert out.splitlines() == [
        f"{motto} celery -A shop:app worker -n emails-1@%h -Q emails -P gevent -c 100",
        f"{motto} celery -A shop:app worker -n emails-2@%h -Q emails -P gevent -c 100",
        "celery -A shop:app worker -n main@%h -Q default -P prefork --autoscale 8,2",
        "celery -A shop:app beat",
    ]
    assert "'spare' is switched off" in err


def test_json(here, capsys):
    code, out, _ = run(capsys, "--format", "json")
    assert code == 0
    answer = json.loads(out)
    assert answer["format_version"] == 1
    assert [(one["name"], one["kind"], one["replicas"]) for one in answer["workers"]] == [
        ("emails", "worker", 2),
        ("main", "worker", 1),
        ("spare", "worker", 0),
        ("beat", "beat", 1),
    ]
    assert answer["workers"][0] == {
        "name": "emails",
        "kind": "worker",
        "argv": shlex.split("celery -A shop:app worker -n emails@%h -Q emails -P gevent -c 100"),
        "env": {"MOTTO": "it's $HOME"},
        "replicas": 2,
        "queues": ["emails"],
        "pool": "gevent",
        "machine": "small",
        "shutdown": {"grace": 60.0, "soft": None},
        "scale": None,
        "needs": {"cpus": None, "memory": None},
    }


def test_a_single_replicas_line_is_the_jsons_argv(here, capsys):
    workers = json.loads(run(capsys, "--format", "json", "--worker", "main")[1])["workers"]
    line = run(capsys, "--print-commands", "--worker", "main")[1]
    assert shlex.split(line) == workers[0]["argv"]


def test_worker_picks_in_the_order_of_the_file(here, capsys):
    out = run(capsys, "--format", "json", "--worker", "beat", "--worker", "main")[1]
    assert [one["name"] for one in json.loads(out)["workers"]] == ["main", "beat"]


def test_an_unknown_worker(here, capsys):
    code, out, err = run(capsys, "--worker", "emial")
    assert (code, out) == (2, "")
    assert "no worker 'emial'" in err
    assert "did you mean 'emails'?" in err


def test_nothing_to_run(here, capsys):
    code, out, err = run(capsys, "--run", "--worker", "spare")
    assert (code, out) == (2, "")
    assert "no process to run" in err


def test_nothing_declared(here, capsys):
    (here / "topology.toml").write_text("[app]\nname = 'x'\n", encoding="utf-8")
    assert run(capsys)[:2] == (0, "no workers and no beat are declared\n")
    assert run(capsys, "--print-commands")[:2] == (0, "")
    assert json.loads(run(capsys, "--format", "json")[1])["workers"] == []


def test_an_overlay(here, capsys):
    with open(here / "topology.toml", "a", encoding="utf-8") as stream:
        stream.write("[environments.small]\nworkers.emails.replicas = 1\nbeat.replicas = 0\n")
    out = run(capsys, "--print-commands", "--env", "small")[1]
    assert [line.split(" -n ")[-1].split()[0] for line in out.splitlines()] == [
        "emails@%h",
        "main@%h",
    ]


def test_modes_exclude_each_other(here, capsys):
    assert run(capsys, "--run", "--print-commands")[0] == 2


def test_a_file_with_errors_is_answered_and_says_so(here, capsys):
    with open(here / "topology.toml", "a", encoding="utf-8") as stream:
        stream.write('[workers.more]\nqueues = ["no-such-queue"]\n')
    code, out, err = run(capsys, "--print-commands")
    assert code == 0
    assert "-Q no-such-queue" in out
    assert "qtopo check" in err
    assert "warning" not in out


def test_a_file_of_broken_shape_is_not(here, capsys):
    with open(here / "topology.toml", "a", encoding="utf-8") as stream:
        stream.write("[workers.more]\n")
    code, out, err = run(capsys, "--print-commands")
    assert (code, out) == (1, "")
    assert "queues" in err


def test_names_survive_a_terminal_of_another_encoding(here):
    with open(here / "topology.toml", "a", encoding="utf-8") as stream:
        stream.write('[workers."🐰"]\nqueues = ["emails"]\n')
    done = subprocess.run(
        [sys.executable, "-m", "qtopo", "workers", "--print-commands", "--worker", "🐰"],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
    )
    assert shlex.split(done.stdout.decode("utf-8"))[5] == "🐰@%h"


APP = """\
import os, time
from celery import Celery

app = Celery("shop", broker=os.environ["SHOP_URL"], backend=os.environ["SHOP_URL"])
app.conf.update(broker_connection_retry_on_startup=True, task_acks_late=True)

@app.task(name="who", bind=True)
def who(self):
    from threading import current_thread
    return {
        "node": self.request.hostname,
        "thread": type(current_thread()).__module__,
        "motto": os.environ.get("MOTTO"),
        "patched": bool(__import__("socket").socket.__module__.startswith("gevent")),
    }

@app.task(name="nap")
def nap(seconds, path):
    open(path + ".began", "w").close()
    time.sleep(seconds)
    open(path + ".done", "w").close()
"""

POOLS = """\
[app]
celery = "shop:app"
[broker]
transport = "redis"
url = "env:SHOP_URL"
[queues."pre $(touch x)"]
[queues."-threads"]
[queues."solo%h"]
[queues."gév 🐰"]
[workers."pre%i $(touch x)"]
queues = ["pre $(touch x)"]
concurrency = 1
replicas = 2
max_tasks_per_child = 10
max_memory_per_child = "400MB"
env = { MOTTO = "it's `id` $HOME" }
[workers."-P"]
queues = ["-threads"]
pool = "threads"
autoscale = { min = 1, max = 2 }
prefetch_multiplier = 1
[workers."solo'%h"]
queues = ["solo%h"]
pool = "solo"
concurrency = 5
shutdown = { soft = "2s" }
[workers."gév 🐰"]
queues = ["gév 🐰"]
pool = "gevent"
autoscale = { min = 1, max = 5 }
extra_args = ["--without-gossip"]
"""


def end_group(process):
    """Wait for a shell and all it started; the worker outlives the shell by a second."""
    process.wait()
    end = time.monotonic() + 20
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < end:
            os.killpg(process.pid, 0)
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail("a worker did not stop")


@pytest.mark.slow
def test_printed_lines_start_workers_that_work(here, redis_url, monkeypatch):
    import socket

    from celery import Celery

    (here / "shop.py").write_text(APP, encoding="utf-8")
    (here / "topology.toml").write_text(POOLS, encoding="utf-8")
    env = {
        **os.environ,
        "SHOP_URL": redis_url,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONWARNINGS": "ignore",
    }
    printed = subprocess.run(
        [sys.executable, "-m", "qtopo", "workers", "--print-commands"],
        env=env, capture_output=True, check=True, text=True, encoding="utf-8",
    )  # fmt: skip
    lines = printed.stdout.splitlines()
    assert len(lines) == 5
    logs = [(here / f"log{number}").open("wb") for number in range(len(lines))]
    running = [
        subprocess.Popen(
            ["sh", "-c", line], env=env, stdout=log, stderr=log, start_new_session=True
        )
        for line, log in zip(lines, logs, strict=True)
    ]
    host = socket.gethostname()
    expected = {
        "pre $(touch x)": [f"pre%i $(touch x)-{number}@{host}" for number in (1, 2)],
        "-threads": [f"-P@{host}"],
        "solo%h": [f"solo'%h@{host}"],
        "gév 🐰": [f"gév 🐰@{host}"],
    }
    app = Celery("caller", broker=redis_url, backend=redis_url, set_as_current=False)
    try:
        for queue, nodes in expected.items():
            told = app.send_task("who", queue=queue).get(timeout=40)
            assert told["node"] in nodes
            assert told["patched"] == (queue == "gév 🐰")
            assert told["motto"] == ("it's `id` $HOME" if len(nodes) == 2 else None)
    finally:
        for process in running:
            os.killpg(process.pid, signal.SIGTERM)
        for process in running:
            end_group(process)
        for log in logs:
            log.close()
        app.close()
    assert not (here / "x").exists()
    # Every worker has consumed its own queue and no other.
    for number, log in enumerate(logs):
        banner = Path(log.name).read_text(encoding="utf-8", errors="replace")
        assert banner.count(".> ") == 6, (lines[number], banner)


def lines_of(capsys, *arguments):
    assert main(["workers", "--print-commands", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def nodes_of(capsys, *arguments):
    found = [shlex.split(line) for line in lines_of(capsys, *arguments)]
    return [one[one.index("-n") + 1].partition("@")[0] if "-n" in one else "beat" for one in found]


@pytest.mark.parametrize(
    ("arguments", "nodes"),
    [
        ((), ["emails-1", "emails-2", "main", "beat"]),
        (("--only", "emails", "--worker", "beat"), ["emails-1", "emails-2", "beat"]),
        (("--replicas", "1"), ["emails", "main", "beat"]),
        (("--replicas", "2", "--only", "main"), ["main-1", "main-2"]),
        (("--replicas", "1", "--replicas", "spare=1"), ["emails", "main", "spare", "beat"]),
        (("--replicas", "emails=0", "--replicas", "beat=0"), ["main"]),
        (("--replicas", "emails=3", "--replicas", "emails=1"), ["emails", "main", "beat"]),
    ],
)
def test_only_some_and_how_many(here, capsys, arguments, nodes):
    assert nodes_of(capsys, *arguments) == nodes


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ("x", "--replicas cannot be 'x'"),
        ("-1", "--replicas cannot be '-1'"),
        ("emails=", "--replicas cannot be 'emails='"),
        ("99999", "--replicas cannot be '99999'"),
        ("beat=2", "beat is one process"),
        ("email=1", "no worker 'email'"),
    ],
)
def test_a_size_that_cannot_be(here, capsys, size, message):
    assert main(["workers", f"--replicas={size}"]) == 2
    assert message in capsys.readouterr().err
