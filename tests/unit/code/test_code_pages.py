"""The pages of the rules about code: their examples find that rule alone, or nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from qtopo.cli.catalogue import catalogue
from qtopo.cli.main import OK, main
from qtopo.code import pages
from qtopo.rules import page, registry
from qtopo.topology.code_rules import FAMILY, RULES
from qtopo.topology.finding import SEVERITIES
from qtopo.topology.shape import SHAPES

ENTRIES = {one.name: one for one in catalogue() if one.family == FAMILY}
BY_APP = "app-routes-otherwise"
"""Found in a loaded application only, which needs a process of its own."""


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Writes the files of an example and checks them; returns the rules that find something."""
    monkeypatch.chdir(tmp_path)

    def run(section, *options):
        (toml,) = page.blocks(section)
        Path("topology.toml").write_text(toml, encoding="utf-8")
        files = pages.files(section)
        assert len(files) == section.count("```python")
        for name, text in files.items():
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).with_name("__init__.py").touch()
            Path(name).write_text(text, encoding="utf-8")
        main(["check", "--format", "json", *options])
        return {one["rule"] for one in json.loads(capsys.readouterr().out)["diagnostics"]}

    return run


def test_every_rule_is_in_the_catalogue():
    assert ENTRIES.keys() == RULES.keys()
    others = {rule.name: rule.code for rule in registry.rules()}
    others |= {name: one.code for name, one in SHAPES.items()}
    assert not RULES.keys() & others.keys()
    codes = [one.code for one in RULES.values()]
    assert codes == [f"QT{number}" for number in range(960, 960 + len(codes))]
    assert not set(codes) & set(others.values())
    for name, one in RULES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
        assert one.severity in SEVERITIES
        assert one.summary.endswith(".")
        assert one.summary.count(". ") == 0


@pytest.mark.parametrize("name", RULES)
def test_a_page_is_whole(name):
    text = ENTRIES[name].content
    assert tuple(text.sections) == page.SECTIONS
    assert all(text.sections.values())
    assert text.summary == RULES[name].summary
    for heading in (page.VERSIONS, page.SOURCE):
        assert text.sections[heading].endswith(".")
    assert text.sections[page.EXAMPLE] != text.sections[page.INSTEAD]


@pytest.mark.parametrize("name", [name for name in RULES if name != BY_APP])
def test_the_example_is_found_by_this_rule_alone(name, check):
    assert check(ENTRIES[name].content.sections[page.EXAMPLE], "--project", ".") == {name}


@pytest.mark.parametrize("name", [name for name in RULES if name != BY_APP])
def test_the_same_made_right_is_clean(name, check):
    assert check(ENTRIES[name].content.sections[page.INSTEAD], "--project", ".") == set()


@pytest.mark.parametrize(("heading", "rules"), [(page.EXAMPLE, {BY_APP}), (page.INSTEAD, set())])
def test_the_example_of_an_application(heading, rules, check, tmp_path):
    check(ENTRIES[BY_APP].content.sections[heading])
    program = "import sys\nfrom qtopo.cli.main import main\nsys.exit(main(sys.argv[1:]))"
    command = ["check", "--app", "shop.celery:app", "--format", "json"]
    ran = subprocess.run(
        [sys.executable, "-c", program, *command], cwd=tmp_path, capture_output=True, timeout=60
    )
    found = json.loads(ran.stdout)["diagnostics"]
    assert {one["rule"] for one in found} == rules, ran.stderr


def test_machines_get_the_code_of_the_examples(capsys):
    assert main(["rule", "decorator-beats-route", "--format", "json"]) == OK
    value = json.loads(capsys.readouterr().out)
    assert value["docs"].endswith("/docs/rules/decorator-beats-route.md")
    assert value["example"] == value["use_instead"]
    assert "queue=" in value["example_code"]["shop/tasks.py"]
    assert "queue=" not in value["use_instead_code"]["shop/tasks.py"]


def test_the_schema_and_sarif_know_the_rules(capsys, tmp_path, monkeypatch):
    assert main(["schema"]) == OK
    lint = json.loads(capsys.readouterr().out)["$defs"]["Lint"]["properties"]
    assert RULES.keys() <= lint["severity"]["properties"].keys()
    assert {FAMILY, *RULES} <= set(lint["ignore"]["items"]["anyOf"][0]["enum"])
    monkeypatch.chdir(tmp_path)
    Path("topology.toml").write_text('[queues.celery]\n[workers.w]\nqueues = ["celery"]\n')
    assert main(["check", "--format", "sarif"]) == OK
    driver = json.loads(capsys.readouterr().out)["runs"][0]["tool"]["driver"]
    assert {one.code for one in RULES.values()} <= {one["id"] for one in driver["rules"]}
