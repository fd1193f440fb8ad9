"""Joins the comments of the files with the findings: what they waive, and which waive nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.diagnostics import place
from qtopo.diagnostics.suppression import MARK, sift, waivers
from qtopo.rules.configuration import Config, known, names
from qtopo.source.comments import comments
from qtopo.topology.code_rules import FAMILY as CODE
from qtopo.topology.finding import ERROR, At
from qtopo.topology.shape import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qtopo.diagnostics import Diagnostic
    from qtopo.diagnostics.suppression import Waiver
    from qtopo.source.source import Source
    from qtopo.topology.finding import Finding


def waive(
    diagnostics: list[Diagnostic], source: Source, config: Config | None, *, whole: bool
) -> tuple[list[Diagnostic], int]:
    """Return the diagnostics that no comment waives, and how many were waived.

    Where the diagnostics are the `whole` of what can be found, comments that
    waive nothing are found too.
    """
    found = {file: waivers(comments(text)) for file, text in source.texts.items() if MARK in text}
    kept, idle = sift(diagnostics, found, _waivable)
    suppressed = len(diagnostics) - len(kept)
    if whole and any(idle.values()):
        config = config or Config()
        unused = config.apply(_unused(idle, config))
        if unused:
            kept += place(unused, source)
            kept.sort(key=lambda one: (one.place.file, one.place.start or (0, 0)))
    return kept, suppressed


def _waivable(one: Diagnostic) -> bool:
    """Errors of shape are not: the file does not say what it means."""
    shape = SHAPES.get(one.rule)
    return shape is None or shape.severity != ERROR


def _unused(idle: Mapping[str, list[Waiver]], config: Config) -> Iterator[Finding]:
    from qtopo.rules.conventions.unused_suppression import UnusedSuppression
    from qtopo.topology.suggest import did_you_mean

    rule = UnusedSuppression()
    kinds = known(config.extra)
    called = {word: kind for kind in kinds for word in (kind.name, kind.code)}
    for file, some in idle.items():
        for one in some:
            kind = called.get(one.name)
            # What was not looked for cannot be found.
            if rule.name in one.together or (kind is not None and kind.name in config.off):
                continue
            if kind is not None and kind.family == CODE:
                # Findings about code come by `--project` alone.
                continue
            if kind is None and one.name and not config.complete:
                continue
            help: str | None = "remove it: it would hide the next mistake of this kind"
            if not one.name:
                message = "this comment waives nothing: it names no rule"
                help = "name what it waives: `# qtopo: ignore[rule-name] reason`"
            elif kind is None:
                message = f"this comment waives nothing: there is no rule {one.name!r}"
                help = did_you_mean(one.name, names(kinds)) or "`qtopo rules` lists them all"
            elif kind.fixed:
                message = f"this comment waives nothing: {one.name!r} is an error of shape"
                help = "the file holds no topology, or not this one, until it is mended"
            else:
                lines = "on its line" if one.first == one.last else "in its table"
                message = f"this comment waives nothing: {lines} is no finding of {one.name!r}"
            yield rule.finding(message, At((), file=file, span=one.span), help=help)
