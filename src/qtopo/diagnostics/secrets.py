"""What of a source text must not be shown: output ends up in logs of builds."""

from __future__ import annotations

import re

# A password in a URL, and a string given to a key that holds one. Every
# repetition is bounded: a line may have a million characters.
_URL = re.compile(r"(://[^\s:/@\"']{0,200}:)([^\s\"']{1,200})(?=@)")
_KEY = re.compile(
    r"((?:password|passwd|secret|token|api_key|access_key)[\w-]{0,60}[\"']?\s{0,20}=\s{0,20}[\"']{1,3})"
    r"([^\"']{1,500})",
    re.IGNORECASE,
)

_NEAR = 2_000


def masked(line: str, around: int = 0) -> str:
    """Return a line with stars for its secrets, each character kept in its column.

    Of a line too long to be read only what is near the column `around` is
    looked at: the rest is not shown.
    """
    if len(line) > 2 * _NEAR:
        start = max(0, around - _NEAR)
        return line[:start] + masked(line[start : start + 2 * _NEAR]) + line[start + 2 * _NEAR :]
    if "://" in line:
        line = _URL.sub(_stars, line)
    return _KEY.sub(_stars, line) if "=" in line else line


def _stars(found: re.Match[str]) -> str:
    return found[1] + "*" * len(found[2])
