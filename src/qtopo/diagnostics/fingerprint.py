"""What stays the same of a problem when lines are added above it: its identity across runs."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from qtopo.diagnostics.files import relative

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.diagnostics.diagnostic import Diagnostic


def fingerprints(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Return one fingerprint for each diagnostic, in order; no two are equal.

    It is made of the rule's code, the file, the key path and the environment:
    neither of the line, which moves, nor of the message, whose wording changes.
    Problems alike in all of these are told apart by counting them.
    """
    seen: dict[str, int] = {}
    found = []
    for one in diagnostics:
        parts = (one.code, relative(one.place.file), *one.place.path, one.environment)
        identity = repr(parts)
        seen[identity] = count = seen.get(identity, 0) + 1
        # repr() writes out what UTF-8 does not take, but for lone surrogates.
        text = f"{identity}#{count}".encode("utf-8", "backslashreplace")
        found.append(sha256(text).hexdigest()[:32])
    return found
