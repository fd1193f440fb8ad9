"""Findings that were there before: a file of them, so that only new ones count.

A finding is known again by its rule, its key path and its message, never by its
line; positions in lists are left out, since a route added above moves them.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from qtopo.errors import UnreadableFileError
from qtopo.topology.finding import ERROR
from qtopo.topology.shape import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.diagnostics import Diagnostic

FORMAT_VERSION = 1
_INDEX = re.compile(r"\[\d+\]")
_Key = tuple[str, str, tuple[str, ...], str]


def may_stand(one: Diagnostic) -> bool:
    """Whether a finding may be left for later: an error of shape may not."""
    shape = SHAPES.get(one.rule)
    return shape is None or shape.severity != ERROR


def write(path: str, diagnostics: Iterable[Diagnostic]) -> bytes:
    """Return the content of a baseline that stands at `path`."""
    import json

    counts: dict[_Key, int] = {}
    for one in diagnostics:
        key = _key(one, path)
        counts[key] = counts.get(key, 0) + 1
    findings = [
        {"file": file, "rule": rule, "path": list(keys), "message": message, "count": count}
        for (file, rule, keys, message), count in sorted(counts.items())
    ]
    content = {"format_version": FORMAT_VERSION, "findings": findings}
    text = json.dumps(content, indent=2, ensure_ascii=True) + "\n"
    return text.encode()


class Baseline:
    """The findings of a baseline; each hides as many as it counted.

    Raises UnreadableFileError where the file cannot be read, or is none.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._left: dict[_Key, int] = {}
        for one in _findings(path):
            try:
                key = (
                    str(one["file"]),
                    str(one["rule"]),
                    tuple(str(part) for part in one["path"]),
                    str(one["message"]),
                )
                count = int(one.get("count", 1))
            except (KeyError, TypeError, ValueError, AttributeError):
                raise _no_baseline(path, f"{one!r:.80} is no finding") from None
            self._left[key] = self._left.get(key, 0) + count

    def new(self, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Return what the baseline does not know."""
        found = []
        for one in diagnostics:
            key = _key(one, self._path)
            left = self._left.get(key, 0)
            if left and may_stand(one):
                self._left[key] = left - 1
            else:
                found.append(one)
        return found


def _findings(path: str) -> Any:
    import json

    try:
        with open(path, encoding="utf-8") as stream:
            content = json.load(stream)
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or f"it is no JSON: {error}"
        raise UnreadableFileError(
            f"cannot read the baseline {path!r}: {reason}",
            f"write one with --write-baseline {path}",
        ) from None
    if not isinstance(content, dict) or content.get("format_version") != FORMAT_VERSION:
        raise _no_baseline(path, f"it has no format_version {FORMAT_VERSION}")
    findings = content.get("findings")
    if not isinstance(findings, list):
        raise _no_baseline(path, "it has no list of findings")
    return findings


def _no_baseline(path: str, reason: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"{path!r} is no baseline: {reason}", f"write it again with --write-baseline {path}"
    )


def _key(one: Diagnostic, baseline: str) -> _Key:
    # Relative to the baseline: it is checked in, and read from any folder.
    try:
        file = os.path.relpath(one.place.file, os.path.dirname(baseline) or ".")
    except ValueError:  # another drive
        file = one.place.file
    keys = tuple("*" if isinstance(part, int) else part for part in one.place.path)
    return file.replace(os.sep, "/"), one.rule, keys, _INDEX.sub("[*]", one.message)
