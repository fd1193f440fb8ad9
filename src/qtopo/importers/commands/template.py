"""Helm templates as YAML: what is known is put in, the rest is marked as unknown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtopo.importers.commands.yaml_tree import Tree

_ACTION = re.compile(r"\{\{-?\s*((?:[^}\"`\n]|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|\}(?!\}))*?)\s*-?\}\}")
_ALONE = re.compile(r"[ \t]*(?:-[ \t]+)?\{\{")
_VALUE = re.compile(r"\$?\.Values\.([A-Za-z0-9_.]+)")
_DEFAULT = re.compile(
    r"\|\s*default\s+(\"[^\"]*\"|'[^']*'|[\w.-]+)|^default\s+(\"[^\"]*\"|[\w-]+)\s"
)
_MOST, _LONGEST = 20, 2_000
_OPEN, _CLOSE = "\ue000", "\ue001"
_HELD = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}")


def is_template(text: str) -> bool:
    """Whether a text holds actions of Go's templates."""
    return any(_short(line) and _ACTION.search(line) for line in text.split("\n"))


def _short(line: str) -> bool:
    """Whether a line holds actions, and no more of them than anybody writes."""
    return 0 < line.count("{{") <= _MOST and len(line) <= _LONGEST


def plain(text: str, values: Tree | None) -> str:
    """Return a template as YAML with as many lines.

    Lines of actions alone (`{{- if ... }}`, `{{ toYaml . | nindent 8 }}`) become empty; within
    a line an action becomes its value, where the values say it, its default, or a mark, which
    `marked` turns into an unknown.
    """
    text = text.replace(_OPEN, "").replace(_CLOSE, "")
    found = []
    for line in text.split("\n"):
        if not _short(line):
            found.append(line)
            continue
        rest = _ACTION.sub("", line).strip()
        if rest in ("", "-") and _ALONE.match(line):
            found.append("")
            continue
        found.append(_ACTION.sub(lambda one: _said(one[1], values), line))
    return "\n".join(found)


def marked(text: str) -> str:
    """Return a scalar of a template with its marks as unknowns."""
    if _OPEN not in text:
        return text
    from qtopo.importers.commands.process import unknown

    return _HELD.sub(lambda one: unknown("{{ " + one[1] + " }}"), text)


def _said(action: str, values: Tree | None) -> str:
    found = _VALUE.search(action)
    if found and values is not None:
        node = values.get(*found[1].split("."))
        if node is not None and node.text is not None:
            return _safe(node.text)
    default = _DEFAULT.search(action)
    if default:
        return _safe((default[1] or default[2]).strip("\"'"))
    if action.startswith(("if ", "else", "end", "range ", "with ", "/*", "define ", "include ")):
        return "" if not action.startswith("include ") else _mark(action)
    return _mark(action)


def _mark(action: str) -> str:
    text = re.sub(r"[\"'\\:#\[\]{},&*!|>%@`]", "", action)
    return _OPEN + " ".join(text.split()) + _CLOSE


def _safe(text: str) -> str:
    """Return a value that can stand within a line of YAML, quoted or not."""
    return text if re.fullmatch(r"[\w./:@%+=, -]*", text) and ": " not in text else _mark(text)
