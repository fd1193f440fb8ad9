"""Every rule: registered, named and numbered, documented by examples that run, tested by a page."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import mdtest
import pytest

import qtopo.rules
from qtopo import source
from qtopo.rules import engine, page, registry
from qtopo.rules.base import Rule
from qtopo.topology.finding import SEVERITIES
from qtopo.topology.shape import SHAPES

if TYPE_CHECKING:
    from types import ModuleType

HERE = Path(__file__).parent
RANGES = {
    "references": range(100, 150),
    "settings": range(150, 200),
    "routing": range(200, 300),
    "queues": range(300, 400),
    "transport": range(400, 500),
    "workers": range(500, 600),
    "timing": range(600, 650),
    "delayed": range(650, 700),
    "canvas": range(700, 750),
    "beat": range(750, 800),
    "isolation": range(800, 850),
    "conventions": range(950, 960),
    "capacity": range(850, 900),
    "operations": range(900, 950),
    "platforms": range(980, 1000),
}
RULES = registry.rules()
BY_NAME = {rule.name: rule for rule in RULES}
PAGES = sorted(HERE.glob("*/*.md"))
CASES = [
    pytest.param(path, case, id=f"{path.parent.name}/{path.stem}:{case.line}")
    for path in PAGES
    for case in mdtest.cases(path.read_text("utf-8"))
]


def families() -> list[ModuleType]:
    return [
        import_module(f"qtopo.rules.{one.name}")
        for one in iter_modules(qtopo.rules.__path__)
        if one.ispkg
    ]


def modules(family: ModuleType) -> list[ModuleType]:
    return [import_module(f"{family.__name__}.{one.name}") for one in iter_modules(family.__path__)]


def classes(module: ModuleType) -> list[type[Rule]]:
    """Return the rules that a module defines."""
    return [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Rule) and one.__module__ == module.__name__
    ]


@pytest.mark.parametrize(("path", "case"), CASES)
def test_page(path: Path, case: mdtest.Case, tmp_path: Path) -> None:
    expected = mdtest.expectations(case.toml)
    known = BY_NAME.keys() | SHAPES.keys()
    assert not [one.rule for one in expected if one.rule not in known], "a marker of no rule"
    wrong = mdtest.differences(expected, mdtest.check(case.toml, tmp_path, case.files))
    shown = f"{path.parent.name}/{path.name}:{case.line} {case.name}"
    assert not wrong, "\n".join([shown, *wrong, case.toml])


@pytest.mark.parametrize(("path", "case"), CASES)
def test_a_family_left_out_had_nothing_to_say(
    path: Path, case: mdtest.Case, tmp_path: Path
) -> None:
    """The registry leaves out families that a topology does not need: they find nothing in it."""
    loaded = source.read(str(mdtest.write(case.toml, tmp_path, case.files)))
    needed = engine.run(loaded.topology, loaded.findings)
    whole = engine.run(loaded.topology, loaded.findings, RULES)
    assert needed == whole


@pytest.mark.parametrize("family", families(), ids=lambda one: one.__name__)
def test_every_class_is_registered(family: ModuleType) -> None:
    defined = {one for module in modules(family) for one in classes(module)}
    assert defined == set(family.RULES)
    assert list(family.RULES) == sorted(family.RULES, key=lambda one: one.code)


def test_every_family_is_registered() -> None:
    assert {one for family in families() for one in family.RULES} == set(RULES)
    assert len(set(RULES)) == len(RULES)
    assert {family.__name__.split(".")[-1] for family in families()} == RANGES.keys()


def test_names_and_codes_are_unique() -> None:
    names = [rule.name for rule in RULES] + list(SHAPES)
    codes = [rule.code for rule in RULES] + [one.code for one in SHAPES.values()]
    assert sorted(names) == sorted(set(names))
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_one_rule_one_file(rule: type[Rule]) -> None:
    module = import_module(rule.__module__)
    snake = rule.name.replace("-", "_")
    assert rule.__module__.split(".")[-1] == snake
    assert rule.__name__ == snake.title().replace("_", "")
    assert classes(module) == [rule]
    assert re.fullmatch(r"[a-z]+[a-z0-9]*(-[a-z0-9]+)*", rule.name)
    assert re.fullmatch(r"QT\d{3}", rule.code)
    assert int(rule.code[2:]) in RANGES[page.family(rule)]
    assert rule.severity in SEVERITIES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_docstring_is_a_page(rule: type[Rule]) -> None:
    text = page.read(rule)
    assert tuple(text.sections) == page.SECTIONS
    assert all(text.sections.values())
    assert text.summary.endswith(".")
    assert text.summary.count(". ") == 0, "the summary is one sentence"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_page_says_for_whom_it_is_and_how_it_is_known(rule: type[Rule]) -> None:
    versions, known = (page.read(rule).sections[one] for one in (page.VERSIONS, page.SOURCE))
    for text in (versions, known):
        assert text.endswith("."), text
        assert "```" not in text
        # What a reader cannot look up is no source.
        assert not re.search(r"\bfacts\b|§|(^|\s)[/~]\w", text), text
    for reference in re.findall(r"\S*#\S*", known):
        assert re.fullmatch(r"(issue )?[\w.-]+(/[\w.-]+)?#\d+[.,;:)]*", reference), reference


def test_every_family_says_what_it_is_about() -> None:
    about = page.families()
    assert about.keys() == RANGES.keys()
    assert all(10 < len(text) < 120 and text.endswith(".") for text in about.values())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_example_triggers_this_rule_alone(rule: type[Rule], tmp_path: Path) -> None:
    for number, toml in enumerate(_blocks(rule, page.EXAMPLE)):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = mdtest.check(toml, folder)
        assert {one.rule for one in found} == {rule.name}, found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_use_instead_is_clean(rule: type[Rule], tmp_path: Path) -> None:
    for number, toml in enumerate(_blocks(rule, page.INSTEAD)):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert mdtest.check(toml, folder) == []


def _blocks(rule: type[Rule], heading: str) -> list[str]:
    blocks = page.blocks(page.read(rule).sections[heading])
    assert blocks, f"no toml block under {heading!r}"
    return blocks


def test_a_page_for_each_rule_and_a_rule_for_each_page() -> None:
    pages = {(path.parent.name, path.stem) for path in PAGES}
    rules = {(page.family(rule), rule.name) for rule in RULES}
    assert pages == rules


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_page_has_both_kinds_of_tests(rule: type[Rule]) -> None:
    """A rule that says nothing, or always something, must not pass."""
    path = HERE / page.family(rule) / f"{rule.name}.md"
    markers = [
        {one.rule for one in mdtest.expectations(case.toml)}
        for case in mdtest.cases(path.read_text("utf-8"))
    ]
    assert any(rule.name in one for one in markers)
    assert any(rule.name not in one for one in markers)


@pytest.mark.parametrize("name", SHAPES)
def test_the_page_of_an_error_of_shape(name: str, tmp_path: Path) -> None:
    text = page.shape(name)
    assert tuple(text.sections) in ((page.WHY,), (page.WHY, page.EXAMPLE, page.INSTEAD))
    assert text.summary == SHAPES[name].summary
    (tmp_path / "instead").mkdir()
    for toml in page.blocks(text.sections.get(page.EXAMPLE, "")):
        assert {one.rule for one in mdtest.check(toml, tmp_path)} == {name}
    for toml in page.blocks(text.sections.get(page.INSTEAD, "")):
        assert mdtest.check(toml, tmp_path / "instead") == []


def test_what_one_file_can_show_has_an_example() -> None:
    without = {name for name in SHAPES if page.EXAMPLE not in page.shape(name).sections}
    assert without == {
        "invalid-toml",
        "not-utf8",
        "unreadable-file",
        "duplicate-name",
        "include-missing",
        "include-without-match",
        "include-cycle",
        "misplaced-table",
        "plugin-unusable",
    }
