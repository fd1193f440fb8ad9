"""A shell script as tokens: words with their parts, and operators. Nothing is expanded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT, NAME, CODE = "text", "name", "code"

_OPERATORS = ("&&", "||", ";;&", ";;", ";&", "|&", ";", "|", "&", "(", ")", "\n")
_REDIRECTIONS = ("&>>", "&>", "<<<", "<<-", "<<", ">>", ">&", "<&", ">|", "<>", ">", "<")
_BARE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_BRACED = re.compile(
    r"(?P<name>[A-Za-z_]\w*|[@*#?$!-]|\d+)(?P<index>\[[^\]]*\])?(?:(?P<op>:?[-=?+])(?P<word>.*))?",
    re.ASCII | re.DOTALL,
)

_SLICE = re.compile(r"(?P<name>[@*]):(?P<from>[1-9]\d{0,3})", re.ASCII)


class Part(NamedTuple):
    """A piece of a word.

    `kind` is TEXT, NAME (a variable: `text` is its name, `source` how it is written, `op` and
    `word` those of `${NAME:-word}`) or CODE (a substitution of a command or of arithmetic).
    """

    kind: str
    text: str
    quoted: bool
    source: str = ""
    op: str = ""
    word: str = ""


class Token(NamedTuple):
    """An operator, or a word as its parts (`operator` is empty); `glued`: no blank before it."""

    operator: str
    parts: tuple[Part, ...]
    line: int
    glued: bool = False


def tokens(text: str, line: int = 1) -> Iterator[Token]:
    """Yield the tokens of a script; comments, redirections and here-documents are left out."""
    return _Lexer(text, line).run()


class _Lexer:
    def __init__(self, text: str, line: int) -> None:
        self.text = text
        self.at = 0
        self.line = line
        self.ends: list[tuple[str, bool]] = []

    def run(self) -> Iterator[Token]:
        text, skip = self.text, False
        glued = False
        while self.at < len(text):
            one = text[self.at]
            if one in " \t\r":
                self.at += 1
                glued = False
            elif text.startswith("\\\n", self.at):
                self.at += 2
                self.line += 1
            elif one == "#" and not glued:
                end = text.find("\n", self.at)
                self.at = len(text) if end < 0 else end
            elif found := self._starts(_REDIRECTIONS):
                self.at += len(found)
                skip = True
                if found in ("<<", "<<-"):
                    self._here(found == "<<-")
                    skip = False
            elif found := self._starts(_OPERATORS):
                self.at += len(found)
                yield Token(found, (), self.line, glued)
                glued = skip = False
                if found == "\n":
                    self.line += 1
                    self._skip_documents()
            else:
                line = self.line
                parts = tuple(self._word())
                # `2>file`: the number belongs to the redirection.
                number = len(parts) == 1 and parts[0].text.isdigit() and not parts[0].quoted
                if not skip and not (number and self._starts(_REDIRECTIONS)):
                    yield Token("", parts, line, glued)
                skip, glued = False, True

    def _starts(self, candidates: tuple[str, ...]) -> str | None:
        return next((one for one in candidates if self.text.startswith(one, self.at)), None)

    def _here(self, tabs: bool) -> None:
        """Remember what ends the here-document that begins after this line."""
        found = re.compile(r"[ \t]*(['\"]?)([^\s'\";|&<>]+)\1").match(self.text, self.at)
        if found:
            self.at = found.end()
            self.ends.append((found[2].lstrip("\\"), tabs))

    def _skip_documents(self) -> None:
        for end, tabs in self.ends:
            while self.at < len(self.text):
                stop = self.text.find("\n", self.at)
                stop = len(self.text) if stop < 0 else stop
                line = self.text[self.at : stop]
                self.at = min(stop + 1, len(self.text))
                self.line += 1
                if (line.lstrip("\t") if tabs else line).rstrip("\r") == end:
                    break
        self.ends = []

    def _word(self) -> Iterator[Part]:
        """Yield the parts of a word, up to a blank or an operator."""
        text = self.text
        plain: list[str] = []
        while self.at < len(text):
            one = text[self.at]
            if one in " \t\r\n;|&()<>":
                break
            if one == "\\":
                if text.startswith("\\\n", self.at):
                    self.line += 1
                elif self.at + 1 < len(text):
                    yield from _flushed(plain)
                    yield Part(TEXT, text[self.at + 1], True)
                self.at += 2
            elif one == "'":
                yield from _flushed(plain)
                yield Part(TEXT, self._until("'"), True)
            elif one == '"':
                yield from _flushed(plain)
                self.at += 1
                yield from self._double()
            elif one == "\0":
                plain.append(self._mark())
            elif one == "$" and text.startswith("$'", self.at):
                yield from _flushed(plain)
                self.at += 1
                yield Part(TEXT, self._until("'"), True)
            elif one in "$`":
                yield from _flushed(plain)
                yield self._expansion(quoted=False)
            else:
                plain.append(one)
                self.at += 1
        yield from _flushed(plain)

    def _double(self) -> Iterator[Part]:
        """Yield what is between double quotes, at least an empty part."""
        text, plain = self.text, [""]
        while self.at < len(text) and text[self.at] != '"':
            one = text[self.at]
            if one == "\\" and self.at + 1 < len(text):
                following = text[self.at + 1]
                if following == "\n":
                    self.line += 1
                else:
                    plain.append(following if following in '$`"\\' else one + following)
                self.at += 2
            elif one in "$`":
                yield from _flushed(plain, quoted=True)
                yield self._expansion(quoted=True)
            elif one == "\0":
                plain.append(self._mark())
            else:
                self.line += one == "\n"
                plain.append(one)
                self.at += 1
        self.at += 1
        yield Part(TEXT, "".join(plain), True)

    def _until(self, quote: str) -> str:
        end = self.text.find(quote, self.at + 1)
        end = len(self.text) if end < 0 else end
        found = self.text[self.at + 1 : end]
        self.line += found.count("\n")
        self.at = end + 1
        return found

    def _mark(self) -> str:
        """Return what is marked as unknown (see `process`), whatever stands in it."""
        start = self.at
        end = self.text.find("\0", start + 1)
        self.at = len(self.text) if end < 0 else end + 1
        return self.text[start : self.at]

    def _expansion(self, *, quoted: bool) -> Part:
        text, start = self.text, self.at
        if text[start] == "`":
            self._until("`")
            return Part(CODE, text[start : self.at], quoted)
        if text.startswith("$(", start):
            self._nested(start + 1, "(", ")")
            return Part(CODE, text[start : self.at], quoted)
        if text.startswith("${", start):
            self._nested(start + 1, "{", "}")
            source = text[start : self.at]
            found = _BRACED.fullmatch(source[2:-1])
            if found is None:
                slice_ = _SLICE.fullmatch(source[2:-1])
                if slice_:
                    return Part(NAME, slice_["name"], quoted, source, ":", slice_["from"])
                return Part(CODE, source, quoted)
            name = found["name"] + (found["index"] or "")
            return Part(NAME, name, quoted, source, found["op"] or "", found["word"] or "")
        bare = _BARE.match(text, start + 1)
        if bare:
            self.at = bare.end()
            return Part(NAME, bare[0], quoted, text[start : self.at])
        following = text[start + 1 : start + 2]
        if following and following in "@*#?$!-0123456789":
            self.at = start + 2
            return Part(NAME, following, quoted, text[start : self.at])
        self.at = start + 1
        return Part(TEXT, "$", quoted)

    def _nested(self, at: int, opening: str, closing: str) -> None:
        """Go behind the bracket that closes the one at a place; quotes hide brackets."""
        depth, text = 0, self.text
        while at < len(text):
            one = text[at]
            if one == "\\":
                at += 1
            elif one == "'" and opening == "(":
                end = text.find("'", at + 1)
                at = len(text) if end < 0 else end
            elif one == opening:
                depth += 1
            elif one == closing:
                depth -= 1
                if depth == 0:
                    break
            at += 1
        self.line += text.count("\n", self.at, at)
        self.at = min(at + 1, len(text))


def _flushed(plain: list[str], *, quoted: bool = False) -> Iterator[Part]:
    if plain:
        text = "".join(plain)
        plain.clear()
        if text or not quoted:
            yield Part(TEXT, text, quoted)
