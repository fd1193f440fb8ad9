"""`qtopo check`: which rules run, how severe they are, what is passed over."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from qtopo.cli.main import CANNOT, NO, OK, main
from qtopo.topology.shape import SHAPES
from running import Running

ROOT = Path(__file__).parents[2]
TWO = """\
[queues.celery]

[queues.lonely]

[queues.lost]

[workers.main]
queues = ["celery", "celery"]
"""
"""Two errors queue-unconsumed (QT113, references) and one warning worker-queue-twice (QT116)."""


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Checks a text in a folder of its own; returns exit code, findings (line, rule, severity)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QTOPO_TOPOLOGY", raising=False)

    def run(text, *options, files=()):
        for name, content in dict(files).items():
            Path(name).write_text(content, encoding="utf-8")
        Path("topology.toml").write_text(text, encoding="utf-8")
        code = main(["check", "--format", "json", *options])
        out, run.err = capsys.readouterr()
        run.report = json.loads(out) if out else {"diagnostics": []}
        return code, [
            (one["start"]["line"], one["rule"], one["severity"])
            for one in run.report["diagnostics"]
        ]

    return run


LONELY = (3, "queue-unconsumed", "error")
LOST = (5, "queue-unconsumed", "error")
TWICE = (8, "worker-queue-twice", "warning")


def test_all_rules_without_options(check):
    assert check(TWO) == (NO, [LONELY, LOST, TWICE])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--select", "queue-unconsumed"], [LONELY, LOST]),
        (["--select", "QT113"], [LONELY, LOST]),
        (["--select", "QT11"], [LONELY, LOST, TWICE]),
        (["--select", "references"], [LONELY, LOST, TWICE]),
        (["--select", "QT2,QT3", "--select", "timing"], []),
        (["--select", "timing,worker-queue-twice"], [TWICE]),
        (["--ignore", "queue-unconsumed"], [TWICE]),
        (["--ignore", "QT113", "--ignore", "worker-queue-twice"], []),
        (["--ignore", "QT1"], []),
        (["--ignore", "references"], []),
        (["--ignore", "QT2"], [LONELY, LOST, TWICE]),
        # The closest name counts.
        (["--select", "QT1", "--ignore", "QT113"], [TWICE]),
        (["--ignore", "references", "--select", "QT113"], [LONELY, LOST]),
        (["--select", "QT113", "--ignore", "QT113"], []),
    ],
)
def test_choosing_rules(check, options, expected):
    code, found = check(TWO, *options)
    assert found == expected
    assert code == (NO if any(one[2] == "error" for one in expected) else OK)


@pytest.mark.parametrize("option", ["--select", "--ignore"])
@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("queue-unconsmued", "did you mean 'queue-unconsumed'?"),
        ("referenecs", "did you mean 'references'?"),
        ("QT999", None),
        ("qt", None),
        ("*", "`qtopo rules` lists them all"),
    ],
)
def test_a_rule_that_is_none(check, option, word, hint):
    code, found = check(TWO, option, word)
    assert (code, found) == (CANNOT, [])
    assert f"no rule, code or family is called {word!r}" in check.err
    assert hint is None or hint in check.err


@pytest.mark.parametrize("word", ["unknown-key", "QT004", "QT00"])
def test_errors_of_shape_are_never_ignored(check, word):
    broken = TWO.replace("[queues.lost]", "[queues.lost]\nnope = 1")
    code, _ = check(broken, "--ignore", word)
    assert code == CANNOT
    assert "error of shape" in check.err
    # A start of a code that other rules have too: these are ignored, and no more.
    for wide in ("QT", "QT0", "shape"):
        assert (6, "unknown-key", "error") in check(broken, "--ignore", wide)[1]
    assert (6, "unknown-key", "error") in check(broken, "--select", "timing")[1]
    comment = broken.replace("nope = 1", "nope = 1  # qtopo: ignore[unknown-key]")
    assert (6, "unknown-key", "error") in check(comment)[1]


def test_a_warning_of_shape_can_be_ignored(check):
    text = 'include = ["teams/*.toml"]\n' + TWO
    assert SHAPES["include-without-match"].severity == "warning"
    assert (1, "include-without-match", "warning") in check(text)[1]
    assert check(text, "--ignore", "include-without-match,references") == (OK, [])


def test_lint_in_the_topology(check):
    lint = '[lint]\nselect = ["references"]\nignore = ["QT113"]\n'
    assert check(lint + TWO) == (OK, [(11, "worker-queue-twice", "warning")])
    severity = '[lint.severity]\nqueue-unconsumed = "info"\nreferences = "error"\n'
    found = [(6, "queue-unconsumed", "info"), (8, "queue-unconsumed", "info")]
    assert check(severity + TWO) == (NO, [*found, (11, "worker-queue-twice", "error")])
    off = '[lint]\nseverity = { references = "off", worker-queue-twice = "info" }\n\n'
    assert check(off + TWO) == (OK, [(11, "worker-queue-twice", "info")])


def test_the_command_line_beats_the_file_which_beats_pyproject(check):
    project = '[tool.qtopo.lint]\nignore = ["queue-unconsumed"]\n'
    project += '[tool.qtopo.lint.severity]\nworker-queue-twice = "info"\n'
    files = {"pyproject.toml": project}
    assert check(TWO, files=files) == (OK, [(8, "worker-queue-twice", "info")])
    file = '[lint]\nselect = ["QT1"]\nseverity = { worker-queue-twice = "error" }\n\n'
    assert check(file + TWO)[1] == [
        (7, "queue-unconsumed", "error"),
        (9, "queue-unconsumed", "error"),
        (12, "worker-queue-twice", "error"),
    ]
    assert check(file + TWO, "--select", "QT116")[1] == [(12, "worker-queue-twice", "error")]
    assert check(file + TWO, "--ignore", "QT116")[1] == [
        (7, "queue-unconsumed", "error"),
        (9, "queue-unconsumed", "error"),
    ]


def test_pyproject_is_found_in_a_folder_above(check, tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text('[tool.qtopo.lint]\nignore = ["QT113"]\n')
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text('[tool.other]\nqtopo = "no lint"\n')
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert check(TWO) == (OK, [TWICE])


@pytest.mark.parametrize(
    ("lint", "line", "column", "rule", "message", "help"),
    [
        ('select = ["QT1", "queue-unconsmued"]', 2, 18, "invalid-value", "no rule", "unconsumed'?"),
        ('ignore = ["wrong-type"]', 2, 11, "invalid-value", "error of shape", "mended"),
        ('severity = { qeue-unconsumed = "off" }', 2, 14, "invalid-value", "no rule", "queue-un"),
        ('severity = { unknown-key = "off" }', 2, 14, "invalid-value", "error of shape", "mended"),
        ('severity = { QT113 = "eror" }', 2, 22, "invalid-value", "cannot be 'eror'", "'error'?"),
        ("severity = { QT113 = 3 }", 2, 22, "wrong-type", "takes a string", None),
        ('ignroe = ["QT1"]', 2, 1, "unknown-key", "unknown key 'ignroe'", "'ignore'?"),
        ('select = "QT1"', 2, 10, "wrong-type", "takes a list of names", None),
        (
            "rules.name-unconventional.queus = 'x'",
            *(2, 27, "unknown-key", "has no option 'queus'", "'queues'?"),
        ),
        (
            "rules.worker-too-many-queues.max = 'x'",
            *(2, 36, "wrong-type", "takes a whole number, not a string", None),
        ),
        (
            "rules.worker-too-many-queue.max = 1",
            *(2, 7, "invalid-value", "no rule", "'worker-too-many-queues'?"),
        ),
        ("rules.queue-unconsumed.max = 1", 2, 7, "invalid-value", "has no options", None),
        ('plugins = ["./none.py"]', 2, 12, "plugin-unusable", "there is no file 'none.py'", None),
        ('plugins = ["qtopo_none"]', 2, 12, "plugin-unusable", "No module named", "install it"),
    ],
)
@pytest.mark.parametrize("place", ["topology.toml", "pyproject.toml"])
def test_wrong_decisions_have_places(check, place, lint, line, column, rule, message, help):
    clean = '[queues.celery]\n[workers.main]\nqueues = ["celery"]\n'
    if place == "topology.toml":
        code, found = check(f"[lint]\n{lint}\n{clean}")
    else:
        code, found = check(clean, files={place: f"[tool.qtopo.lint]\n{lint}\n"})
    assert (code, found) == (NO, [(line, rule, "error")])
    (one,) = check.report["diagnostics"]
    assert (one["file"], one["start"]["column"]) == (place, column)
    assert message in one["message"]
    assert help is None or help in one["help"]


def test_what_is_wrong_with_pyproject_is_said_once_for_all_files(check):
    files = {"pyproject.toml": '[tool.qtopo.lint]\nignore = ["nope"]\n', "b.toml": TWO}
    _, found = check(TWO, "topology.toml", "b.toml", files=files)
    assert [one for one in found if one[1] == "invalid-value"] == [(2, "invalid-value", "error")]


def test_lint_belongs_to_the_main_file(check):
    files = {"more.toml": '[lint]\nignore = ["QT1"]\n'}
    _, found = check('include = ["more.toml"]\n' + TWO, files=files)
    assert (1, "misplaced-table", "error") in found
    _, found = check(TWO + '[environments.x.lint]\nignore = ["QT1"]\n')
    assert (9, "unknown-key", "error") in found


def test_emit_follows_the_same_decisions(check, capsys):
    assert check(TWO)[0] == NO
    assert main(["emit", "-"]) == NO
    Path("pyproject.toml").write_text('[tool.qtopo.lint]\nignore = ["queue-unconsumed"]\n')
    capsys.readouterr()
    assert main(["emit", "-"]) == OK


@pytest.mark.parametrize("level", ["error", "warning", "info"])
def test_fail_on(check, level):
    text = '[lint.severity]\nQT113 = "off"\n' + TWO
    assert check(text, "--fail-on", level)[0] == (OK if level == "error" else NO)


def test_comments(check):
    text = """\
# qtopo: ignore[queue-unconsumed] the whole table, and those in it
[queues.a]
[queues.a.slo]
wait = "1s"

[queues.b]  # qtopo: ignore[QT113] this line

# qtopo: ignore[queue-unconsumed] the line below,
# other comments or not
[queues.c]
description = "# qtopo: ignore[queue-unconsumed]"
[queues.d]

[queues.celery]

[workers.main]
queues = [
  "celery",
  # qtopo: ignore[worker-unknown-queue]
  "x",
  "y",
]  # qtopo: ignore[worker-queue-twice]
"""
    code, found = check(text)
    assert found == [
        (12, "queue-unconsumed", "error"),
        (21, "worker-unknown-queue", "error"),
        (22, "unused-suppression", "warning"),
    ]
    assert code == NO
    assert check.report["summary"]["suppressed"] == 4


def test_comments_in_included_files_and_environments(check):
    files = {"more.toml": "[queues.lonely] # qtopo: ignore[QT113]\n[queues.celery]\n"}
    text = """\
include = ["more.toml"]
[workers.main]
queues = ["celery"]
[environments.staging]
workers.main.queues = ["celery", "nope"]  # qtopo: ignore[worker-unknown-queue]
"""
    assert check(text, files=files) == (OK, [])
    assert check.report["summary"]["suppressed"] == 2
    # With one environment alone not all is known that could be waived.
    text += "[environments.other]\n"
    assert check(text, "--env", "other") == (OK, [])


def test_a_rule_that_does_not_run_leaves_its_comments_alone(check):
    text = "[queues.celery]  # qtopo: ignore[queue-unconsumed]\n[workers.a]\nqueues = ['celery']\n"
    assert check(text)[1] == [(1, "unused-suppression", "warning")]
    assert check(text, "--ignore", "QT113") == (OK, [])
    assert check(text, "--ignore", "unused-suppression") == (OK, [])
    both = text.replace("[queue-unconsumed]", "[queue-unconsumed, unused-suppression]")
    assert check(both) == (OK, [])


def test_baseline(check, tmp_path):
    assert check(TWO, "--write-baseline", "known.json")[0] == OK
    assert check(TWO, "--baseline", "known.json") == (OK, [])
    # Lines move, and routes above move those below.
    moved = "# more\n\n" + TWO + "[queues.new]\n"
    code, found = check(moved, "--baseline", "known.json", "--fail-on", "warning")
    assert (code, found) == (NO, [(11, "queue-unconsumed", "error")])
    assert check.report["summary"] == {"error": 1, "warning": 0, "info": 0, "suppressed": 0}
    one, two = (f'[[routes]]\ntask = "{name}.*"\nqueue = "nope"\n' for name in "ab")
    check(TWO + one, "--write-baseline", "known.json")
    assert len(check(TWO + two + one, "--baseline", "known.json")[1]) == 1
    # From another folder it is the same file.
    content = Path("known.json").read_text()
    assert str(tmp_path) not in content
    assert json.loads(content)["format_version"] == 1
    check(TWO, "--write-baseline", "known.json")
    before = Path("known.json").read_bytes()
    check("\n" + TWO, "--write-baseline", "known.json", "--baseline", "known.json")
    assert Path("known.json").read_bytes() == before


def test_a_baseline_never_hides_errors_of_shape(check):
    broken = TWO + "nope = 1\n"
    code, found = check(broken, "--write-baseline", "known.json")
    assert (code, found) == (NO, [(9, "unknown-key", "error")])
    assert not Path("known.json").exists()
    check(TWO, "--write-baseline", "known.json")
    known = json.loads(Path("known.json").read_text())
    one = check(broken)[1] and check.report["diagnostics"][-1]
    known["findings"].append({key: one[key] for key in ("rule", "file", "path", "message")})
    Path("known.json").write_text(json.dumps(known))
    assert (9, "unknown-key", "error") in check(broken, "--baseline", "known.json")[1]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"format_version": 1}',
        '{"format_version": 1, "findings": [1]}',
        "\xff",
    ],
)
def test_a_baseline_that_is_none(check, content):
    Path("known.json").write_bytes(content.encode("latin-1"))
    assert check(TWO, "--baseline", "known.json")[0] == CANNOT
    assert "known.json" in check.err
    assert "--write-baseline" in check.err


def test_statistics_for_people_and_machines(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("topology.toml").write_text(TWO)
    assert main(["check", "--statistics"]) == NO
    assert capsys.readouterr().out == (
        "2  QT113  error    queue-unconsumed\n1  QT116  warning  worker-queue-twice\n"
    )
    assert main(["check", "--statistics", "--format", "json"]) == NO
    assert json.loads(capsys.readouterr().out) == {
        "format_version": 1,
        "statistics": [
            {"rule": "queue-unconsumed", "code": "QT113", "severity": "error", "count": 2},
            {"rule": "worker-queue-twice", "code": "QT116", "severity": "warning", "count": 1},
        ],
        "summary": {"error": 2, "warning": 1, "info": 0, "suppressed": 0},
    }
    assert main(["check", "--statistics", "--format", "sarif"]) == CANNOT
    assert main(["check", "--watch", "--format", "json"]) == CANNOT
    assert main(["check", "--watch", "--write-baseline", "x"]) == CANNOT


def test_watch(tmp_path):
    main_file, more = tmp_path / "topology.toml", tmp_path / "more.toml"
    main_file.write_text('include = ["mor*.toml"]\n' + TWO)
    more.write_text("")
    command = [sys.executable, "-u", "-m", "qtopo", "check", "--watch", "--format", "concise"]
    run = Running(tmp_path, command, cwd=tmp_path)
    try:
        run.until(lambda: run.out.count("watching") == 1)
        assert run.out.count("queue-unconsumed") == 2
        more.write_text("[queues.third]\n")
        run.until(lambda: run.out.count("watching") == 2)
        assert "'third'" in run.out
        # Broken for a moment, and a new file that the pattern matches.
        main_file.write_text("[")
        run.until(lambda: "invalid-toml" in run.out)
        main_file.write_text(
            'include = ["mor*.toml"]\n[queues.celery]\n[workers.a]\nqueues = ["celery"]\n'
        )
        run.until(lambda: run.out.count("watching") == 4)
        (tmp_path / "more2.toml").write_text("[queues.fourth]\n")
        run.until(lambda: "'fourth'" in run.out)
        shown = run.out.count("watching")
        # Nothing that changes the answer: the screen is left alone.
        main_file.write_text(main_file.read_text() + "# a comment\n")
        more.write_text(more.read_text())
        time.sleep(1)
        assert run.out.count("watching") == shown
        main_file.unlink()
        run.until(lambda: "cannot read" in run.out or "cannot read" in run.err)
        run.signal(signal.SIGINT)
        assert run.wait() == OK
        assert "Traceback" not in run.err
    finally:
        run.process.kill()
        run.wait()


def test_the_page_about_it_is_true(check):
    """The blocks of docs/linting.md are read without an error, and its names exist."""
    page = (ROOT / "docs/linting.md").read_text(encoding="utf-8")
    lint, comments = re.findall(r"```toml\n(.*?)```", page, re.S)
    rest = '[queues.celery]\n[workers.main]\nqueues = ["celery"]\n'
    assert check(lint + rest) == (OK, [])
    _, found = check(comments + rest)
    assert {one[1] for one in found} == {"unused-suppression"}  # QT301 has nothing to waive
    for command in re.findall(r"^\$ (qtopo check.*)$", page, re.M):
        assert main(command.split()[1:]) == OK


def test_the_python_api_obeys_the_topology():
    import qtopo
    from qtopo.topology.lint import Lint
    from qtopo.topology.queues import Queue
    from qtopo.topology.topology import Topology
    from qtopo.topology.workers import Worker

    parts = {
        "queues": {"celery": Queue(), "lonely": Queue()},
        "workers": {"main": Worker(queues=("celery",))},
    }
    assert [one.rule for one in qtopo.check(Topology(**parts))] == ["queue-unconsumed"]
    assert qtopo.check(Topology(**parts, lint=Lint(ignore=("QT113",)))) == []
    wrong = qtopo.check(Topology(**parts, lint=Lint(select=("QT113x",))))
    assert [one.rule for one in wrong] == ["invalid-value"]


def test_fixes_obey_too(check):
    text = '[defaults]\nqueue = "celry"\n' + TWO.replace('"celery", "celery"', '"celery"')
    code, found = check(text, "--select", "default-queue-undeclared", "--fix")
    assert (code, found) == (OK, [])
    fixed = Path("topology.toml").read_text()
    assert 'queue = "celery"' in fixed
    assert check(text, "--ignore", "QT1", "--fix") == (OK, [])
    assert Path("topology.toml").read_text() == text
    assert main(["check", "--diff"]) == NO
    assert Path("topology.toml").read_text() == text
