"""Code held against a topology, through the command line: what is found and where it points."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from qtopo.cli.main import CANNOT, NO, OK, main
from qtopo.topology.code_rules import RULES

LINT = '\n[lint]\nignore = ["queue-without-sender"]\n'
HEAD = """\
[queues.celery]
[queues.mails]
[results]
backend = "redis"
url = "env:RESULTS"
[workers.main]
queues = ["celery", "mails"]
"""
"""Most tests send nothing to one of the queues: `check` adds LINT where none is given."""
TASKS = "from celery import shared_task\n"


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Checks a topology and files of Python; returns the findings about code.

    Each is (file, line, text it points at, rule, severity).
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QTOPO_TOPOLOGY", raising=False)

    def run(topology, *options, **files):
        lint = "" if "[lint" in topology else LINT
        Path("topology.toml").write_text(topology + lint, encoding="utf-8")
        for name, text in files.items():
            path = Path("shop", f"{name}.py")
            path.parent.mkdir(exist_ok=True)
            Path("shop/__init__.py").touch()
            path.write_text(text, encoding="utf-8")
        run.code = main(["check", "--project", ".", "--format", "json", *options])
        out, run.err = capsys.readouterr()
        run.report = json.loads(out)
        wanted = RULES.keys() - {"queue-without-sender"}
        found = [one for one in run.report["diagnostics"] if one["rule"] in wanted]
        run.found = found
        return [(_at(one), one["rule"], one["severity"]) for one in found]

    return run


def _at(one):
    """Return what a finding points at: `file:line:text`."""
    file, start, end = one["file"], one["start"], one["end"]
    if start is None:
        return file
    lines = Path(file).read_text("utf-8").split("\n")[start["line"] - 1 : end["line"]]
    if len(lines) == 1:
        lines[0] = lines[0][start["column"] - 1 : end["column"] - 1]
    else:
        lines[0] = lines[0][start["column"] - 1 :]
    return f"{file}:{start['line']}:{lines[0]}"


def test_all_is_well(check):
    topology = HEAD + '[[routes]]\ntask = "shop.tasks.*"\nqueue = "mails"\n'
    tasks = TASKS + "@shared_task\ndef mail(): ...\n"
    views = "from shop.tasks import mail\nmail.apply_async(queue='celery')\n"
    assert check(topology, tasks=tasks, views=views) == []
    assert check.code == OK


def test_tasks_and_routes(check):
    topology = HEAD + (
        '[[routes]]\ntask = ["shop.tasks.mail", "shop.task.news"]\nqueue = "mails"\n'
        '[[routes]]\ntask = "shop.reports.*"\nqueue = "mails"\n'
        '[[routes]]\ntask = "other.*"\nqueue = "mails"\n'
        '[[routes]]\ntask = { regex = "shop[.]tasks[.]x" }\nqueue = "mails"\n'
        '[[routes]]\ntask = "celery.chord_unlock"\nqueue = "mails"\n'
        '[[routes]]\ntask = "djcelery_email_send"\nqueue = "mails"\n'
        '[tasks."shop.tasks.gone"]\nqueue = "mails"\n'
    )
    tasks = TASKS + (
        "@shared_task(queue='celery')\ndef mail(): ...\n"
        "@shared_task(name='shop.tasks.news')\ndef late(): ...\n"
        "@shared_task(queue='nowhere')\ndef lost(): ...\n"
    )
    assert check(topology, tasks=tasks) == [
        ("shop/tasks.py:2:'celery'", "decorator-beats-route", "warning"),
        (
            "shop/tasks.py:4:shared_task(name='shop.tasks.news')",
            "task-without-route",
            "info",
        ),
        ("shop/tasks.py:6:'nowhere'", "unknown-queue-sent", "error"),
        ('topology.toml:9:"shop.task.news"', "route-without-task", "warning"),
        ('topology.toml:12:"shop.reports.*"', "route-without-task", "warning"),
        ('topology.toml:15:"other.*"', "route-without-task", "info"),
        ('topology.toml:18:{ regex = "shop[.]tasks[.]x" }', "route-without-task", "warning"),
        ('topology.toml:26:[tasks."shop.tasks.gone"]', "route-without-task", "warning"),
    ]
    assert "did you mean 'shop.tasks.news'?" in [one["help"] for one in check.found]
    beaten = check.found[0]
    assert [one["file"] for one in beaten["related"]] == ["topology.toml"]


def test_names_that_are_sent(check):
    topology = HEAD + (
        '[beat.schedule.a]\ntask = "shop.tasks.maill"\nevery = "1m"\n'
        '[beat.schedule.b]\ntask = "celery.backend_cleanup"\nevery = "1d"\n'
        '[beat.schedule.c]\ntask = "pkg.tasks.sync"\nevery = "1d"\n'
        '[workflows.w]\nchain = ["shop.tasks.mail", "shop.tasks.never"]\n'
    )
    tasks = TASKS + "@shared_task\ndef mail(): ...\n"
    views = (
        "from celery import signature\nfrom shop.celery import app\n"
        "QUEUE = 'mial'\n"
        "app.send_task('shop.tasks.mail', queue='mails')\n"
        "app.send_task('shop.jobs.mail', queue=QUEUE)\n"
        "signature('shop.tasks.mail', queue='mials')\n"
        "app.send_task('other.tasks.x', exchange='events')\n"
    )
    assert check(topology, tasks=tasks, views=views) == [
        ("shop/views.py:5:'shop.jobs.mail'", "unknown-task-sent", "warning"),
        ("shop/views.py:5:QUEUE", "unknown-queue-sent", "error"),
        ("shop/views.py:6:'mials'", "unknown-queue-sent", "error"),
        ("shop/views.py:7:'events'", "unknown-queue-sent", "error"),
        ('topology.toml:9:"shop.tasks.maill"', "unknown-task-sent", "warning"),
        ('topology.toml:18:"shop.tasks.never"', "unknown-task-sent", "warning"),
    ]
    assert check.found[0]["help"] == "did you mean 'shop.tasks.mail'?"
    assert check.found[2]["help"] == "did you mean 'mails'?"
    assert check.found[4]["help"] == "did you mean 'shop.tasks.mail'?"


def test_a_broadcast_task_that_retries(check):
    topology = HEAD.replace('"mails"]', '"mails", "all"]') + (
        "[queues.all]\nbroadcast = true\n"
        '[[routes]]\ntask = "shop.tasks.reload*"\nqueue = "all"\n'
        '[[routes]]\ntask = "*"\nqueue = "celery"\n'
    )
    tasks = TASKS + (
        "@shared_task(autoretry_for=(OSError,))\ndef reload_a(): ...\n"
        "@shared_task(bind=True)\ndef reload_b(self):\n    raise self.retry()\n"
        "@shared_task(autoretry_for=(OSError,), max_retries=0)\ndef reload_c(): ...\n"
        "@shared_task(autoretry_for=(OSError,))\ndef other(): ...\n"
    )
    assert check(topology, tasks=tasks) == [
        ("shop/tasks.py:2:(OSError,)", "broadcast-task-retries", "error"),
        ("shop/tasks.py:6:self.retry()", "broadcast-task-retries", "error"),
    ]


def test_bulk_calls(check):
    topology = HEAD + '[[routes]]\ntask = "shop.tasks.mail"\nqueue = "mails"\n'
    tasks = TASKS + "@shared_task\ndef mail(): ...\n@shared_task(queue='mails')\ndef own(): ...\n"
    views = (
        "from shop.tasks import mail, own\n"
        "mail.chunks([], 10).delay()\n"
        "mail.starmap([])\n"
        "own.map([])\n"
        "mail.chunks([], 10).apply_async(queue='mails')\n"
    )
    assert check(topology, tasks=tasks, views=views) == [
        ("shop/views.py:2:mail.chunks([], 10).delay()", "bulk-call-leaves-route", "warning"),
        ("shop/views.py:4:own.map([])", "bulk-call-leaves-route", "warning"),
    ]


def test_canvases(check):
    topology = HEAD.replace('backend = "redis"\nurl = "env:RESULTS"', 'backend = "rpc"')
    topology = topology.replace(', "mails"]', "]")
    tasks = TASKS + (
        "@shared_task(ignore_result=True)\ndef a(): ...\n"
        "@shared_task(queue='mails')\ndef b(): ...\n"
        "@shared_task\ndef c(): ...\n"
    )
    views = (
        "from celery import chain, chord\nfrom shop.tasks import a, b, c\n"
        "chord([a.s(), c.s()])(c.s())\n"
        "chain(c.s(), b.s())\n"
    )
    assert check(topology, tasks=tasks, views=views) == [
        # One decorator names a queue: what has neither one nor a route may be forgotten.
        ("shop/tasks.py:2:shared_task(ignore_result=True)", "task-without-route", "info"),
        ("shop/tasks.py:6:shared_task", "task-without-route", "info"),
        ("shop/views.py:3:chord([a.s(), c.s()])", "chord-in-code-without-backend", "error"),
        ("shop/views.py:3:a.s()", "chord-header-without-result", "error"),
        ("shop/views.py:4:b.s()", "canvas-through-unconsumed-queue", "warning"),
    ]


STATE = TASKS + "ROWS = []\n@shared_task\ndef work(x):\n    ROWS.append(x)\n"


@pytest.mark.parametrize(
    ("worker", "severity", "said"),
    [
        ('pool = "prefork"\nconcurrency = 4', "warning", "each process has its own"),
        ('pool = "prefork"', "warning", "each process has its own"),
        ('pool = "threads"\nconcurrency = 4', "warning", "race on it"),
        ('pool = "gevent"\nconcurrency = 100', "warning", "race on it"),
        ('pool = "eventlet"', "warning", "race on it"),
        ('pool = "solo"', "info", "fine as long as it is one process"),
        ('pool = "solo"\nreplicas = 2', "warning", "each process has its own"),
        ('pool = "prefork"\nconcurrency = 1', "info", "fine as long as it is one process"),
        ('pool = "threads"\nconcurrency = 1', "info", "fine as long as it is one process"),
    ],
)
def test_shared_state_by_pool(check, worker, severity, said):
    assert check(HEAD + worker, tasks=STATE) == [
        ("shop/tasks.py:5:ROWS.append(x)", "shared-state", severity)
    ]
    assert said in check.found[0]["message"]
    assert check.found[0]["related"][0]["file"] == "topology.toml"


def test_a_declared_lock_is_believed(check):
    declared = '[tasks."shop.tasks.work"]\nuses = ["rows"]\n[resources.rows]\nkind = "cache"\n'
    assert [one[1] for one in check(HEAD + declared, tasks=STATE)] == ["shared-state"]
    assert check(HEAD + declared + 'lock = "redis"\n', tasks=STATE) == []


def test_comments_waive(check):
    same = STATE.replace("append(x)", "append(x)  # qtopo: ignore[shared-state] a log")
    assert check(HEAD, tasks=same) == []
    assert check.report["summary"]["suppressed"] == 1
    above = STATE.replace("    ROWS.a", "    # qtopo: ignore[QT970]\n    ROWS.a")
    assert check(HEAD, tasks=above) == []
    other = STATE.replace("append(x)", "append(x)  # qtopo: ignore[unknown-task-sent]")
    assert len(check(HEAD, tasks=other)) == 1
    route = HEAD + '[[routes]]\n# qtopo: ignore[route-without-task]\ntask = "shop.x.*"\n'
    assert check(route + 'queue = "mails"\n', tasks=TASKS + "@shared_task\ndef a(): ...\n") == [
        ("shop/tasks.py:2:shared_task", "task-without-route", "info")
    ]
    assert not [one for one in check.report["diagnostics"] if one["rule"] == "unused-suppression"]


@pytest.mark.parametrize(
    ("lint", "options", "expected"),
    [
        ("", ["--select", "code"], ["warning"]),
        ("", ["--select", "QT97"], ["warning"]),
        ("", ["--select", "QT1"], []),
        ("", ["--ignore", "shared-state"], []),
        ('[lint]\nignore = ["QT970"]\n', [], []),
        ('[lint.severity]\nshared-state = "error"\n', [], ["error"]),
    ],
)
def test_rules_can_be_chosen(check, lint, options, expected):
    assert [one[2] for one in check(HEAD + lint, *options, tasks=STATE)] == expected


@pytest.mark.parametrize("format", ["full", "concise", "sarif", "github", "gitlab", "junit"])
def test_every_format_points_into_the_code(check, capsys, format):
    check(HEAD, tasks=STATE)
    assert main(["check", "--project", ".", "--format", format]) == OK
    out = capsys.readouterr().out
    assert "shop/tasks.py" in out
    if format == "full":
        assert "ROWS.append(x)" in out
    if format == "sarif":
        (result,) = json.loads(out)["runs"][0]["results"]
        assert result["ruleId"] == "QT970"
        location = result["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"] == "shop/tasks.py"
        assert location["region"] == {
            "startLine": 5,
            "startColumn": 5,
            "endLine": 5,
            "endColumn": 19,
        }


def test_columns_are_counted_in_characters(check):
    tasks = STATE.replace("    ROWS", '    "äöü€"; ROWS')
    assert check(HEAD, tasks=tasks)[0][0] == "shop/tasks.py:5:ROWS.append(x)"


def test_a_folder_that_is_none(check, capsys):
    Path("topology.toml").write_text(HEAD)
    assert main(["check", "--project", "missing"]) == CANNOT
    assert "is no folder" in capsys.readouterr().err


def test_a_broken_topology_is_held_against_nothing(check):
    assert check(HEAD + "quues = 1\n", tasks=STATE) == []
    assert check.code == NO


def test_without_tasks_nothing_is_said_of_them(check):
    topology = HEAD + '[beat.schedule.a]\ntask = "shop.x"\nevery = "1m"\n'
    assert check(topology, views="x = 1\n") == []


def test_the_page_describes_every_rule():
    page = (Path(__file__).parents[3] / "docs/code.md").read_text("utf-8")
    rows = re.findall(r"^\| \[([a-z-]+)\]\(rules/([a-z-]+)[.]md\) \| (\w+) \|", page, re.M)
    assert rows == [(name, name, one.severity) for name, one in RULES.items()]


def test_statistics_baseline_and_statuses(check, capsys):
    check(HEAD, tasks=STATE)
    assert main(["check", "--project", ".", "--statistics"]) == OK
    assert "shared-state" in capsys.readouterr().out
    assert main(["check", "--project", ".", "--fail-on", "warning"]) == NO
    assert main(["check", "--project", ".", "--write-baseline", "known.json"]) == OK
    capsys.readouterr()
    # Lines above move it; it is the same finding all the same.
    check("\n" + HEAD, "--baseline", "known.json", tasks="\n\n" + STATE)
    assert check.found == []
