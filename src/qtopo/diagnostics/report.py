"""What a renderer is given: the diagnostics of one run and what was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.topology.finding import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.diagnostics.diagnostic import Diagnostic


class RuleFacts(NamedTuple):
    """What a report may say of a rule, whether it found something or not."""

    name: str
    code: str
    severity: str
    summary: str
    docs: str


class Fixable(NamedTuple):
    """How many of the problems shown a tool can mend: by itself, and only when told to.

    Where not all was tried (`exact` is False) it may be fewer.
    """

    safe: int = 0
    unsafe: int = 0
    exact: bool = True


class Report(NamedTuple):
    """The outcome of one run, and how it may be shown.

    `files` are all that were checked, `texts` what stands in them (a file may
    be missing there: then nothing of it is quoted). `suppressed` counts the
    diagnostics that comments in the files have waived. `width` is that of the
    terminal in columns; `unicode` says whether the output takes more than ASCII
    (box characters). `rules` are those that could have found something, for the
    formats that list them (`formats.DESCRIBING`). `fixable` is what the closing
    sentence offers to mend.
    """

    files: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, str]
    color: bool = False
    suppressed: int = 0
    width: int = 80
    unicode: bool = True
    rules: tuple[RuleFacts, ...] = ()
    fixable: Fixable = Fixable()

    def counts(self) -> dict[str, int]:
        """Return how many diagnostics there are of each severity, the most severe first."""
        counts = dict.fromkeys(SEVERITIES, 0)
        for one in self.diagnostics:
            counts[one.severity] += 1
        return counts
