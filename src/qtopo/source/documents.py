"""Files as text and parsed TOML, and what can be wrong before there is a table."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import tomli

from qtopo.errors import UnreadableFileError

if TYPE_CHECKING:
    from qtopo.topology.shape import Reader


class Document:
    """One file: its name as given, its text, and what TOML says it holds."""

    __slots__ = ("data", "file", "text")

    def __init__(self, file: str, text: str, data: dict[str, Any]) -> None:
        self.file = file
        self.text = text
        self.data = data


def read_file(file: str) -> bytes:
    """Return a file's bytes; raises UnreadableFileError with the reason."""
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except (OSError, ValueError) as error:
        # ValueError: a name with a NUL.
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableFileError(f"cannot read {file!r}: {reason}") from None


def parse(file: str, content: bytes, reader: Reader) -> Document:
    """Parse a file; what cannot be parsed is reported and gives an empty table."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        text = content.decode("utf-8", "replace")
        # Each bad sequence became one character, so the prefix counts alike.
        offset = len(content[: error.start].decode("utf-8"))
        reader.add(
            "not-utf8",
            (),
            f"{os.path.basename(file)} is not UTF-8: "
            f"byte 0x{content[error.start]:02x} starts no character",
            help="save the file as UTF-8",
            file=file,
            span=(offset, offset + 1),
        )
        return Document(file, text, {})
    text = text.removeprefix("\ufeff")
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        offset = _offset(text, error.lineno, error.colno)
        reader.add(
            "invalid-toml",
            (),
            _sentence(error.msg),
            file=file,
            span=(offset, min(offset + 1, len(text))),
        )
        data = {}
    except (ValueError, RecursionError) as error:
        # Numbers of thousands of digits, tables nested thousands deep.
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        reader.add("invalid-toml", (), _sentence(reason), file=file, span=(0, 0))
        data = {}
    return Document(file, text, data)


def _offset(text: str, line: int, column: int) -> int:
    """Return where a line and column of tomli stand: it counts after making CRLF one character."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return min(start + column - 1, len(text))


def _sentence(message: str) -> str:
    return "not TOML: " + message[:1].lower() + message[1:]
