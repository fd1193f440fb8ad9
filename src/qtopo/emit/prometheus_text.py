"""Texts of any content in Prometheus's rules: in PromQL, in templates, and times."""

from __future__ import annotations

from math import ceil

LONGEST = 365 * 86_400
"""The longest range in seconds that is asked for: nobody keeps more than a year."""

_OPEN = "{{"


def quoted(text: str) -> str:
    """Return a text as a string of PromQL, which has Go's escapes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one >= " " else f"\\x{ord(one):02x}" for one in escaped) + '"'


def literal(text: str) -> str:
    """Return a text for a label or an annotation: both are Go templates, which `{{` begins."""
    # A brace on its own would make one with what follows it.
    return text.replace(_OPEN, '{{"{{"}}')


def selected(metric: str, **labels: str) -> str:
    """Return the series of a metric that have some labels, each exactly."""
    matchers = ",".join(f"{name}={quoted(value)}" for name, value in labels.items())
    return f"{metric}{{{matchers}}}"


def span(seconds: float) -> str:
    """Return a time as PromQL writes ranges: whole seconds, at most a year."""
    return f"{min(ceil(seconds), LONGEST)}s"


def figure(number: float) -> str:
    """Return a number as PromQL reads it."""
    return repr(int(number)) if number == int(number) else repr(float(number))
