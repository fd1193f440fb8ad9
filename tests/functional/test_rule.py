"""`qtopo rule` and `qtopo rules`: the pages of the rules, for people and for machines."""

from __future__ import annotations

import json

import pytest

from qtopo.cli.main import CANNOT, OK, main
from qtopo.rules import registry
from qtopo.topology.shape import SHAPES


def test_a_rule_by_name_and_by_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "route-unknown-queue"]) == OK
    by_name = capsys.readouterr().out
    assert by_name.startswith("# route-unknown-queue (QT101)\n\nSeverity: error.")
    assert "\n## Why is this bad?\n" in by_name
    assert "\n## Use instead\n" in by_name
    for word in ("QT101", "qt101", "Route-Unknown-Queue"):
        assert main(["rule", word]) == OK
        assert capsys.readouterr().out == by_name


def test_an_error_of_shape_has_a_page_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "unknown-key"]) == OK
    assert SHAPES["unknown-key"].summary in capsys.readouterr().out


def test_a_rule_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "route-unknown-queu"]) == CANNOT
    out, err = capsys.readouterr()
    assert out == ""
    assert "no rule 'route-unknown-queu'" in err
    assert "did you mean 'route-unknown-queue'?" in err


@pytest.mark.parametrize("name", [rule.name for rule in registry.rules()] + list(SHAPES))
def test_json_of_every_rule(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", name, "--format", "json"]) == OK
    value = json.loads(capsys.readouterr().out)
    assert value["format_version"] == 1
    assert value["name"] == name
    assert value["docs"].endswith(f"#{name}")
    if name in SHAPES:
        assert (value["family"], value["example"]) == ("shape", None)
    else:
        assert value["summary"] in " ".join(value["markdown"].split())
        assert value["why"]
        assert value["example"] != value["use_instead"]


def test_rules_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    everything = {rule.name: rule.code for rule in registry.rules()}
    everything |= {name: one.code for name, one in SHAPES.items()}
    assert main(["rules", "--format", "json"]) == OK
    value = json.loads(capsys.readouterr().out)
    assert value["format_version"] == 1
    assert {one["name"]: one["code"] for one in value["rules"]} == everything
    assert [one["code"] for one in value["rules"]] == sorted(everything.values())
    assert main(["rules"]) == OK
    lines = capsys.readouterr().out.splitlines()
    listed = {line.split()[2]: line.split()[0] for line in lines if line.startswith("  QT")}
    assert listed == everything
