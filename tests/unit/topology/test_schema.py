"""The JSON Schema accepts what the reader accepts in shape, and says what every key is.

`UNSAID` lists what JSON Schema cannot say. Everything else of the literate pages
and of mutated topologies is judged alike by both.
"""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomli
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from schema_cases import ACCEPTED, REFUSED

from qtopo import source
from qtopo.cli.main import OK, main
from qtopo.rules import page, registry
from qtopo.rules.base import Option
from qtopo.source import environments, includes
from qtopo.topology import code_rules
from qtopo.topology.common import NAMES
from qtopo.topology.finding import ERROR
from qtopo.topology.kinds import Number
from qtopo.topology.schema import NOT_IN_OVERLAYS, json_schema
from qtopo.topology.shape import SHAPES
from qtopo.topology.topology import Topology
from rules import mdtest
from strategies import HOSTILE, topologies

ROOT = Path(__file__).parents[3]
PAGES = sorted(ROOT.glob("tests/rules/*/*.md"))

UNSAID = {
    "invalid-toml": "no JSON value stands for it",
    "not-utf8": "no JSON value stands for it",
    "unreadable-file": "a fact of the disk",
    "duplicate-name": "over several files",
    "include-missing": "a fact of the disk",
    "include-without-match": "a fact of the disk",
    "include-cycle": "over several files",
    "misplaced-table": "`qtopo schema --included` says it of one file",
    "plugin-unusable": "a fact of what is installed",
    "near-miss-overlay": "compares names",
    "typo-in-overlay": "compares names",
}
"""Shapes that no schema of one file can judge, with the reason."""

UNSAID_VALUES = (
    ("no regular expression", "only `format`, which is a note to most tools"),
    ("finer than one", "a product of number and unit"),
    ("more than a hundred years", "a product of number and unit"),
    ("more than 64 bits", "a product of number and unit"),
    ("nested too deep", "the depth of free values and of workflows"),
    ("not a finite number", "JSON has none"),
    ("it is a number", "JSON has no nan"),
    ("does not fit 64 bits", "numbers within free values"),
    ("date or time", "JSON has none"),
    ("takes a whole number, not a number", "1.0 is a whole number to JSON Schema"),
)
"""Parts of messages of the reader about what a schema cannot say of a value."""


def ecma_pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Any:
    r"""Judge as ECMA 262 does: `$` is the end, where Python allows a line end behind it."""
    if isinstance(value, str) and not re.search(re.sub(r"\$(?=$|\))", r"\\Z", pattern), value):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": ecma_pattern})


@cache
def validator(included: bool = False) -> Any:
    schema = json_schema(includes.MAIN_ONLY if included else ())
    Validator.check_schema(schema)
    return Validator(schema)


def refusals(data: Any, *, included: bool = False) -> list[str]:
    return [one.message for one in validator(included).iter_errors(data)]


def unsaid(finding: Any) -> bool:
    return finding.rule in UNSAID or any(part in finding.message for part, _ in UNSAID_VALUES)


def tables(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"Topology": schema, **schema["$defs"]}


# What it says of the keys


def test_every_key_is_described_and_has_an_example():
    for name, table in tables(json_schema()).items():
        assert table["description"], name
        assert table["additionalProperties"] is False, name
        for key, one in table["properties"].items():
            where = f"{name}.{key}"
            assert one["description"], where
            refers = "$ref" in one or "$ref" in one.get("additionalProperties", {})
            assert refers or one["examples"], where


def test_examples_and_defaults_are_what_the_key_takes():
    schema = json_schema()
    checked = 0
    for name, table in tables(schema).items():
        for key, one in table["properties"].items():
            for value in (*one.get("examples", ()), *(one[w] for w in ("default",) if w in one)):
                errors = list(Validator({**one, "$defs": schema["$defs"]}).iter_errors(value))
                assert not errors, (name, key, value)
                checked += 1
    assert checked > 150


def test_examples_are_of_keys_that_exist():
    from qtopo.topology.schema_examples import EXAMPLES

    found = tables(json_schema())
    for name, keys in EXAMPLES.items():
        assert not keys.keys() - found[name]["properties"].keys() - {"description", "owner"}, name


def test_defaults_are_those_of_the_model():
    definitions = json_schema()["$defs"]
    assert definitions["Worker"]["properties"]["pool"]["default"] == "prefork"
    assert definitions["Queue"]["properties"]["durable"]["default"] is True
    assert definitions["Beat"]["properties"]["replicas"]["default"] == 1
    assert "default" not in definitions["Worker"]["properties"]["queues"]


def test_patterns_are_read_alike_everywhere():
    """Neither looking around nor classes of Unicode: editors use Rust's and ECMA's engines."""
    patterns = re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', json.dumps(json_schema()))
    assert len(set(patterns)) > 10
    for one in map(json.loads, patterns):
        assert not re.search(r"\(\?(?!:)|\\[dDwWpPbBAZz]|\\u[dD][89a-fA-F]", one), one
        re.compile(one)


# What it accepts and refuses


@pytest.mark.parametrize(
    "file", sorted(ROOT.glob("topologies/**/*.toml")), ids=lambda one: one.stem
)
def test_it_accepts_every_example(file: Path):
    if file.name == "pyproject.toml":
        pytest.skip("no topology")
    assert refusals(tomli.loads(file.read_text("utf-8"))) == []


@pytest.mark.parametrize("rule", registry.rules(), ids=lambda rule: rule.name)
def test_it_accepts_the_blocks_of_the_pages(rule: Any):
    for block in page.blocks(page.read(rule).markdown):
        assert refusals(tomli.loads(block)) == []


BLOCKS = [
    pytest.param(case, id=f"{path.stem}:{case.line}")
    for path in PAGES
    for case in mdtest.cases(path.read_text("utf-8"))
]


@pytest.mark.parametrize("case", BLOCKS)
def test_it_judges_the_blocks_of_the_tests_as_the_reader_does(case: mdtest.Case, tmp_path: Path):
    loaded = source.read(str(mdtest.write(case.toml, tmp_path, case.files)))
    found = list(loaded.findings)
    for name in environments.names(tomli.loads(case.toml)):
        found += source.read(str(tmp_path / "topology.toml"), name).findings
    shapes = [one for one in found if one.severity == ERROR and one.rule in SHAPES]
    sayable = [one for one in shapes if not unsaid(one)]
    files = {"topology.toml": case.toml, **case.files}
    refused = [
        message
        for name, text in files.items()
        for message in refusals(tomli.loads(text), included=name != "topology.toml")
    ]
    if sayable:
        assert refused, sayable
    elif not any(one.rule == "misplaced-table" for one in shapes):
        assert not refused


@pytest.mark.parametrize("toml", REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses(toml: str, tmp_path: Path):
    assert refusals(tomli.loads(toml))
    assert reader_refuses(toml, tmp_path), "the reader takes it"


@pytest.mark.parametrize("toml", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_it_accepts(toml: str, tmp_path: Path):
    assert refusals(tomli.loads(toml)) == []
    assert not reader_refuses(toml, tmp_path), "the reader refuses it"


def reader_refuses(toml: str, folder: Path) -> list[Any]:
    """Return the errors of shape of a file and each of its overlays."""
    file = folder / "topology.toml"
    file.write_text(toml, encoding="utf-8")
    found = list(source.read(str(file)).findings)
    for name in environments.names(tomli.loads(toml)):
        found += source.read(str(file), name).findings
    return [one for one in found if one.severity == ERROR]


@pytest.mark.parametrize("table", includes.MAIN_ONLY)
def test_an_included_file_has_no_table_of_the_main_file(table: str, capsys: Any):
    assert refusals({table: {}}) == []
    assert refusals({table: {}}, included=True)
    assert refusals({"queues": {"a": {}}, "include": []}, included=True) == []
    assert main(["schema", "--included"]) == OK
    assert json.loads(capsys.readouterr().out) == json_schema(includes.MAIN_ONLY)


def test_the_command_adds_the_rules_and_their_options(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    rule = registry.rules()[0]
    options = {"most": Option(Number(1), "How many.", 3), "names": Option(NAMES, "Which.")}
    monkeypatch.setattr(rule, "options", options)
    assert main(["schema"]) == OK
    schema = json.loads(capsys.readouterr().out)
    Validator.check_schema(schema)
    lint = schema["$defs"]["Lint"]["properties"]
    severities = lint["severity"]["properties"]
    assert severities.keys() == {one.name for one in registry.rules()} | code_rules.RULES.keys()
    assert severities[rule.name]["default"] == rule.severity
    assert lint["rules"]["properties"][rule.name]["properties"]["most"]["default"] == 3

    def refused(**lint: Any) -> bool:
        return bool(list(Validator(schema).iter_errors({"lint": lint})))

    assert not refused(select=["queues", rule.name, "QT1", "a-plugin-rule"])
    assert not refused(severity={rule.name: "off", "a-plugin-rule": "info"})
    assert not refused(rules={rule.name: {"most": 2, "names": ["a"]}, "a-plugin-rule": {"x": 1}})
    assert refused(severity={rule.name: "fatal"})
    assert refused(rules={rule.name: {"least": 2}})
    assert refused(rules={rule.name: {"most": 0}})
    assert refused(select=[""])


def test_overlays_hold_what_the_reader_lets_them():
    assert set(NOT_IN_OVERLAYS) == set(environments._NOT_IN_OVERLAYS)
    for table in json_schema()["properties"]:
        value: Any = [] if table in ("include", "routes", "tests") else {}
        overlay = {"environments": {"e": {table: value}}}
        assert bool(refusals(overlay)) is (table in NOT_IN_OVERLAYS)


def test_every_definition_is_used_and_every_reference_leads_somewhere():
    for without in ((), includes.MAIN_ONLY):
        schema = json_schema(without)
        references = set(re.findall(r"#/\$defs/(\w+)", json.dumps(schema)))
        assert references == schema["$defs"].keys()


# Anything


@given(topologies())
@settings(max_examples=80, deadline=None)
def test_it_accepts_any_topology(data: dict[str, Any]):
    assert refusals(data) == []


_JUNK = st.one_of(
    st.none().map(lambda _: {}),
    st.booleans(),
    st.integers(-2, 300),
    st.sampled_from([2**62, 2**63, -(2**63)]),
    st.floats(-2, 300).filter(lambda one: not one.is_integer()),
    st.sampled_from(HOSTILE),
    st.sampled_from(
        ["", " ", "\n", "a\x85", "1s", "0s", "1.5 MiB", "5/m", "* * * * *", "env:A", "a://b:c@d"]
    ),
    st.lists(st.sampled_from(["a", "", 1, {}]), max_size=2),
    st.dictionaries(st.sampled_from(["a", "", "task", "queue"]), st.just("a"), max_size=2),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, one in inner:
        found.append((*path, key))
        if isinstance(one, (dict, list)):
            found += _places(one, (*path, key))
    return found


@st.composite
def mutated(draw: Any) -> dict[str, Any]:
    """A topology with one to three things removed, replaced, or added under some key."""
    data = copy.deepcopy(draw(topologies()))
    data.pop("environments", None)
    words = sorted({key for table in tables(json_schema()).values() for key in table["properties"]})
    for _ in range(draw(st.integers(1, 3))):
        places = _places(data)
        if not places:
            break
        *above, key = draw(st.sampled_from(places))
        table: Any = data
        for part in above:
            table = table[part]
        change = draw(st.sampled_from(["remove", "replace", "add"]))
        if change == "remove":
            del table[key]
        elif change == "replace":
            table[key] = draw(_JUNK)
        elif isinstance(table, dict):
            table[draw(st.sampled_from([*words, "", "x\n"]))] = draw(_JUNK)
    data.pop("include", None)
    data.pop("environments", None)
    data.pop("lint", None)
    return data


@given(mutated())
@settings(max_examples=200, deadline=None)
def test_it_judges_mutations_as_the_reader_does(data: dict[str, Any]):
    _, found = Topology.from_data(data)
    shapes = [one for one in found if one.severity == ERROR]
    refused = refusals(data)
    if not shapes:
        assert not refused
    elif not all(unsaid(one) for one in shapes):
        assert refused, shapes


# Editors


# With its line; 0 where it is about a whole table, which tombi places at the very beginning.
PLANTED = {
    "unknown-key": ("[queues.a]\nmax_prioriti = 3\n", 2),
    "wrong type": ("[queues.a]\ndurable = 3\n", 2),
    "unit": ('[queues.a]\nmessage_ttl = "4 parsecs"\n', 2),
    "word": ('[broker]\ntransport = "rabbit"\n', 2),
    "missing key": ("[workers.w]\n", 0),
    "conflict": ('[queues.a]\nbroadcast = true\nexchange = "e"\n', 0),
    "name": ('[defaults]\nqueue = ""\n', 2),
    "crontab": ('[beat.schedule.e]\ntask = "t"\ncrontab = "0 99 * * *"\n', 3),
    "overlay": ("[environments.x.queues.a]\nmax_prioriti = 3\n", 2),
}


@pytest.mark.parametrize(("toml", "line"), PLANTED.values(), ids=PLANTED.keys())
def test_an_editor_sees_one_error_where_it_is(toml: str, line: int, tmp_path: Path):
    (tmp_path / "qtopo.schema.json").write_text(json.dumps(json_schema()), encoding="utf-8")
    head = "#:schema ./qtopo.schema.json\n"
    for name, text in (("bad", toml), ("good", (ROOT / "topologies/shop.toml").read_text("utf-8"))):
        file = tmp_path / f"{name}.toml"
        file.write_text(head + text, encoding="utf-8")
        done = subprocess.run(
            [str(Path(sys.executable).parent / "tombi"), "lint", "--offline", file.name],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        shown = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
        assert re.findall(r"bad\.toml:(\d+)", shown) == ([str(line + 1)] if name == "bad" else [])
        assert done.returncode == (name == "bad"), shown


def test_tomli_w_keeps_what_hypothesis_makes():
    """The mutated topologies are TOML: what is compared could stand in a file."""
    data = {"queues": {"a": {"arguments": {"x": [1, {"y": "z"}]}}}}
    assert tomli.loads(tomli_w.dumps(data)) == data
