"""Rules of the user's own: named in the file, installed, broken."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from qtopo.cli.main import CANNOT, NO, OK, main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/user-rules.md").read_text(encoding="utf-8")
CLEAN = '[queues.celery]\n[workers.main]\nqueues = ["celery"]\n'
RULE = """\
from qtopo.rules.base import Rule

class Everything(Rule):
    '''Whatever there is.'''
    name = "everything"
    code = "X001"
    severity = "warning"
    def check(self, context):
        yield self.finding("there is a worker", ("workers", "main"))

RULES = [Everything]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of its own; what is imported from it is forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith(("_qtopo_plugin", "our_")):
            del sys.modules[name]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.S | re.M)


def check(capsys, *options):
    code = main(["check", "--format", "json", *options])
    out, err = capsys.readouterr()
    return code, json.loads(out)["diagnostics"] if out else [], err


def plugin(rules, *, named='"./rules.py"', file="rules.py", text=CLEAN):
    Path(file).parent.mkdir(exist_ok=True)
    Path(file).write_text(dedent(rules))
    Path("topology.toml").write_text(f"[lint]\nplugins = [{named}]\n{text}")


def test_the_example_of_the_page(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    (code,) = blocks("python")
    topology, _ = blocks("toml")
    (session,) = blocks("console")
    command, _, expected = session.partition("\n")
    Path("lint_rules.py").write_text(code)
    Path("topology.toml").write_text(topology)
    assert main(command.split()[2:]) == OK
    assert capsys.readouterr().out == expected
    assert main(["rule", "queue-unowned"]) == OK
    page = capsys.readouterr().out
    assert "Family: user." in page
    assert "Whoever is on call finds a queue that grows" in page
    assert "`teams`" in page
    assert main(["rules"]) == OK
    listed = capsys.readouterr().out
    assert re.search(
        r"^user\n  X001 +warning +queue-unowned +A queue names no owner\.$", listed, re.M
    )
    assert main(["rule", "X001", "--format", "json"]) == OK
    assert json.loads(capsys.readouterr().out)["family"] == "user"


def test_its_options_are_checked(capsys):
    Path("lint_rules.py").write_text(blocks("python")[0])
    topology = blocks("toml")[0]
    Path("topology.toml").write_text(topology.replace("teams =", "taems ="))
    _, found, _ = check(capsys, "--select", "QT")
    assert [(one["rule"], one["help"]) for one in found] == [
        ("unknown-key", "did you mean 'teams'?")
    ]
    Path("topology.toml").write_text(topology.replace('"platform"', "7"))
    _, found, _ = check(capsys, "--select", "QT")
    (one,) = found
    assert one["path"] == ["lint", "rules", "queue-unowned", "teams", 1]


@pytest.mark.parametrize(
    ("options", "lint", "severities"),
    [
        ([], "", ["warning"]),
        (["--ignore", "X"], "", []),
        (["--ignore", "user"], "", []),
        (["--ignore", "X001"], "", []),
        (["--select", "QT"], "", []),
        (["--select", "everything"], "", ["warning"]),
        (["--no-plugins"], "", []),
        ([], 'severity.everything = "error"\n', ["error"]),
        (["--no-plugins"], 'severity.everything = "error"\n', []),
        ([], 'ignore = ["everything"]\n', []),
    ],
)
def test_they_obey(capsys, options, lint, severities):
    plugin(RULE, text=lint + CLEAN)
    code, found, _ = check(capsys, *options)
    assert [one["severity"] for one in found] == severities
    assert code == (NO if "error" in severities else OK)


def test_they_are_waived_by_comments(capsys):
    plugin(RULE, text=CLEAN.replace("[workers.main]", "[workers.main] # qtopo: ignore[X001]"))
    assert check(capsys)[:2] == (OK, [])
    assert check(capsys, "--no-plugins")[:2] == (OK, [])


def test_formats_that_describe_rules_describe_them(capsys):
    plugin(RULE)
    assert main(["check", "--format", "sarif"]) == OK
    run = json.loads(capsys.readouterr().out)["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    result = next(one for one in run["results"] if "X001" in json.dumps(one))
    assert "X001" in json.dumps(rules[result["ruleIndex"]])


@pytest.mark.parametrize(
    ("named", "file"),
    [
        ('"./rules.py"', "rules.py"),
        ('"rules.py:RULES"', "rules.py"),
        ('"lint/rules.py"', "lint/rules.py"),
        ('"our_rules"', "our_rules.py"),
        ('"our_rules:Everything"', "our_rules.py"),
        ('"our_lint.rules:RULES"', "our_lint/rules.py"),
        ('"our_rules", "our_rules:RULES"', "our_rules.py"),
    ],
)
def test_where_they_are_found(capsys, named, file):
    plugin(RULE, named=named, file=file)
    code, found, _ = check(capsys)
    assert (code, [one["rule"] for one in found]) == (OK, ["everything"])


def test_a_path_is_relative_to_the_file_that_names_it(capsys, folder, monkeypatch):
    plugin(RULE)
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    code, found, _ = check(capsys, "../topology.toml")
    assert (code, [one["rule"] for one in found]) == (OK, ["everything"])


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("", "it has no 'RULES'"),
        ("RULES = []", "it holds no rules"),
        ("RULES = 7", "it holds no rules"),
        ("RULES = [7]", "7 is no rule"),
        ("RULES = [int]", "<class 'int'> is no rule"),
        ("import no_such_module", "cannot be imported: ModuleNotFoundError"),
        ("raise SystemExit(3)", "cannot be imported: SystemExit: 3"),
        ("1 / 0", "cannot be imported: ZeroDivisionError"),
        ("(", "cannot be imported: SyntaxError"),
        (RULE.replace('"X001"', '"QT101"'), "Everything.code cannot be 'QT101'"),
        (RULE.replace('"X001"', '"E501"'), "Everything.code cannot be 'E501'"),
        (RULE.replace('"everything"', '"Every Thing"'), "Everything.name cannot be 'Every Thing'"),
        (RULE.replace('"everything"', "7"), "Everything.name cannot be 7"),
        (RULE.replace('    name = "everything"\n', ""), "Everything.name cannot be None"),
        (RULE.replace('"warning"', '"fatal"'), "Everything.severity cannot be 'fatal'"),
        (RULE.replace('"everything"', '"queue-unconsumed"'), "is there already: one of qtopo's"),
        (RULE.replace("def check", "def chekc"), "Everything has no method check"),
        (RULE.replace("def check", "options = {'a': 1}\n    def check"), "Everything.options"),
        (RULE.replace("def check", "options = 7\n    def check"), "Everything.options"),
        (RULE.replace("def check", "needs = 7\n    def check"), "Everything.needs"),
        (
            RULE.replace("RULES = [", "class Other(Everything):\n    pass\nRULES = [Other, "),
            "the rule 'everything' is there already",
        ),
    ],
)
def test_a_plugin_that_is_unusable_is_one_error_at_its_place(capsys, rules, message):
    plugin(rules, text='[lint.severity]\neverything = "error"\n' + CLEAN + "[queues.lonely]\n")
    code, found, _ = check(capsys)
    assert code == NO
    # The other rules run, and names that may be the plugin's are let pass.
    assert [one["rule"] for one in found] == ["plugin-unusable", "queue-unconsumed"]
    assert message in found[0]["message"]
    assert found[0]["start"] == {"line": 2, "column": 12}
    assert found[0]["path"] == ["lint", "plugins", 0]


@pytest.mark.parametrize(
    "body",
    ["1 / 0", "yield 7", "yield self.finding('x', 'workers')", "return 7", "yield ('x',) * 8"],
)
def test_a_rule_that_fails_hides_no_other(capsys, body):
    broken = RULE.replace('yield self.finding("there is a worker", ("workers", "main"))', body)
    plugin(broken, text=CLEAN + "[queues.lonely]\n")
    code, found, err = check(capsys)
    assert [one["rule"] for one in found] == ["queue-unconsumed"]
    assert code == CANNOT
    assert "rule everything failed on topology.toml; the other rules ran" in err
    assert "a fault of its plugin's" in err


def install(folder, monkeypatch, rules, target="our_rules:RULES"):
    """Put a distribution on the path, as pip leaves one."""
    site = folder / "site"
    info = site / "our_rules-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "our_rules.py").write_text(rules)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: our-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[qtopo.rules]\nours = {target}\n")
    monkeypatch.syspath_prepend(str(site))
    Path("topology.toml").write_text(CLEAN)


def test_an_installed_plugin_is_active(capsys, folder, monkeypatch):
    install(folder, monkeypatch, RULE)
    assert [one["rule"] for one in check(capsys)[1]] == ["everything"]
    assert check(capsys, "--ignore", "X001")[:2] == (OK, [])
    assert check(capsys, "--no-plugins")[:2] == (OK, [])
    assert main(["rules"]) == OK
    assert "X001" in capsys.readouterr().out
    # Named as well it is the same rule.
    Path("topology.toml").write_text('[lint]\nplugins = ["our_rules"]\n' + CLEAN)
    assert [one["rule"] for one in check(capsys)[1]] == ["everything"]


@pytest.mark.parametrize("rules", ["1 / 0", "", "RULES = []", RULE.replace("X001", "QT001")])
def test_an_installed_plugin_that_is_unusable(capsys, folder, monkeypatch, rules):
    install(folder, monkeypatch, rules)
    code, found, err = check(capsys)
    assert (code, found) == (CANNOT, [])
    assert "the installed plugin 'ours' is unusable: " in err
    assert "Traceback" not in err
    assert check(capsys, "--no-plugins")[:2] == (OK, [])


def test_commands_that_only_answer_run_no_plugin():
    plugin("open('ran', 'w').close()\n" + RULE)
    for command in (["route", "x"], ["workers"], ["graph", "-o", "-"], ["check", "--no-plugins"]):
        main(command)
    assert not Path("ran").exists()
    main(["check"])
    assert Path("ran").exists()


def test_looking_for_installed_plugins_imports_nothing_slow():
    Path("topology.toml").write_text(CLEAN)
    code = (
        "import sys; from qtopo.cli.main import main; main(['check']); "
        "sys.exit('importlib.metadata' in sys.modules or 'qtopo.rules.plugins' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
