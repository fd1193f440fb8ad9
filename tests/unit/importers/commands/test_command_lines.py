"""Command lines, taken apart: Celery's own command line and its own multi are the oracle."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from typing import Any

import pytest
from celery import Celery
from celery.apps import multi as celery_multi
from celery.bin.base import CLIContext
from celery.bin.beat import beat as celery_beat
from celery.bin.celery import celery as celery_group
from celery.bin.worker import worker as celery_worker
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qtopo.importers.commands import options
from qtopo.importers.commands.launch import Finder, Launch
from qtopo.importers.commands.multi import nodes
from qtopo.importers.commands.options import BadOptionsError
from qtopo.importers.commands.process import Process, readable
from qtopo.importers.commands.shell import Shell
from qtopo.importers.commands.worker import worker_draft
from qtopo.importers.static.budget import Budget

LIGHT = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])


def launches(line: str, env: dict[str, str] | None = None) -> list[Launch]:
    process = Process("service", "file:1", shell=line, env=env or {})
    return Finder(Budget()).launches(process)


def table(line: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    (one,) = launches(line, env)
    given_ = options.read(one.dialect, one.words, one.env)
    found = worker_draft(given_, one.before, one.env)
    return {**found.table, "queues": found.queues, "name": found.name, "app": found.app}


def read_by_celery(words: list[str], env: dict[str, str]) -> dict[str, Any]:
    """The options as Celery 5.7 has them, by `celery worker`; starts nothing."""
    outer = celery_group.make_context("celery", ["worker"], auto_envvar_prefix="CELERY")
    context = CLIContext(Celery("x", set_as_current=False), no_color=True, workdir=None)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        inner = celery_worker.make_context("worker", list(words), parent=outer, obj=context)
    return {**inner.params, "rest": inner.args}


NAMES = st.text("abcxyz-_.", min_size=1, max_size=6).filter(lambda one: not one.startswith("-"))
COUNTS = st.integers(1, 50).map(str)
VALUES: dict[str, st.SearchStrategy[str]] = {
    "hostname": NAMES.map("{}@%h".format),
    "queues": st.lists(NAMES, min_size=1, max_size=3, unique=True).map(",".join),
    "exclude_queues": st.lists(NAMES, min_size=1, max_size=2).map(",".join),
    "include": st.lists(NAMES, min_size=1, max_size=2).map(",".join),
    "concurrency": COUNTS,
    "prefetch_multiplier": COUNTS,
    "max_tasks_per_child": COUNTS,
    "max_memory_per_child": COUNTS,
    "heartbeat_interval": COUNTS,
    "time_limit": COUNTS,
    "soft_time_limit": st.just("1.5"),
    "pool": st.sampled_from(["prefork", "threads", "solo", "processes"]),
    "autoscale": st.builds("{},{}".format, st.integers(0, 9), st.integers(1, 9)) | COUNTS,
    "loglevel": st.sampled_from(["INFO", "debug"]),
    "optimization": st.sampled_from(["fair", "default"]),
    "statedb": st.just("state"),
    "schedule_filename": NAMES,
    "scheduler": NAMES,
    "logfile": NAMES,
    "pidfile": NAMES,
    "pool_start_method": st.sampled_from(["fork", "spawn"]),
}
OPTIONS = {one.name: one for one in celery_worker.params}
SKIPPED = {"detach", "uid", "gid", "umask", "executable"}


@st.composite
def command_lines(draw: st.DrawFn) -> tuple[list[str], dict[str, str]]:
    words: list[str] = []
    for name in draw(st.lists(st.sampled_from(sorted(OPTIONS)), max_size=7)):
        option = OPTIONS[name]
        if name in SKIPPED or (not option.is_flag and name not in VALUES):
            continue
        spelt = draw(st.sampled_from(option.opts))
        if option.is_flag:
            words.append(spelt)
        else:
            value = draw(VALUES[name])
            if spelt.startswith("--"):
                words += draw(st.sampled_from([[spelt, value], [f"{spelt}={value}"]]))
            else:
                words += draw(st.sampled_from([[spelt, value], [spelt + value]]))
    if draw(st.booleans()):
        words += ["--", "worker.lost_wait=3"]
    env = {}
    for name in draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=2)):
        env[f"CELERY_WORKER_{name.upper()}"] = draw(VALUES[name])
    return words, env


@LIGHT
@given(command_lines())
def test_what_is_read_is_what_celery_reads(line: tuple[list[str], dict[str, str]]) -> None:
    """The worker that is written is started by Celery as the old one was."""
    words, env = line
    before = read_by_celery(words, env)
    given_ = options.read("worker", words, env)
    found = worker_draft(given_, {}, env)
    again = read_by_celery(_printed(found), {})
    for name in before:
        if name in ("hostname", "beat", "schedule_filename", "scheduler"):
            continue
        assert again[name] == _meant(name, before), (name, before[name], again[name])
    assert found.embeds_beat == bool(before["beat"])
    assert found.name == (before["hostname"].partition("@")[0] if _given(given_) else None)


def _given(given_: options.Given) -> bool:
    return "hostname" in given_.values


def _meant(name: str, before: dict[str, Any]) -> Any:
    """What is written of an option; the same but for what says nothing in Celery either."""
    value = before[name]
    if name == "queues":
        if value is None:
            return None
        # What is excluded is not consumed, and Celery knows each queue once.
        excluded = before["exclude_queues"] or []
        return [one for one in dict.fromkeys(value) if one not in excluded] or None
    if name == "exclude_queues":
        return None
    if name == "concurrency" and before["autoscale"]:
        return None
    if name == "pool":
        return "prefork" if value == "processes" else value
    return value


def _printed(found: Any) -> list[str]:
    """The arguments that a table means, in the plainest forms."""
    words: list[str] = []
    flags = {
        "pool": "--pool",
        "concurrency": "--concurrency",
        "prefetch_multiplier": "--prefetch-multiplier",
        "max_tasks_per_child": "--max-tasks-per-child",
    }
    for key, flag in flags.items():
        if key in found.table:
            words += [flag, str(found.table[key])]
    if found.queues:
        words += ["-Q", ",".join(found.queues)]
    if "autoscale" in found.table:
        scale = found.table["autoscale"]
        words += ["--autoscale", f"{scale['max']},{scale['min']}"]
    if "max_memory_per_child" in found.table:
        from qtopo.topology.units import parse_size

        size = parse_size(found.table["max_memory_per_child"])
        words += ["--max-memory-per-child", str(size // 1024)]
    if "include" in found.table:
        words += ["-I", ",".join(found.table["include"])]
    return words + found.table.get("extra_args", [])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("celery -A proj worker -Q a,b -c4 -Ofair", {"queues": ["a", "b"], "concurrency": 4}),
        ("celery worker -A zenodo.celery --loglevel=INFO", {"app": "zenodo.celery"}),
        ("celery -A p -l info worker -c 2", {"concurrency": 2, "app": "p"}),
        ("python -m celery -A p worker --concurrency=3", {"concurrency": 3}),
        ("python manage.py celery worker -c 3 --settings=x", {"concurrency": 3}),
        ("python manage.py celeryd -c 4 --maxtasksperchild=50", {"max_tasks_per_child": 50}),
        ("celery worker --concur 8 --max-tasks 9", {"concurrency": 8, "max_tasks_per_child": 9}),
        ("exec nice -n 5 celery -A p worker -n w1@%h", {"name": "w1"}),
        ("poetry run celery -A p worker -n w.%h", {"name": "w"}),
        ("uv run -- celery -A p worker -P gevent", {"pool": "gevent"}),
        ("newrelic-admin run-program celery -A p worker -c 1", {"concurrency": 1}),
        ("dumb-init -- celery -A p worker -c 1", {"concurrency": 1}),
        ("tini -s -- sh -c 'cd /app && exec celery -A p worker -c 6'", {"concurrency": 6}),
        ("env A=b celery -A p worker", {"env": {"A": "b"}}),
        ("A='b c' celery -A p worker", {"env": {"A": "b c"}}),
        ('bash -lc "celery -A p worker -Q ${Q:-x,y}"', {"queues": ["x", "y"]}),
        ("export Q=a; celery -A p worker -Q $Q", {"queues": ["a"], "env": {"Q": "a"}}),
        ("Q=a; celery -A p worker -Q $Q", {"queues": ["a"]}),
        ("su -s /bin/sh -c 'celery -A p worker -c 2' www", {"concurrency": 2}),
        ("watchmedo auto-restart -d . -p '*.py' -- celery -A p worker -c 2", {"concurrency": 2}),
        ("watchmedo auto-restart -R celery -- -A p worker -c 2", {"concurrency": 2}),
        (
            "watchfiles --filter python celery.__main__.main --args '-A p worker -c 2'",
            {"concurrency": 2},
        ),
        ("watchfiles 'celery -A p worker -c 2' src", {"concurrency": 2}),
        ("airflow celery worker -q a,b -c 3", {"queues": ["a", "b"], "concurrency": 3}),
        ("celery -A worker worker --autoscale=3,10", {"autoscale": {"min": 3, "max": 10}}),
        ("celery worker --autoscale=7", {"autoscale": {"min": 0, "max": 7}}),
        ("celery worker -Q a,b,c -X b", {"queues": ["a", "c"]}),
        ("celery worker -P processes", {}),
        (
            "celery worker --time-limit=300 -E",
            {"extra_args": ["--time-limit=300", "--task-events"]},
        ),
        ("${CELERY_BIN} -A p worker -c 2", {"concurrency": 2}),
        ("/opt/venv/bin/celery --app p worker -c 2 >> log 2>&1 &", {"concurrency": 2}),
    ],
)
def test_ways_of_starting(line: str, expected: dict[str, Any]) -> None:
    found = table(line)
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    "line",
    [
        "echo starting celery worker",
        "pip install celery",
        "celery -A p status",
        "celery -A p flower --port 5555",
        "celery -A p inspect ping -d celery@worker",
        "pkill -f 'celery worker'",
        "# celery worker",
        "supervisorctl restart celery",
        "celery multi stopwait w1",
        "cat <<EOF\ncelery worker\nEOF",
        "if false_name; [ a = b ]; then celery worker; fi",
        "case x in y) celery worker;; esac",
    ],
)
def test_what_starts_nothing(line: str) -> None:
    found = [one for one in launches(line) if one.kind != "multi" or nodes(one.words)]
    assert found == []


def test_what_is_unknown_is_said_and_kept() -> None:
    (one,) = launches("celery worker -Q $QUEUES -c $(nproc) -l $LEVEL")
    found = worker_draft(options.read("worker", one.words), {}, {})
    assert not found.complete
    assert found.queues == ["$QUEUES"]
    assert "concurrency = $(nproc)" in found.left
    assert "loglevel = $LEVEL" in found.left
    said = " ".join(readable(remark.message) for remark in found.remarks)
    assert "$QUEUES" in said
    assert "\0" not in said


def test_both_ways_of_a_condition_are_told() -> None:
    text = (
        'if [ "$AWS" = True ]; then q=a.fifo; else q=a,b; fi\n'
        "celery worker -Q $q\n"
        'if [ "$AWS" = True ]; then celery worker -Q c; fi'
    )
    first, second = launches(text)
    found = worker_draft(options.read("worker", first.words), {}, {})
    assert found.queues == ["$q, which is 'a.fifo' or 'a,b'"]
    assert second.doubt
    first, second = launches(text, {"AWS": "True"})
    assert first.words == ("-Q", "a.fifo")
    assert not second.doubt
    (only,) = launches(text, {"AWS": ""})
    assert only.words == ("-Q", "a,b")


def test_pools_that_were_not_patched_are_told() -> None:
    for line, env in (
        ("celery worker -Pgevent", {}),
        ("celery worker", {"CELERY_WORKER_POOL": "gevent"}),
    ):
        (one,) = launches(line, env)
        found = worker_draft(options.read("worker", one.words, one.env), {}, one.env)
        assert found.table["pool"] == "gevent"
        assert [one.trap for one in found.remarks] == ["green-pool-not-patched"]
    (one,) = launches("celery worker -P gevent")
    assert not worker_draft(options.read("worker", one.words), {}, {}).remarks


def test_what_celery_refuses_is_refused() -> None:
    with pytest.raises(BadOptionsError, match="-Q"):
        options.read("worker", ["-Q"])
    with pytest.raises(BadOptionsError, match="too many"):
        options.read("worker", ["x"] * 5000)


def test_celerys_own_options_are_known() -> None:
    """A new option of Celery's shows here: before the command, and in the tables of variables."""
    known = {one for opts, _ in options._GLOBAL for one in opts}
    assert known == {one for param in celery_group.params for one in param.opts} - {"--help"}
    assert set(options.variables("worker").values()) == set(OPTIONS)
    assert set(options.variables("beat").values()) == {one.name for one in celery_beat.params}


MULTI = [
    "start w1 w2 -A proj -c 4",
    "start 3 -A proj -c 3",
    "start 10 -A p -l INFO -Q:1-3 images,video -Q:4,5 data -Q default",
    "start foo bar baz -A p -c:1 3 -c:bar 4 -c 2",
    "start a@one b@two -A p --concurrency=3 --queues:a=x",
    "restart w1 -A p --pidfile=p%n.pid --logfile=l%n.log -- worker.lost_wait=3",
    "show -B w1 w2 -E",
    "start Leslie --hostname=h -E",
]


@pytest.mark.parametrize("line", MULTI)
def test_nodes_are_those_of_celery_multi(
    line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(celery_multi.os, "makedirs", lambda _: None)
    words = shlex.split(line)
    parser = celery_multi.NamespacedOptionParser([*words[1:]])
    parser.parse()
    expected: dict[tuple[str, ...], int] = {}
    for node in celery_multi.MultiParser().parse(parser):
        defaults = ("-n", "--executable")
        given_ = {k: v for k, v in node.options.items() if k not in defaults}
        for name in ("--pidfile", "--logfile"):
            if not any(word.startswith(name) for word in words):
                given_.pop(name)
        flat = tuple(f"{key} {value}" for key, value in given_.items())
        expected[flat] = expected.get(flat, 0) + 1
    found = nodes(words)
    assert sorted(one.nodes for one in found) == sorted(expected.values())
    for one in found:
        options.read("worker", one.words)


@pytest.mark.parametrize("line", ["start 999999999", "start 2 -c:1-99999999 3", "start a -c:9 1"])
def test_multi_makes_no_endless_nodes(line: str) -> None:
    with pytest.raises(BadOptionsError):
        nodes(shlex.split(line))


SCRIPTS = st.lists(
    st.sampled_from(
        [
            "A=x",
            "B='y z'",
            'A="$A$B"',
            'C="${A:-none} ${D-d}"',
            "export B",
            "show $A",
            'show "$B" $C',
            "show 'it''s' \"a\\\"b\" c\\ d",
            "show ${A:+set} ${E:=made} $E",
            'if [ "$A" = x ]; then show yes; B=1; else show no; fi',
            'case "$A" in x|y) show xy;; *) show other;; esac',
            "for i in one; do show $i; done",
            'set -e; show "" end && show then # comment',
            "show a >/dev/null 2>&1",
            "show \\\n  long \\\n  line",
            '[ -z "$B" ] || true',
        ]
    ),
    max_size=8,
)


@pytest.mark.skipif(shutil.which("sh") is None, reason="no sh")
@settings(LIGHT, max_examples=25)
@given(SCRIPTS)
@example(['A="$A$B"', "show $A$B $A"])
def test_scripts_are_walked_as_a_shell_runs_them(lines: list[str]) -> None:
    text = "\n".join(["A=; B=; C=; D=; E=", *lines])
    head = 'show() { for one in "$@"; do printf "[%s]" "$one"; done; printf "\\n"; }\n'
    run = subprocess.run(
        ["sh", "-c", head + text], capture_output=True, text=True, timeout=10, check=False
    )
    # What goes to /dev/null is seen by us and not by the shell.
    expected = [one for one in run.stdout.splitlines() if one]
    walked = Shell({}, Budget(), ()).run(text)
    shown = [
        "".join(f"[{one}]" for one in found.words[1:])
        for found in walked
        if found.words[0] == "show"
    ]
    quiet = lines.count("show a >/dev/null 2>&1")
    assert [one for one in shown if one not in ("", "[a]")] == expected
    assert shown.count("[a]") == quiet
