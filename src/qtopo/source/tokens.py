"""Where the tokens of TOML 1.1 end, in text the parser has already accepted.

Every function takes a text and an offset, and returns the offset after what it
read. On text that is not TOML they still end, somewhere.

No pattern can be slow: each matches at once, or is followed by nothing it could
fail on and start over. Repeated groups are bounded because `re` remembers every
round (a million cost a hundred megabytes); whoever uses one of these goes on.
"""

from __future__ import annotations

import re

Span = tuple[int, int]
"""A half-open range of character offsets."""

_BLANK = r"[ \t\r\n]* (?: \#[^\n]* [ \t\r\n]* ){0,1000}"
_BARE_KEY = r"[A-Za-z0-9_-]+"
_EASY_STRING = r""" "[^"\\\n]*"(?!") | '[^'\n]*'(?!') """  # no escapes, not three quotes
_UNQUOTED = r"""[^][{}"'\#, \t\r\n]+"""
_EASY_SCALAR = (  # `1979-05-27 07:32:00` is one value
    rf"(?: {_EASY_STRING} | {_UNQUOTED} (?: [ ][0-9]{{2}}:{_UNQUOTED} )? )"
)


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.VERBOSE | re.DOTALL)


STATEMENT = _compile(rf"{_BLANK} (?: ({_BARE_KEY}) [ \t]* = [ \t]* ({_EASY_SCALAR})? )?")
"""What is most frequent, in one go: blanks, `key =` (1), and an easy value (2), each optional."""

DULL_LINES = _compile(r"""(?: [^['"{\n]* (?: "(?!"") [^['"{\n]* ){0,50} \n ){0,1000}""")
"""Whole lines that neither are a header nor leave anything open at their end."""

BETWEEN_ITEMS = _compile(r"[, \t\r\n]* (?: \#[^\n]* [, \t\r\n]* ){0,1000}")
"""Commas and blanks in an array or inline table."""

SPACES = _compile(r"[ \t]*")
EQUALS = _compile(r"[ \t]* = [ \t]*")

_BETWEEN_BRACKETS = _compile(rf"""(?: [^][{{}}"'\#]+ | {_EASY_STRING} | \#[^\n]* ){{0,1000}}""")
_UP_TO_QUOTE = _compile(r"""(?: [^"\\]+ | \\.? ){0,1000}""")
_SCALAR = _compile(_EASY_SCALAR)
_KEY = _compile(_BARE_KEY)
_DOT = _compile(r"[ \t]* \. [ \t]*")
_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_ESCAPE = _compile(
    r"\\ (?: x([0-9A-Fa-f]{2}) | u([0-9A-Fa-f]{4}) | U(00(?:0[0-9A-Fa-f]|10)[0-9A-Fa-f]{4}) | (.) )"
)
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


def after(pattern: re.Pattern[str], text: str, pos: int) -> int:
    """Return where the match at `pos` ends, which is `pos` if there is none."""
    match = pattern.match(text, pos)
    return match.end() if match else pos


def after_value(text: str, pos: int) -> int:
    """Pass over a value of any kind without looking into it."""
    if not opens(text, pos):
        return after_scalar(text, pos)
    depth = 0
    while pos < len(text):
        if text.startswith(('"', "'"), pos):
            pos = _after_string(text, pos)
        elif opens(text, pos):
            depth += 1
            pos += 1
        elif closes(text, pos):
            depth -= 1
            pos += 1
            if depth == 0:
                break
        pos = after(_BETWEEN_BRACKETS, text, pos)
    return pos


def opens(text: str, pos: int) -> bool:
    """Say whether an array or inline table begins here."""
    return text.startswith(("[", "{"), pos)


def closes(text: str, pos: int) -> bool:
    """Say whether an array or inline table ends here."""
    return text.startswith(("]", "}"), pos)


def after_scalar(text: str, pos: int) -> int:
    """Read anything but an array or inline table."""
    end = after(_SCALAR, text, pos)
    if end == pos and text.startswith(('"', "'"), pos):
        return _after_string(text, pos)
    return end


def keys(text: str, pos: int) -> tuple[int, list[tuple[str, Span]]]:
    """Read keys joined by dots; return also the name and range of each."""
    parts: list[tuple[str, Span]] = []
    while True:
        start = pos
        if text.startswith(('"', "'"), start):
            pos = _after_string(text, start)
            name = _unquote(text[start:pos])
        else:
            pos = after(_KEY, text, start)
            name = text[start:pos]
        if pos == start:
            return pos, parts
        parts.append((name, (start, pos)))
        dot = _DOT.match(text, pos)
        if dot is None:
            return pos, parts
        pos = dot.end()


def keys_before(text: str, last: Span) -> list[Span]:
    """Return the range of a key, and before it those of the keys that dots join to it."""
    found = [last]
    while True:
        end = _dot_before(text, found[0][0])
        if end is None:
            return found
        start = end - 1
        if text[start] in "\"'":
            start = text.rfind(text[start], 0, start)
            while start > 0 and text[start] == '"' and _is_escaped(text, start):
                start = text.rfind('"', 0, start)
        else:
            while start > 0 and text[start - 1] in _BARE:
                start -= 1
        found.insert(0, (start, end))


def _dot_before(text: str, pos: int) -> int | None:
    """Return where the key ends that a dot joins to the one at `pos`."""
    dot = _blank_before(text, pos) - 1
    return _blank_before(text, dot) if dot > 0 and text[dot] == "." else None


def _blank_before(text: str, pos: int) -> int:
    while pos > 0 and text[pos - 1] in " \t":
        pos -= 1
    return pos


def _is_escaped(text: str, pos: int) -> bool:
    """Whether an odd number of backslashes stands before a character."""
    start = pos
    while start > 0 and text[start - 1] == "\\":
        start -= 1
    return (pos - start) % 2 == 1


def _after_string(text: str, pos: int) -> int:
    """Read a string of any of the four kinds."""
    quote = text[pos]
    closing = quote * 3 if text.startswith(quote * 3, pos) else quote
    pos += len(closing)
    while pos < len(text):
        if quote == '"':
            pos = after(_UP_TO_QUOTE, text, pos)
        else:
            found = text.find(closing, pos)
            pos = len(text) if found < 0 else found
        if text.startswith(closing, pos):
            pos += len(closing)
            if len(closing) == 3:  # the string itself may end with one or two quotes
                pos += text.startswith(quote, pos)
                pos += text.startswith(quote, pos)
            break
        pos += text.startswith(quote, pos)
    return pos


def _unquote(quoted: str) -> str:
    """Return the name that a quoted key stands for."""
    body = quoted[1:-1]
    if quoted[0] == "'" or "\\" not in body:
        return body
    return _ESCAPE.sub(_character, body)


def _character(escape: re.Match[str]) -> str:
    digits = escape[1] or escape[2] or escape[3]
    return chr(int(digits, 16)) if digits else _ESCAPES.get(escape[4], escape[4])
