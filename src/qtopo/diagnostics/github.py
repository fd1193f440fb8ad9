"""The report as workflow commands: GitHub shows each problem at its line of the pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.diagnostics.files import relative
from qtopo.diagnostics.screen import visible
from qtopo.diagnostics.secrets import masked
from qtopo.diagnostics.wording import location, message

if TYPE_CHECKING:
    from qtopo.diagnostics.diagnostic import Diagnostic
    from qtopo.diagnostics.report import Report

COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report) -> str:
    """Return one command a line; nothing if all is good."""
    return "".join(_command(one) for one in report.diagnostics)


def _command(one: Diagnostic) -> str:
    properties = {
        "title": f"{one.code} {one.rule}",
        "file": visible(relative(one.place.file)),
    }
    if one.place.start is not None:
        properties |= {"line": str(one.place.start.line), "col": str(one.place.start.column)}
        if one.place.end is not None:
            properties["endLine"] = str(one.place.end.line)
            properties["endColumn"] = str(one.place.end.column)
    lines = [message(one)]
    lines += [f"{location(place)}: {visible(text)}" for text, place in one.related]
    if one.help:
        lines.append(f"help: {visible(one.help)}")
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{COMMANDS[one.severity]} {written}::{_data(masked(chr(10).join(lines)))}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
