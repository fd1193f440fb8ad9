"""`qtopo rule` and `qtopo rules`: the pages of the rules, for people and for machines."""

from __future__ import annotations

import json
import re

import pytest

from qtopo.cli.main import CANNOT, OK, main
from qtopo.cli.reading import render
from qtopo.rules import page, registry
from qtopo.topology.code_rules import RULES
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
    assert value["docs"].endswith(f"/docs/rules/{name}.md")
    if name in SHAPES:
        assert value["family"] == "shape"
        assert value["why"]
    else:
        assert value["summary"] in " ".join(value["markdown"].split())
        assert value["why"]
        assert value["versions"]
        assert value["source"]
        assert value["example"] != value["use_instead"]


def test_rules_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    everything = {rule.name: rule.code for rule in registry.rules()}
    everything |= {name: one.code for name, one in (SHAPES | RULES).items()}
    assert main(["rules", "--format", "json"]) == OK
    value = json.loads(capsys.readouterr().out)
    assert value["format_version"] == 1
    for one in value["rules"]:
        assert list(one) == ["name", "code", "severity", "family", "summary", "docs"]
        assert all(one.values())
    assert {one["name"]: one["code"] for one in value["rules"]} == everything
    assert [one["code"] for one in value["rules"]] == sorted(everything.values())
    assert main(["rules"]) == OK
    lines = capsys.readouterr().out.splitlines()
    listed = {line.split()[2]: line.split()[0] for line in lines if line.startswith("  QT")}
    assert listed == everything


def test_rules_of_one_family(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--family", "beat", "--format", "json"]) == OK
    found = json.loads(capsys.readouterr().out)["rules"]
    assert [one["name"] for one in found] == [
        rule.name for rule in registry.rules() if page.family(rule) == "beat"
    ]
    assert main(["rules", "--family", "shape"]) == OK
    listed = [line.split()[2] for line in capsys.readouterr().out.splitlines()[1:]]
    assert set(listed) == SHAPES.keys()
    assert main(["rules", "--family", "queus"]) == CANNOT
    assert "did you mean 'queues'?" in capsys.readouterr().err
    assert main(["rules", "--family", "x"]) == CANNOT
    assert "shape, references, settings" in capsys.readouterr().err


@pytest.mark.parametrize("name", [rule.name for rule in registry.rules()])
@pytest.mark.parametrize("width", [24, 60, 200])
def test_a_page_is_wrapped_and_its_code_is_not(
    name: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["rule", name]) == OK
    shown = capsys.readouterr().out
    assert "```" not in shown
    assert "\x1b" not in shown
    code = [line for line in shown.splitlines() if line.startswith("    ")]
    for line in shown.splitlines():
        fits = len(line) <= min(width, 88) or len(line.split()) <= 2
        assert fits or line in code or line.startswith("#"), line
    rule = next(one for one in registry.rules() if one.name == name)
    for block in page.blocks(page.read(rule).markdown):
        for line in block.splitlines():
            assert not line or f"    {line}" in code
    # Nothing but marks, fences and line ends is lost on the way.
    words = " ".join(shown.split())
    for section in page.read(rule).sections.values():
        prose = re.sub(r"^```.*?^```$", "", section, flags=re.M | re.S)
        for paragraph in prose.split("\n\n"):
            assert " ".join(paragraph.split()) in words


def test_colour_shows_headings_and_headers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert main(["rule", "queue-unconsumed"]) == OK
    plain = capsys.readouterr().out
    assert main(["rule", "queue-unconsumed", "--color", "always"]) == OK
    colored = capsys.readouterr().out
    assert "\x1b[1mWhy is this bad?\x1b[0m" in colored
    assert "\x1b[1;36m[queues" in colored
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert stripped == re.sub(r"^#+ ", "", plain, flags=re.M)


def test_options_are_shown_before_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    from qtopo.rules.base import Option
    from qtopo.topology.kinds import Items, Number, Text

    rule = next(one for one in registry.rules() if one.name == "queue-unconsumed")
    options = {
        "most": Option(Number(1), "How many.", 3),
        "names": Option(Items(Text()), "Which.", ("a", "b")),
        "free": Option(Text(), "Anything."),
    }
    monkeypatch.setattr(rule, "options", options)
    text = page.complete(rule)
    assert (
        "\n## Options\n\nUnder `[lint.rules.queue-unconsumed]`:\n\n"
        "- `most`, by default `3`. How many.\n"
        '- `names`, by default `["a", "b"]`. Which.\n'
        "- `free`, by default not set. Anything.\n\n## Versions\n"
    ) in text
    shown = render(text, width=30, color=False)
    assert "- `most`, by default `3`. How\n  many.\n" in shown


def test_a_page_cannot_act_on_the_terminal() -> None:
    shown = render(
        "# a\x1b[2J\n\nb\u202ec\n\n- d\x07\n\n```toml\ne\x9b\n```", width=80, color=False
    )
    assert shown.replace("\n", "").isprintable()
    assert render("", width=0, color=True) == ""
