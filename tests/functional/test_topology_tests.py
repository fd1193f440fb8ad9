"""`qtopo test`: what it runs, shows and answers."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from qtopo.cli.main import CANNOT, NO, OK, main

FILE = """\
[queues.celery]

[queues.emails]

[[routes]]
task = "shop.emails.*"
queue = "emails"

[workers.main]
queues = ["celery", "emails"]

[[tests]]
name = "mail has a queue of its own"
task = ["shop.emails.send", "shop.emails.receipt"]
expect = { queue = "emails", exactly_once = true }

[[tests]]
task = "shop.ping"
call = { priority = 3 }
expect = { queue = "emails" }

[environments.merged]
routes = []
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs `qtopo test` on a text in a folder of its own; returns the exit code and the output."""
    monkeypatch.chdir(tmp_path)

    def run(text, *options):
        Path("topology.toml").write_text(text, encoding="utf-8")
        code = main(["test", *options])
        out, run.err = capsys.readouterr()
        return code, out

    return run


def test_a_line_for_each_and_the_reasons_with_their_place(run):
    assert run(FILE) == (
        NO,
        """\
ok      mail has a queue of its own [shop.emails.send]
ok      mail has a queue of its own [shop.emails.receipt]
FAILED  shop.ping (priority 3)
        topology.toml:17:1: queue is 'celery', not 'emails': no route matches, so it is the \
default queue; to 'emails' leads routes[0] ('shop.emails.*')
1 failed, 2 passed
""",
    )
    assert run.err == ""


def test_all_pass(run):
    code, out = run(FILE, "-k", "mail has")
    assert (code, out.splitlines()[-1]) == (OK, "2 passed")


def test_the_task_is_named_where_the_name_does_not(run):
    code, out = run(FILE.replace("call =", 'name = "alive"\ncall ='), "-k", "alive")
    assert (code, out.splitlines()[0]) == (NO, "FAILED  alive: shop.ping")


def test_the_overlay_that_is_named_counts(run):
    code, out = run(FILE, "--env", "merged")
    assert code == NO
    assert out.splitlines()[-1] == "3 failed (in environment 'merged')"


@pytest.mark.parametrize(
    ("patterns", "count"),
    [
        (["ping"], 1),
        (["PING"], 1),
        (["own [shop.emails.s"], 1),
        (["shop.emails"], 2),
        (["shop.*"], 3),
        (["*receipt"], 1),
        (["emails*"], 0),
        (["mail ha?"], 0),
        (["*[shop.emails.send]"], 1),
        (["ping", "receipt"], 2),
        (["ping", "no such test"], 1),
    ],
)
def test_some_are_chosen(run, patterns, count):
    options = [one for pattern in patterns for one in ("-k", pattern)]
    code, out = run(FILE, "--format", "json", *options)
    if count:
        assert len(json.loads(out)["tests"]) == count
    else:
        assert (code, out) == (CANNOT, "")


def test_none_that_matches_is_no_success(run):
    assert run(FILE, "-k", "nothing") == (CANNOT, "")
    assert "no test of topology.toml matches -k 'nothing'" in run.err
    assert "it has 'mail has a queue of its own [shop.emails.send]'" in run.err


@pytest.mark.parametrize("form", ["text", "json", "junit"])
def test_a_file_without_tests_is_no_success(run, form):
    assert run("[queues.celery]\n", "--format", form) == (CANNOT, "")
    assert "topology.toml has no tests\n  help: a [[tests]] table says" in run.err


def test_json(run):
    code, out = run(FILE, "--format", "json")
    report = json.loads(out)
    assert code == NO
    assert report["format_version"] == 1
    assert report["summary"] == {"passed": 2, "failed": 1}
    assert report["tests"][1] == {
        "name": "mail has a queue of its own [shop.emails.receipt]",
        "task": "shop.emails.receipt",
        "passed": True,
        "reasons": [],
        "file": "topology.toml",
        "path": ["tests", 0],
        "start": {"line": 12, "column": 1},
        "end": {"line": 12, "column": 10},
        "environment": None,
    }
    assert report["tests"][2]["passed"] is False
    assert report["tests"][2]["path"] == ["tests", 1]
    [reason] = report["tests"][2]["reasons"]
    assert reason.startswith("queue is 'celery', not 'emails'")


def test_junit(run):
    code, out = run(FILE, "--format", "junit")
    root = ET.fromstring(out)
    assert code == NO
    assert (root.get("tests"), root.get("failures")) == ("3", "1")
    [suite] = root
    assert suite.get("name") == "topology.toml"
    first, _, failed = suite
    assert first.attrib == {
        "name": "mail has a queue of its own [shop.emails.send]",
        "classname": "shop.emails.send",
        "file": "topology.toml",
        "line": "12",
    }
    assert list(first) == []
    [failure] = failed
    assert failure.get("message").startswith("queue is 'celery', not 'emails'")
    assert failure.text.startswith("topology.toml:17:1: queue is")


HOSTILE = "\u202e<b>\"&' 🐰 ]]>"


@pytest.mark.parametrize("form", ["text", "json", "junit"])
def test_names_are_written_out(run, form):
    name = json.dumps(HOSTILE, ensure_ascii=False)
    code, out = run(
        f"[queues.celery]\n[workers.w]\nqueues = ['celery']\n"
        f"[[tests]]\nname = {name}\ntask = {name}\nexpect = {{ queue = {name} }}\n",
        "--format",
        form,
    )
    assert code == NO
    if form == "json":
        assert json.loads(out)["tests"][0]["name"] == HOSTILE
        return
    assert "\u202e" not in out
    if form == "junit":
        [case] = ET.fromstring(out)[0]
        assert case.get("name") == HOSTILE.replace("\u202e", "\\u202e")


def test_what_looks_like_a_secret_is_masked(run):
    _, out = run(FILE.replace("mail has", "amqp://shop:s3cret@mq has"))
    assert "s3cret" not in out
    assert "amqp://shop:******@mq has a queue of its own [shop.emails.send]" in out


def test_colour_only_where_it_is_wanted(run):
    assert "\x1b" not in run(FILE)[1]
    assert "\x1b[1;31mFAILED\x1b[0m" in run(FILE, "--color", "always")[1]


def test_a_broken_file_is_no_answer(run):
    assert run(FILE + '[[tests]]\ntask = "a"\n') == (NO, "")
    assert "tests[2] needs 'expect'" in run.err


def test_errors_of_rules_are_said_and_do_not_stop_it(run):
    code, _ = run(FILE + "[queues.lonely]\n", "-k", "mail")
    assert code == OK
    assert "topology.toml has 1 error, so this may not be what runs" in run.err


def test_those_of_included_files_are_shown_with_their_place(run):
    Path("team.toml").write_text('\n[[tests]]\ntask = "a"\nexpect = { queue = "emails" }\n')
    _, out = run('include = ["team.toml"]\n' + FILE, "-k", "a", "--format", "json")
    last = json.loads(out)["tests"][-1]
    assert (last["file"], last["path"], last["start"]["line"]) == ("team.toml", ["tests", 2], 2)


SHOP = Path(__file__).parents[2] / "topologies" / "shop.toml"


@pytest.mark.parametrize("options", [[], ["--env", "development"]])
def test_those_of_the_example_pass(options, capsys):
    assert main(["test", "-t", str(SHOP), *options]) == OK
    assert capsys.readouterr().err == ""
