"""A diagnostic: a finding together with its place in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.topology.finding import At, Finding, Fix, Path, Place, Position

DOCS = "https://github.com/qtopo/qtopo/blob/main/docs/rules/"


USER_DOCS = "https://github.com/qtopo/qtopo/blob/main/docs/user-rules.md"


def page_of(rule: str, code: str = "QT") -> str:
    """Return the address of a rule's page, by the rule's name; users' rules have other codes."""
    if not code.startswith("QT"):
        return USER_DOCS
    return f"{DOCS}{rule}.md"


class Related(NamedTuple):
    """Another place that has to do with the problem, and what it has to do with it."""

    message: str
    place: Place

    @property
    def file(self) -> str:
        """The file, as given."""
        return self.place.file

    @property
    def path(self) -> Path:
        """The key path."""
        return self.place.path

    @property
    def start(self) -> Position | None:
        """Where it begins."""
        return self.place.start

    @property
    def end(self) -> Position | None:
        """Where it ends, exclusive."""
        return self.place.end


class Diagnostic(NamedTuple):
    """One problem with its place; the shape of `qtopo check --format json`.

    `severity` is `error`, `warning` or `info`; `environment` names the overlay
    that alone causes the problem; `docs` is the address of the rule's page;
    the paths of `fix` are those of the files they name.
    """

    rule: str
    code: str
    severity: str
    message: str
    help: str | None
    place: Place
    related: tuple[Related, ...]
    docs: str
    environment: str | None = None
    fix: Fix | None = None

    @property
    def file(self) -> str:
        """The file, as given."""
        return self.place.file

    @property
    def path(self) -> Path:
        """The key path."""
        return self.place.path

    @property
    def start(self) -> Position | None:
        """Where it begins."""
        return self.place.start

    @property
    def end(self) -> Position | None:
        """Where it ends, exclusive."""
        return self.place.end


class Locator(Protocol):
    """What knows where key paths stand (`qtopo.source`)."""

    def locate(self, spots: Sequence[At]) -> list[Place]:
        """Return one place for each spot, in order."""

    def resolve(self, fix: Fix) -> Fix | None:
        """Return a fix with the paths and names of the files it changes; None if it cannot be."""


def place(findings: Iterable[Finding], locator: Locator) -> list[Diagnostic]:
    """Give each finding its place; sorted by file, position, then rule.

    All spots are looked up in one call, so that each file is scanned once.
    """
    found = list(findings)
    spots = [spot for one in found for spot in (one.at, *(at for _, at in one.related))]
    places = iter(locator.locate(spots))
    diagnostics = [
        Diagnostic(
            rule=one.rule,
            code=one.code,
            severity=one.severity,
            message=one.message,
            help=one.help,
            place=next(places),
            related=tuple(Related(message, next(places)) for message, _ in one.related),
            docs=page_of(one.rule, one.code),
            environment=one.environment,
            fix=one.fix and locator.resolve(one.fix),
        )
        for one in found
    ]
    diagnostics.sort(key=_order)
    return diagnostics


def _order(one: Diagnostic) -> tuple[str, tuple[int, int], str, str]:
    return (one.place.file, one.place.start or (0, 0), one.code, one.message)
