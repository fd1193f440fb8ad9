"""Gives findings about code their places, and lets comments in the code waive them."""

from __future__ import annotations

import io
import tokenize
from typing import TYPE_CHECKING, NamedTuple

from qtopo.code.files import read_text
from qtopo.diagnostics.diagnostic import Diagnostic, Related, page_of
from qtopo.diagnostics.suppression import MARK, sift, waivers
from qtopo.source.comments import comments as toml_comments
from qtopo.topology.finding import At, Place, Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qtopo.code.findings import CodeFinding
    from qtopo.code.project import Project, Spot
    from qtopo.diagnostics.diagnostic import Locator
    from qtopo.source.source import Source


class Comment(NamedTuple):
    """A comment: its text and the lines it is about (see `diagnostics.suppression`)."""

    offset: int
    text: str
    first: int
    last: int


class Reported(NamedTuple):
    """The diagnostics, the texts of the files they are in, and how many were waived."""

    diagnostics: list[Diagnostic]
    texts: dict[str, str]
    suppressed: int


def report(findings: Iterable[CodeFinding], project: Project, source: Source) -> Reported:
    """Return the findings as diagnostics; `source` is the text of the topology."""
    found = list(findings)
    spots = [at for one in found for at in (one.at, *(at for _, at in one.related))]
    places = iter(_places(spots, project, source))
    diagnostics = [
        Diagnostic(
            rule=one.rule,
            code=one.code,
            severity=one.severity,
            message=one.message,
            help=one.help,
            place=next(places),
            related=tuple(Related(message, next(places)) for message, _ in one.related),
            docs=page_of(one.rule),
        )
        for one in found
    ]
    texts = {}
    for file in dict.fromkeys(place.file for one in diagnostics for place in _files(one)):
        if file.endswith(".py"):
            text = read_text(file, project.limits)
            if isinstance(text, str):
                texts[file] = text
    comments = {file: waivers(_comments(text)) for file, text in texts.items() if MARK in text}
    comments |= {
        file: waivers(toml_comments(text)) for file, text in source.texts.items() if MARK in text
    }
    kept, _ = sift(diagnostics, comments, lambda _: True)
    kept.sort(key=lambda one: (one.place.file, one.place.start or (0, 0), one.code, one.message))
    return Reported(kept, texts, len(diagnostics) - len(kept))


def _files(one: Diagnostic) -> Iterator[Place]:
    yield one.place
    for related in one.related:
        yield related.place


def _places(spots: list[Spot | At], project: Project, locator: Locator) -> list[Place]:
    in_file = [one for one in spots if isinstance(one, At)]
    located = iter(locator.locate(in_file) if in_file else ())
    return [next(located) if isinstance(one, At) else _place(one, project) for one in spots]


def _place(spot: Spot, project: Project) -> Place:
    if spot.module in project.modules or spot.module in project.elsewhere:
        return project.place(spot)
    start = Position(spot.line, max(spot.column, 1)) if spot.line else None
    return Place(spot.module, (), start, start)


def _comments(text: str) -> Iterator[Comment]:
    """Yield the comments of a Python file; one alone on its line is about the next, too."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                alone = not token.line[:column].strip()
                about = line + 1 if alone else line
                yield Comment(0, token.string, about, about)
    except (tokenize.TokenError, SyntaxError, RecursionError):
        return
