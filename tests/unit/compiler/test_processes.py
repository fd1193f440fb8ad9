"""Processes: Celery and real shells read what is written as it is meant."""

from __future__ import annotations

import shlex
import shutil
import socket
import subprocess
from typing import Any

import pytest
import tomli
from celery import Celery, _find_option_with_arg
from celery.bin.base import CLIContext
from celery.bin.celery import celery as celery_group
from celery.bin.worker import worker as celery_worker
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import qtopo
from qtopo.compiler.processes import Process, worker_processes
from qtopo.compiler.shell import quote, shell_line
from qtopo.topology.topology import Topology
from strategies import names

SHELLS = [found for name in ("sh", "bash", "dash", "zsh", "ksh") if (found := shutil.which(name))]
LIGHT = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
KINDS = {
    "prefork": "celery.concurrency.prefork.TaskPool",
    "threads": "celery.concurrency.thread.TaskPool",
    "solo": "celery.concurrency.solo.TaskPool",
    "gevent": "celery.concurrency.gevent.TaskPool",
}


def topology(text: str) -> Topology:
    return from_data(tomli.loads(text))


def from_data(data: dict[str, Any]) -> Topology:
    found, findings = Topology.from_data(data)
    assert findings == []
    return found


def one(text: str, name: str = "w") -> Process:
    return next(found for found in worker_processes(topology(text)) if found.name == name)


def argv(text: str) -> str:
    """The arguments after `celery worker -n w@%h -Q q`."""
    process = one(f'[workers.w]\nqueues = ["q"]\n{text}')
    head = ("celery", "worker", "-n", "w@%h", "-Q", "q")
    assert process.argv[:6] == head
    return " ".join(process.argv[6:])


def read_by_celery(argv: tuple[str, ...]) -> tuple[str | None, dict[str, Any]]:
    """The app and the options that Celery's own command line sees; starts nothing."""
    assert argv[0] == "celery"
    outer = celery_group.make_context("celery", list(argv[1:]))
    rest = [*outer._protected_args, *outer.args]
    assert rest[0] == "worker"
    context = CLIContext(Celery("x", set_as_current=False), no_color=True, workdir=None)
    inner = celery_worker.make_context("worker", rest[1:], parent=outer, obj=context)
    return outer.params["app"], {**inner.params, "rest": inner.args}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "-P prefork"),
        ('pool = "gevent"\nconcurrency = 100', "-P gevent -c 100"),
        ("concurrency = 3", "-P prefork -c 3"),
        ('pool = "solo"\nconcurrency = 3', "-P solo"),
        ("autoscale = { min = 2, max = 8 }", "-P prefork --autoscale 8,2"),
        ('pool = "eventlet"\nautoscale = { min = 0, max = 8 }', "-P eventlet --autoscale 8,0"),
        # Celery's threads die at the first scale-up.
        ('pool = "threads"\nautoscale = { min = 2, max = 8 }', "-P threads -c 8"),
        ('pool = "solo"\nautoscale = { min = 2, max = 8 }', "-P solo"),
        ("prefetch_multiplier = 1", "-P prefork --prefetch-multiplier 1"),
        ("max_tasks_per_child = 500", "-P prefork --max-tasks-per-child 500"),
        ('max_memory_per_child = "400MB"', "-P prefork --max-memory-per-child 390625"),
        ('max_memory_per_child = "400MiB"', "-P prefork --max-memory-per-child 409600"),
        ('max_memory_per_child = "1B"', "-P prefork --max-memory-per-child 1"),
        ('pool = "threads"\nmax_tasks_per_child = 5\nmax_memory_per_child = "1GB"', "-P threads"),
        ('include = ["a.b", "c"]', "-P prefork -I a.b,c"),
        ('extra_args = ["--without-gossip", "-O", "fair"]', "-P prefork --without-gossip -O fair"),
        ('shutdown = "drain"', "-P prefork"),
        ('shutdown = { drain = "5m" }', "-P prefork"),
        ('shutdown = { soft = "20s" }', "-P prefork -- worker.soft_shutdown_timeout=20"),
        ('shutdown = { soft = "1500ms" }', "-P prefork -- worker.soft_shutdown_timeout=1.5"),
        ('shutdown = { soft = "90d" }', "-P prefork -- worker.soft_shutdown_timeout=7776000"),
        (
            'shutdown = { soft = "2s" }\nextra_args = ["-E", "--", "worker.lost_wait=5"]',
            "-P prefork -E -- worker.lost_wait=5 worker.soft_shutdown_timeout=2",
        ),
    ],
)
def test_arguments(text, expected):
    assert argv(text) == expected


def test_the_app_comes_before_the_command():
    process = one('[app]\ncelery = "shop:app"\n[workers.w]\nqueues = ["a", "b", "a"]')
    assert process.argv[:8] == ("celery", "-A", "shop:app", "worker", "-n", "w@%h", "-Q", "a,b")
    assert process.queues == ("a", "b")


def test_a_soft_shutdown_needs_the_remap_and_the_files_env_has_the_last_word():
    soft = '[workers.w]\nqueues = ["q"]\nshutdown = { soft = "2s" }\n'
    assert one(soft).env == {"REMAP_SIGTERM": "SIGQUIT"}
    assert one(soft + 'env = { REMAP_SIGTERM = "", A = "1" }').env == {
        "REMAP_SIGTERM": "",
        "A": "1",
    }


def test_replicas_are_numbered_only_where_there_are_several():
    text = '[workers.w]\nqueues = ["q"]\nreplicas = {}'
    nodes = {
        count: [(c.label, c.argv[3]) for c in one(text.replace("{}", str(count))).commands()]
        for count in (0, 1, 3)
    }
    assert nodes == {
        0: [],
        1: [("w", "w@%h")],
        3: [("w-1", "w-1@%h"), ("w-2", "w-2@%h"), ("w-3", "w-3@%h")],
    }
    assert one(text.replace("{}", "0")).replicas == 0
    assert one(text.replace("{}", "3")).argv[3] == "w@%h"


def test_beat_is_one_process_however_many_replicas():
    text = '[app]\ncelery = "a"\n[beat]\nscheduler = "redbeat"\nreplicas = 2'
    beat = one(text, "beat")
    assert (beat.kind, beat.replicas, beat.queues, beat.pool) == ("beat", 2, (), None)
    assert [command.argv for command in beat.commands()] == [("celery", "-A", "a", "beat")]
    assert one(text.replace("2", "0"), "beat").commands() == []
    assert worker_processes(topology("")) == []


GRACE = """
[queues.celery]
[queues.slow]
[queues.often]
[[routes]]
task = "slow.*"
queue = "slow"
[tasks."slow.a"]
time_limit = "10m"
[tasks."slow.b"]
time_limit = "20m"
[tasks.quick]
time_limit = "30s"
[tasks.unlimited]
[workers.slow]
queues = ["slow"]
[workers.main]
queues = ["celery"]
[workers.often]
queues = ["often"]
[workers.own]
queues = ["slow"]
shutdown = { drain = "15s" }
[workers.soft]
queues = ["slow"]
shutdown = { soft = "5s" }
"""


def graces(text: str) -> dict[str, float | None]:
    return {found.name: found.shutdown.grace for found in qtopo.worker_processes(topology(text))}


def test_the_grace_is_the_longest_limit_that_can_reach_the_worker():
    assert graces(GRACE) == {
        "slow": 1210.0,
        "main": 40.0,
        "often": None,
        "own": 15.0,
        "soft": 15.0,
    }
    assert one(GRACE, "soft").shutdown.soft == 5.0


def test_the_schedules_own_queue_and_celerys_own_limit_count():
    entry = '[beat.schedule.x]\ntask = "quick"\nevery = "1m"\nqueue = "often"\n'
    assert graces(GRACE + entry)["often"] == 40.0
    found = graces(GRACE + "[settings]\ntask_time_limit = 100")
    assert (found["often"], found["main"], found["slow"]) == (110.0, 110.0, 1210.0)


def test_without_routing_every_limit_counts_for_everybody():
    found = {one.name: one.shutdown.grace for one in worker_processes(topology(GRACE))}
    assert found["often"] == found["main"] == 1210.0


queue_names = names(comma=False)
node_names = names().filter(lambda name: "@" not in name)


@st.composite
def workers(draw: Any) -> dict[str, Any]:
    pool = draw(st.sampled_from(list(KINDS)))
    worker: dict[str, Any] = {
        "queues": draw(st.lists(queue_names, min_size=1, max_size=3, unique=True)),
        "pool": pool,
        "replicas": draw(st.integers(1, 3)),
        "env": draw(
            st.dictionaries(st.from_regex(r"QT_[A-Z]{1,3}", fullmatch=True), st.just("") | names())
        ),
        "include": draw(st.lists(names(comma=False), max_size=2)),
    }
    if draw(st.booleans()):
        low = draw(st.integers(1, 4))
        worker["autoscale"] = {"min": low, "max": low + draw(st.integers(0, 9))}
    else:
        worker["concurrency"] = draw(st.integers(1, 50))
    if draw(st.booleans()):
        worker["shutdown"] = {"soft": f"{draw(st.integers(1, 9999))}ms"}
    for key in ("prefetch_multiplier", "max_tasks_per_child"):
        if draw(st.booleans()):
            worker[key] = draw(st.integers(1, 500))
    return worker


@LIGHT
@given(node_names, names(), workers())
@example("-P", "-A", {"queues": ["-P"], "pool": "gevent", "include": ["--pool=eventlet"]})
@example("%h%%n", "a", {"queues": ["--pool=eventlet", "x"], "pool": "gevent"})
@example("--", "--", {"queues": ["--"], "pool": "solo", "include": ["--"]})
def test_celery_reads_what_is_meant(name, app, worker):
    data = {"app": {"celery": app}, "workers": {name: worker}}
    [process] = worker_processes(from_data(data))
    found = process.commands()
    host = socket.gethostname()
    assert len(found) == worker.get("replicas", 1)
    for number, command in enumerate(found, start=1):
        node = name if len(found) == 1 else f"{name}-{number}"
        named, options = read_by_celery(command.argv)
        assert named == app
        assert options["hostname"] == f"{node}@{host}"
        assert options["queues"] == worker["queues"]
        assert options["include"] == (worker.get("include") or None)
        kind = options["pool"]
        assert f"{kind.__module__}.{kind.__name__}" == KINDS[worker["pool"]]
        # Monkey-patching hangs on a look-up of Celery's that is no part of click.
        assert _find_option_with_arg(list(command.argv), ["-P"], ["--pool"]) == worker["pool"]
        if "autoscale" in worker and worker["pool"] in ("prefork", "gevent"):
            scale = worker["autoscale"]
            assert options["autoscale"] == (scale["max"], scale["min"])
        elif worker["pool"] != "solo" and "concurrency" in worker:
            assert options["concurrency"] == worker["concurrency"]
        multiplier = worker.get("prefetch_multiplier")
        assert options["prefetch_multiplier"] == (multiplier or 4)
        children = worker.get("max_tasks_per_child") if worker["pool"] == "prefork" else None
        assert options["max_tasks_per_child"] == children
        conf = Celery("y", set_as_current=False)
        conf.conf.worker_prefetch_multiplier  # noqa: B018 - Celery reads its settings now
        conf.config_from_cmdline(options["rest"], namespace="worker")
        soft = float(worker["shutdown"]["soft"][:-2]) / 1000 if "shutdown" in worker else 0.0
        assert conf.conf.worker_soft_shutdown_timeout == soft


@LIGHT
@given(names(), names(), workers())
@example("=ls", "~", {"queues": ["=ls"], "env": {"QT_A": "=ls", "QT_B": "~root"}})
def test_a_line_is_split_as_it_was_put_together(name, app, worker):
    data = {"app": {"celery": app}, "workers": {name: worker}}
    [process] = worker_processes(from_data(data))
    for command in process.commands():
        assert "\n" not in command.line
        expected = [f"{key}={value}" for key, value in worker.get("env", {}).items()]
        if process.shutdown.soft is not None:
            expected.insert(0, "REMAP_SIGTERM=SIGQUIT")
        assert shlex.split(command.line) == [*expected, *command.argv]


@pytest.mark.parametrize("shell", SHELLS)
@settings(LIGHT, max_examples=25)
@given(words=st.lists(names(), min_size=1, max_size=12), value=st.just("") | names())
@example(words=["=ls", "-n", "a'b\"$HOME `id` !! \\", "*", "~", "{a,b}", "#x", "a=b"], value="=ls")
def test_real_shells_agree(shell, words, value):
    line = shell_line(["celery", *words], {"QT_VALUE": value})
    script = f'celery() {{ printf \'%s\\0\' "$QT_VALUE" "$@"; }}\n{line}\n'
    done = subprocess.run([shell, "-c", script], capture_output=True, check=True)
    assert done.stderr == b""
    assert done.stdout.decode().split("\0")[:-1] == [value, *words]


def test_plain_words_stay_plain():
    assert [quote(word) for word in ("a@%h", "a,b", "x:y", "=x", "")] == [
        "a@%h",
        "a,b",
        "x:y",
        "'=x'",
        "''",
    ]
