"""`qtopo schema` knows every option of every rule, as `qtopo check` reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator as Validator

from qtopo.cli.main import main
from qtopo.rules import registry

if TYPE_CHECKING:
    from pathlib import Path

SOUND = '[queues.celery]\n[workers.main]\nqueues = ["celery"]\n'
OPTIONS = [(rule, name) for rule in registry.rules() for name in rule.options]


@pytest.fixture
def schema(capsys: pytest.CaptureFixture[str]) -> Any:
    assert main(["schema"]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_option_is_described(schema: Any) -> None:
    described = schema["$defs"]["Lint"]["properties"]["rules"]["properties"]
    assert described.keys() == {rule.name for rule, _ in OPTIONS}
    assert len(OPTIONS) >= 10
    for rule, name in OPTIONS:
        of_rule = described[rule.name]
        assert of_rule["description"]
        assert of_rule["properties"].keys() == rule.options.keys()
        option = of_rule["properties"][name]
        assert option["description"] == rule.options[name].doc != ""
        assert option.keys() & {"type", "anyOf", "enum"}, (rule.name, name)
        default = rule.options[name].default
        # What is off unless it is set has no default: TOML cannot say "none".
        assert ("default" in option) is (default is not None)
        if default is not None:
            assert not list(Validator(option).iter_errors(option["default"]))
        lint = {"lint": {"rules": {rule.name: {name: option.get("default", [{}])}}}}
        assert bool(list(Validator(schema).iter_errors(lint))) is (default is None)


@pytest.mark.parametrize(("rule", "name"), OPTIONS, ids=lambda one: getattr(one, "name", one))
def test_check_and_schema_refuse_the_same(
    schema: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], rule: Any, name: str
) -> None:
    file = tmp_path / "topology.toml"
    for key, value in ((name, "{}"), (f"{name}x", "1")):
        file.write_text(f"{SOUND}[lint.rules.{rule.name}]\n{key} = {value}\n")
        assert main(["check", str(file), "--format", "json"]) == 1
        (one,) = json.loads(capsys.readouterr().out)["diagnostics"]
        assert one["path"] == ["lint", "rules", rule.name, key]
        given = {"lint": {"rules": {rule.name: {key: {} if value == "{}" else 1}}}}
        assert list(Validator(schema).iter_errors(given))


def test_an_unknown_rule_is_found_by_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "topology.toml"
    name = OPTIONS[0][0].name[:-1]
    file.write_text(f"{SOUND}[lint.rules.{name}]\nx = 1\n")
    assert main(["check", str(file), "--format", "json"]) == 1
    (one,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert one["path"] == ["lint", "rules", name]
    assert OPTIONS[0][0].name in one["help"]
