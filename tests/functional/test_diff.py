"""`qtopo diff`: what it reads, what it prints, when it says no."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from qtopo.cli.main import CANNOT, NO, OK, main

PAGE = (Path(__file__).parents[2] / "docs" / "diff.md").read_text("utf-8")
TOPOLOGY = """\
include = ["teams/*.toml"]

[defaults]
queue = "default"

[broker]
url = "env:BROKER"

[queues.default]

[workers.main]
queues = ["default", "mail"]
concurrency = 4
"""
TEAM = """\
[queues.mail]

[[routes]]
task = "mail.*"
queue = "mail"

[tasks."mail.send"]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "teams").mkdir()
    (tmp_path / "topology.toml").write_text(TOPOLOGY)
    (tmp_path / "teams" / "mail.toml").write_text(TEAM)
    return tmp_path


@pytest.fixture
def git(folder):
    """A repository with one commit that holds the files."""

    def run(*words):
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("init", "-q", ".")
    run("config", "user.email", "a@example.org")
    run("config", "user.name", "A")
    run("add", ".")
    run("commit", "-qm", "one")
    return run


@pytest.fixture
def diff(capsys):
    def run(*arguments):
        code = main(["diff", *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def write(file, *pairs):
    text = file.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


def test_a_file_does_not_differ_from_itself(folder, diff):
    code, out, err = diff("topology.toml", "topology.toml")
    assert (code, err) == (OK, "")
    assert re.fullmatch(r"topology.toml (→|->) topology.toml: no change\n", out)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (("concurrency = 4", "concurrency = 5"), {"any": NO}),
        (("concurrency = 4", "prefetch_multiplier = 1"), {"any": NO}),
        (("[queues.default]", "[queues.new]\nparking = true\n[queues.default]"), {"any": NO}),
        (('["default", "mail"]', '["default"]'), dict.fromkeys(("any", "breaking"), NO)),
    ],
)
def test_exit_codes(folder, diff, change, codes):
    old = folder / "old.toml"
    old.write_text(TOPOLOGY)
    write(folder / "topology.toml", change)
    breaking = codes.get("breaking", OK)
    assert diff("old.toml", "topology.toml")[0] == breaking
    assert diff("old.toml", "topology.toml", "--fail-on", "breaking")[0] == breaking
    assert diff("old.toml", "topology.toml", "--fail-on", "workers-first")[0] == breaking
    assert diff("old.toml", "topology.toml", "--fail-on", "any")[0] == NO
    assert diff("old.toml", "topology.toml", "--fail-on", "never")[0] == OK


def test_workers_first_is_no_reason_to_fail_unless_told(folder, diff):
    (folder / "old.toml").write_text(TOPOLOGY)
    write(
        folder / "topology.toml",
        ('"mail"]', '"mail", "reports"]'),
        (
            "[queues.default]",
            '[queues.default]\n[queues.reports]\n[tasks.build]\nqueue = "reports"',
        ),
    )
    assert diff("old.toml", "topology.toml")[0] == OK
    assert diff("old.toml", "topology.toml", "--fail-on", "workers-first")[0] == NO


def test_json(folder, diff):
    (folder / "old.toml").write_text(TOPOLOGY)
    write(folder / "topology.toml", ("[queues.default]", "[queues.default]\nmax_priority = 5"))
    code, out, _ = diff("old.toml", "topology.toml", "--format", "json")
    content = json.loads(out)
    assert code == NO
    assert (content["format_version"], content["old"], content["new"]) == (
        1,
        "old.toml",
        "topology.toml",
    )
    assert content["changes"] == [
        {
            "class": "recreate",
            "kind": "queue",
            "name": "default",
            "what": "changed",
            "key": "max_priority",
            "old": None,
            "new": 5,
            "why": "RabbitMQ answers 406 PRECONDITION_FAILED to who declares it otherwise",
            "side": "new",
            "path": ["queues", "default", "max_priority"],
            "file": "topology.toml",
            "start": {"line": 10, "column": 16},
        }
    ]
    assert content["tasks"] == []
    assert [(one["step"], one["what"]) for one in content["rollout"]] == [(1, "recreate")]
    assert content["summary"] == {
        "strands": 0,
        "duplicates": 0,
        "recreate": 1,
        "workers-first": 0,
        "restart": 0,
        "harmless": 0,
        "breaking": 1,
    }


def test_what_is_gone_is_shown_where_it_stood(folder, diff):
    (folder / "old.toml").write_text(TOPOLOGY + "[queues.gone]\nparking = true\n")
    _, out, _ = diff("old.toml", "topology.toml", "--format", "json")
    gone = json.loads(out)["changes"][0]
    assert (gone["what"], gone["side"], gone["file"]) == ("removed", "old", "old.toml")
    assert gone["start"] == {"line": 14, "column": 1}


def test_with_an_environment_both_have_the_overlay(folder, diff):
    (folder / "old.toml").write_text(TOPOLOGY)
    overlay = "[environments.staging]\nqueues.default.max_length = {}\n"
    (folder / "old.toml").write_text(TOPOLOGY + overlay.format(5))
    (folder / "topology.toml").write_text(TOPOLOGY + overlay.format(6))
    assert diff("old.toml", "topology.toml")[0] == OK
    code, out, _ = diff("old.toml", "topology.toml", "--env", "staging", "--format", "json")
    (change,) = json.loads(out)["changes"]
    assert (code, change["old"], change["new"]) == (NO, 5, 6)


def test_a_broken_file_is_told_of_as_by_other_commands(folder, diff):
    (folder / "old.toml").write_text("queue = 5\n")
    code, out, err = diff("old.toml", "topology.toml")
    assert (code, out) == (NO, "")
    assert "old.toml:1:1" in err


@pytest.mark.parametrize(
    "arguments",
    [(), ("topology.toml",), ("one", "two", "three"), ("missing.toml", "topology.toml")],
)
def test_what_cannot_be_compared(folder, diff, arguments):
    code, out, err = diff(*arguments)
    assert (code, out) == (CANNOT, "")
    assert err.startswith("qtopo: error: ")


def test_secrets_are_not_shown(folder, diff):
    settings = '[settings]\nredis_password = "{0}-key"\nbroker_login_method = "x{0}"\n'
    worker = '[workers.main.env]\nAPI_TOKEN = "{0}-key"\nURL = "amqp://me:{0}-key@host//"\n'
    for name, word in (("old.toml", "hush"), ("topology.toml", "quiet")):
        (folder / name).write_text(TOPOLOGY + worker.format(word) + settings.format(word))
    for format in ("text", "json", "markdown"):
        _, out, _ = diff("old.toml", "topology.toml", "--format", format)
        assert "broker_login_method" in out.replace("\\", "")
        assert "-key" not in out


def test_hostile_names_drive_nothing(folder, diff):
    name = "<img src=x>|`@team` $(touch x) [a](b)"
    (folder / "old.toml").write_text(TOPOLOGY)
    text = f'[queues."{name}"]\n[[routes]]\ntask = "a.*"\nqueue = "{name}"\n'
    (folder / "topology.toml").write_text(TOPOLOGY + text)
    for format in ("text", "json", "markdown"):
        _, out, _ = diff("old.toml", "topology.toml", "--format", format, "--color", "never")
        assert "\x1b" not in out
    assert "<img" not in out
    rows = [line for line in out.splitlines() if line.startswith("|")]
    assert rows
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 5


def test_commands_survive_hostile_names(folder, diff):
    name = 'it\'s \\"$(touch x)\\" 🐰'
    text = f'[queues."{name}"]\nexchange = "events"\nrouting_key = "a.#"\n'
    events = '[exchanges.events]\ntype = "topic"\n'
    (folder / "old.toml").write_text(TOPOLOGY + events + text)
    (folder / "topology.toml").write_text(TOPOLOGY + events)
    _, out, _ = diff("old.toml", "topology.toml", "--format", "json")
    commands = [line for one in json.loads(out)["rollout"] for line in one["commands"]]
    written = [line for line in commands if "queue_delete" in line]
    assert written
    for line in written:
        program, option, code = shlex.split(line)
        assert (program, option) == ("python", "-c")
        call = code.rsplit(".queue_delete(", 1)[1].removesuffix(")")
        assert eval(f"dict(name={call})")["name"] == 'it\'s "$(touch x)" 🐰'


# Against a revision.


def test_a_revision_is_read_with_its_includes(folder, git, diff):
    write(folder / "teams" / "mail.toml", ("[queues.mail]", "[queues.mail]\nmax_length = 5"))
    code, out, _ = diff("--against", "HEAD", "--format", "json")
    content = json.loads(out)
    assert (code, content["old"]) == (NO, "HEAD:topology.toml")
    assert [(one["file"], one["key"]) for one in content["changes"]] == [
        ("teams/mail.toml", "max_length")
    ]


def test_what_a_revision_had_is_placed_there(folder, git, diff):
    (folder / "teams" / "mail.toml").unlink()
    write(folder / "topology.toml", ('"default", "mail"', '"default"'))
    _, out, _ = diff("topology.toml", "--against", "HEAD", "--format", "json")
    gone = [one for one in json.loads(out)["changes"] if one["kind"] == "queue"]
    assert [(one["file"], one["start"]["line"]) for one in gone] == [("HEAD:teams/mail.toml", 1)]


def test_a_revision_knows_nothing_of_newer_files(folder, git, diff):
    (folder / "teams" / "more.toml").write_text("[queues.more]\nparking = true\n")
    _, out, _ = diff("--against", "HEAD", "--format", "json")
    assert [(one["what"], one["name"]) for one in json.loads(out)["changes"]] == [("added", "more")]


def test_links_and_deep_globs_are_those_of_the_revision(folder, git, diff):
    (folder / "conf" / "a" / "b").mkdir(parents=True)
    (folder / "conf" / "a" / "b" / "deep.toml").write_text("[queues.deep]\nparking = true\n")
    (folder / "real.toml").write_text(TOPOLOGY.replace("teams/*.toml", "a/**/*.toml"))
    (folder / "conf" / "linked.toml").symlink_to("../real.toml")
    git("add", ".")
    git("commit", "-qm", "two")
    (folder / "conf" / "a" / "b" / "deep.toml").write_text("[queues.other]\nparking = true\n")
    _, out, _ = diff("conf/linked.toml", "--against", "HEAD", "--format", "json")
    content = json.loads(out)
    assert content["old"] == "HEAD:conf/linked.toml"
    assert [(one["what"], one["old"], one["new"]) for one in content["changes"]] == [
        ("renamed", "deep", "other")
    ]


def test_a_revision_is_found_from_a_folder_below(folder, git, diff, monkeypatch):
    monkeypatch.chdir(folder / "teams")
    code, out, _ = diff("--against", "HEAD")
    assert (code, out.count("no change")) == (OK, 1)


def test_a_broken_revision_is_told_of_with_its_own_names(folder, git, diff):
    write(folder / "teams" / "mail.toml", ("[queues.mail]", "[queues.mail]\nnonsense = 5"))
    git("commit", "-qam", "two")
    (folder / "teams" / "mail.toml").write_text(TEAM)
    code, out, err = diff("--against", "HEAD")
    assert (code, out) == (NO, "")
    assert "HEAD:teams/mail.toml:2" in err
    assert diff("--against", "HEAD~1")[0] == OK


@pytest.mark.parametrize(
    ("revision", "words"),
    [("nope", "no revision 'nope'"), ("", "no revision ''"), ("HEAD:teams", "no revision")],
)
def test_an_unknown_revision(folder, git, diff, revision, words):
    code, out, err = diff("--against", revision)
    assert (code, out) == (CANNOT, "")
    assert words in err


def test_an_option_is_no_revision(folder, git, diff):
    code, _, err = diff("--against=--output=x")
    assert code == CANNOT
    assert "no revision" in err
    assert not (folder / "x").exists()


def test_a_file_that_the_revision_did_not_have(folder, git, diff):
    (folder / "new.toml").write_text(TOPOLOGY)
    code, _, err = diff("new.toml", "--against", "HEAD")
    assert code == CANNOT
    assert "'new.toml' is not in 'HEAD'" in err


def test_outside_of_a_repository(folder, diff, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    code, _, err = diff("--against", "HEAD")
    assert code == CANNOT
    assert "not a git repository" in err


def test_an_include_that_leaves_the_repository(folder, git, diff):
    write(folder / "topology.toml", ('"teams/*.toml"', '"../elsewhere.toml"'))
    git("commit", "-qam", "two")
    (folder / "topology.toml").write_text(TOPOLOGY)
    code, _, err = diff("--against", "HEAD")
    assert code == CANNOT
    assert "outside of the repository" in err


def test_nothing_of_the_repository_runs(folder, git, diff):
    git("config", "core.fsmonitor", f"touch {folder}/ran-fsmonitor; false")
    git("config", "diff.evil.textconv", f"touch {folder}/ran-textconv; cat")
    git("config", "filter.evil.smudge", f"touch {folder}/ran-smudge; cat")
    git("config", "core.pager", f"touch {folder}/ran-pager; cat")
    (folder / ".gitattributes").write_text("*.toml diff=evil filter=evil\n")
    assert diff("--against", "HEAD")[0] == OK
    assert not list(folder.glob("ran-*"))


# The page.


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_session_of_the_page_is_as_shown(tmp_path):
    for name, text in zip(("old.toml", "new.toml"), blocks("toml"), strict=True):
        (tmp_path / name).write_text(text)
    (block,) = blocks("console")
    command = re.match(r"\$ (.*)\n", block)[1]
    program, *arguments = shlex.split(command)
    assert program == "qtopo"
    done = subprocess.run(
        [sys.executable, "-m", "qtopo", *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"},
    )
    assert done.returncode == NO
    assert block == f"$ {command}\n{done.stdout}"
