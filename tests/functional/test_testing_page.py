"""docs/testing.md: its sessions are what `qtopo test` prints, and its tests run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qtopo.cli.main import NO, main
from qtopo.topology.tests import CaseCall, Expected

pytest_plugins = ["pytester"]

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


[FILE] = blocks("toml")
FIRST, SECOND = blocks("console")
TESTS, OWN_FILE = blocks("python")


def turned(text):
    """The file with its two routes the other way round."""
    found = re.findall(r"\[\[routes\]\]\n.*?\n\n", text, re.DOTALL)
    one, other = found
    return text.replace(one + other, other + one)


@pytest.mark.parametrize(("shown", "content"), [(FIRST, FILE), (SECOND, turned(FILE))])
def test_the_sessions_are_as_shown(tmp_path, monkeypatch, capsys, shown, content):
    monkeypatch.chdir(tmp_path)
    Path("topology.toml").write_text(content)
    command, _, printed = shown.partition("\n")
    program, *arguments = command.removeprefix("$ ").split()
    assert program == "qtopo"
    assert main(arguments) == NO
    assert capsys.readouterr() == (printed, "")


def test_the_tests_run(pytester):
    """Of the first file they find the same; of the mended one nothing."""
    plugin = ("-p", "qtopo.pytest_plugin", "-p", "no:cacheprovider")
    pytester.makefile(".toml", topology=FILE)
    pytester.makepyfile(TESTS)
    done = pytester.runpytest_inprocess(*plugin)
    done.assert_outcomes(passed=2, failed=2)
    done.stdout.fnmatch_lines(["E *queue is 'default', not 'emails': the route at routes[[]0[]]*"])
    pytester.makefile(".toml", topology=turned(FILE))
    pytester.runpytest_inprocess(*plugin).assert_outcomes(passed=4)


def test_a_fixture_names_the_file(pytester):
    (pytester.mkdir("deployment") / "topology.toml").write_text(turned(FILE))
    pytester.makepyfile(f"{OWN_FILE}\n\n{TESTS}")
    done = pytester.runpytest_inprocess("-p", "qtopo.pytest_plugin", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=4)


@pytest.mark.parametrize("model", [CaseCall, Expected])
def test_every_key_is_explained(model):
    explained = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.*?) \|", PAGE, re.M))))
    assert set(model.KEYS) <= explained
