"""The report as SARIF 2.1.0, for code scanning.

Only what is said about a place goes in, never a text of the file: the report is
uploaded, and a topology may hold what nobody else should read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qtopo.diagnostics.files import uri
from qtopo.diagnostics.fingerprint import fingerprints
from qtopo.diagnostics.screen import visible
from qtopo.diagnostics.secrets import masked
from qtopo.diagnostics.wording import message
from qtopo.topology.model import describe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.diagnostics.diagnostic import Diagnostic
    from qtopo.diagnostics.report import Report, RuleFacts
    from qtopo.topology.finding import Place

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
HOME = "https://github.com/qtopo/qtopo"
ROOT = "%SRCROOT%"
FINGERPRINT = "qtopoPath/v1"

LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def render(report: Report) -> str:
    """Return a SARIF log with one run; its rules are all that `check` knows."""
    from qtopo import __version__

    rules = _rules(report)
    index = {one["id"]: place for place, one in enumerate(rules)}
    marks = fingerprints(report.diagnostics)
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "qtopo",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "informationUri": HOME,
                        "rules": rules,
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {
                    ROOT: {"description": {"text": "The directory that qtopo was run in."}}
                },
                "artifacts": [{"location": _artifact(file)} for file in report.files],
                "results": [
                    _result(one, index[one.code], mark)
                    for one, mark in zip(report.diagnostics, marks, strict=True)
                ],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=not report.unicode) + "\n"


def _rules(report: Report) -> list[dict[str, Any]]:
    """Return every rule once, by code; those that only the diagnostics name as well."""
    known = {one.code: _rule(one) for one in report.rules}
    for one in report.diagnostics:
        if one.code not in known:
            known[one.code] = _descriptor(one.code, one.rule, one.severity, one.docs)
    return [known[code] for code in sorted(known)]


def _rule(facts: RuleFacts) -> dict[str, Any]:
    rule = _descriptor(facts.code, facts.name, facts.severity, facts.docs)
    rule["shortDescription"] = {"text": facts.summary}
    return rule


def _descriptor(code: str, name: str, severity: str, docs: str) -> dict[str, Any]:
    return {
        "id": code,
        "name": name,
        "helpUri": docs,
        "defaultConfiguration": {"level": LEVELS[severity]},
    }


def _result(one: Diagnostic, index: int, mark: str) -> dict[str, Any]:
    text = message(one) + (f"\nhelp: {visible(one.help)}" if one.help else "")
    result: dict[str, Any] = {
        "ruleId": one.code,
        "ruleIndex": index,
        "level": LEVELS[one.severity],
        "message": {"text": masked(text)},
        "locations": [_location(one.place)],
        "partialFingerprints": {FINGERPRINT: mark},
    }
    if one.related:
        result["relatedLocations"] = list(_related(one))
    if one.environment is not None:
        result["properties"] = {"environment": visible(one.environment)}
    return result


def _related(one: Diagnostic) -> Iterable[dict[str, Any]]:
    for number, (text, place) in enumerate(one.related, 1):
        yield {"id": number, **_location(place), "message": {"text": masked(visible(text))}}


def _location(place: Place) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(place.file)}
    if place.start is not None:
        physical["region"] = region = {
            "startLine": place.start.line,
            "startColumn": place.start.column,
        }
        if place.end is not None:
            region |= {"endLine": place.end.line, "endColumn": place.end.column}
    location: dict[str, Any] = {"physicalLocation": physical}
    if place.path:
        location["logicalLocations"] = [{"fullyQualifiedName": visible(describe(place.path))}]
    return location


def _artifact(file: str) -> dict[str, str]:
    reference, is_relative = uri(file)
    return {"uri": reference, "uriBaseId": ROOT} if is_relative else {"uri": reference}
