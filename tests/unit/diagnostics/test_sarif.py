"""The report as SARIF: the whole file, and a strict account of what may stand in it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from goldens import agrees, everything
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from reports import place, problem, report
from sarif_pydantic import Sarif

from qtopo import __version__
from qtopo.cli.common import render as cli_render
from qtopo.diagnostics.sarif import render
from qtopo.topology.finding import Place


def table(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def array(items: Any, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


# What SARIF 2.1.0 (OASIS, §3) says of the properties used, and no other property.
TEXT = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 1}
MESSAGE = table({"text": TEXT})
LEVEL = {"enum": ["error", "warning", "note"]}
URI = {"type": "string", "pattern": r"^[\w.~%/:-]+$"}
ARTIFACT = {
    "oneOf": [
        table(
            {
                "uri": {**URI, "pattern": r"^(?!/|\w+:)[\w.~%/-]+$"},
                "uriBaseId": {"const": "%SRCROOT%"},
            }
        ),
        table({"uri": {**URI, "pattern": "^file:///"}}),
    ]
}
REGION = table({"startLine": COUNT, "startColumn": COUNT}, endLine=COUNT, endColumn=COUNT)
LOCATION = {
    "physicalLocation": table({"artifactLocation": ARTIFACT}, region=REGION),
}
LOGICAL = array(table({"fullyQualifiedName": TEXT}), 1)
RULE = table(
    {
        "id": {"type": "string", "pattern": r"^QT\d{3}$"},
        "name": {"type": "string", "pattern": "^[a-z0-9-]+$"},
        "helpUri": {"type": "string", "pattern": "^https://"},
        "defaultConfiguration": table({"level": LEVEL}),
    },
    shortDescription=MESSAGE,
)
RESULT = table(
    {
        "ruleId": RULE["properties"]["id"],
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": MESSAGE,
        "locations": {**array(table(LOCATION, logicalLocations=LOGICAL), 1), "maxItems": 1},
        "partialFingerprints": table(
            {"qtopoPath/v1": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}
        ),
    },
    relatedLocations=array(
        table({"id": COUNT, **LOCATION, "message": MESSAGE}, logicalLocations=LOGICAL), 1
    ),
    properties=table({"environment": TEXT}),
)
DRIVER = table(
    {
        "name": {"const": "qtopo"},
        "version": {"const": __version__},
        "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
        "informationUri": {"type": "string", "pattern": "^https://"},
        "rules": array(RULE),
    }
)
RUN = table(
    {
        "tool": table({"driver": DRIVER}),
        "columnKind": {"const": "unicodeCodePoints"},
        "originalUriBaseIds": table({"%SRCROOT%": table({"description": MESSAGE})}),
        "artifacts": array(table({"location": ARTIFACT})),
        "results": array(RESULT),
    }
)
LOG = table(
    {
        "$schema": {
            "type": "string",
            "pattern": r"^https://docs\.oasis-open\.org/.*sarif-schema-2\.1\.0\.json$",
        },
        "version": {"const": "2.1.0"},
        "runs": {**array(RUN, 1), "maxItems": 1},
    }
)


def validated(text: str) -> dict[str, Any]:
    """Return the run, its shape and its references checked."""
    log = json.loads(text)
    Draft202012Validator(LOG).validate(log)
    run: dict[str, Any] = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len({one["id"] for one in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    marks = [one["partialFingerprints"]["qtopoPath/v1"] for one in run["results"]]
    assert len(set(marks)) == len(marks)
    return run


def test_the_whole_file() -> None:
    text = render(everything())
    validated(text)
    agrees("report.sarif", text.replace(f'"{__version__}"', '"VERSION"'))


def test_another_reader_of_the_standard_takes_all_of_it() -> None:
    """Models that somebody else made from the schema keep every key, and know each."""
    document = json.loads(render(everything()))
    read = Sarif.model_validate(document)
    assert json.loads(read.model_dump_json(by_alias=True, exclude_unset=True)) == document


def test_a_clean_run_has_its_rules_and_no_result() -> None:
    run = validated(render(everything()._replace(diagnostics=())))
    assert run["results"] == []
    assert [one["id"] for one in run["tool"]["driver"]["rules"]] == ["QT101", "QT103"]


def test_no_secret_and_no_text_of_the_file() -> None:
    text = render(everything())
    assert "hunter2" not in text
    assert "snippet" not in text


def test_columns_count_code_points() -> None:
    text = 'key = "🐰🐰" # x'
    region = validated(render(report(problem(place(text, '"🐰🐰"')), text=text)))["results"][0][
        "locations"
    ][0]["physicalLocation"]["region"]
    assert (region["startColumn"], region["endColumn"]) == (7, 11)


def test_fingerprints_stay_when_lines_move() -> None:
    def marks(text: str) -> list[Any]:
        run = validated(render(report(problem(place(text, "x")), problem(place(text, "x")))))
        return [one["partialFingerprints"] for one in run["results"]]

    assert marks("x") == marks("\n\n x")


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("./a.toml", "a.toml"),
        ("a b/ü#?.toml", "a%20b/%C3%BC%23%3F.toml"),
        ("../a.toml", "../a.toml"),
        ("x:y.toml", "x%3Ay.toml"),
        ("/elsewhere/a.toml", "file:///elsewhere/a.toml"),
        ("\udcff.toml", "%FF.toml"),
    ],
)
def test_files_are_uris(file: str, uri: str) -> None:
    found = problem(Place(file, (), None, None))
    run = validated(render(report(found, files=(file,))))
    place_ = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place_["uri"] == uri
    assert run["artifacts"][0]["location"] == place_


@given(st.text(min_size=1), st.text(min_size=1), st.lists(st.text() | st.integers(0, 9)))
def test_anything_is_valid(message: str, rule_help: str, path: list[str | int]) -> None:
    spot = Place("a.toml", tuple(path), None, None)
    one = problem(spot, message, help=rule_help, related=((rule_help, spot),), environment=message)
    text = render(report(one, unicode=False))
    assert text.isascii()
    validated(text)
    text.encode()


def test_every_rule_is_described() -> None:
    class Stream:
        encoding = "utf-8"

    run = validated(cli_render("sarif", ["a.toml"], [], {}, Stream(), color="never"))
    rules = run["tool"]["driver"]["rules"]
    assert len(rules) > 100
    assert all(re.fullmatch(r"[A-Z`'].*\.", one["shortDescription"]["text"]) for one in rules)
