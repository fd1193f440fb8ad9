"""The kinds that many tables share."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qtopo.topology import units
from qtopo.topology.kinds import Flag, Items, Named, Number, Quantity, Text, name_problem
from qtopo.topology.raw import Raw

if TYPE_CHECKING:
    from collections.abc import Mapping

EMPTY: Mapping[str, Any] = MappingProxyType({})
"""The default of every table of free keys."""

DURATION = Quantity(
    "a duration",
    units.parse_duration,
    units.format_duration,
    ("40s", "250ms", "2h"),
    units.duration_pattern,
)
PERIOD = Quantity(
    "a duration",
    units.parse_duration,
    units.format_duration,
    ("15m", "10s", "1d"),
    units.duration_pattern,
    positive=True,
)
SIZE = Quantity(
    "a size",
    units.parse_size,
    units.format_size,
    ("400MB", "1.5GB", "512MiB"),
    units.size_pattern,
    positive=True,
)
RATE = Quantity("a rate", units.parse_rate, str, ("20/s", "5/m", "1000/h"), units.rate_pattern)
TEXT = Text()
PROSE = Text(single_line=False)
FLAG = Flag()
COUNT = Number()
POSITIVE = Number(1)
AMOUNT = Number(0, 1e6, fraction=True)
ARGUMENTS = Raw(dict)


def _name(value: str) -> str | None:
    problem = name_problem(value)
    return problem and f"cannot be {value!r}: a name {problem.replace('is empty', 'is not empty')}"


NAME = Text("a name", check=_name, form=lambda: {"minLength": 1})
NAMES = Items(NAME, "a list of names")
SOME_NAMES = Items(NAME, "a list of names", least=1)
KEY = Text("a routing key")


def url_problem(value: str) -> str | None:
    """Return why a text is no `env:NAME` and no URL, or None; never repeats the text."""
    if value.startswith("env:"):
        name = value[4:]
        if not name.isidentifier() or not name.isascii():
            return 'names no environment variable: write "env:NAME"'
        return None
    scheme, separator, _ = value.partition("://")
    if not separator or not scheme.replace("+", "").replace("-", "").replace(".", "").isalnum():
        return 'is neither "env:NAME" nor a URL such as "redis://localhost:6379/0"'
    return None


def url_form() -> dict[str, Any]:
    """Return what `url_problem` and `url_password` say, for JSON Schema."""
    from qtopo.topology.schema import CONTROL

    return {
        "anyOf": [
            {"pattern": "^env:[A-Za-z_][A-Za-z0-9_]*$"},
            {
                "pattern": rf"^[^{CONTROL} -*,/:-@\[-`\{{-~]+://[^{CONTROL}]*$",
                "not": {"pattern": "^env:|://[^/]*:[^/]*[^:/]@[^/@]*(/|$)"},
            },
        ]
    }


def url_password(url: str) -> bool:
    """Whether a URL carries a password."""
    authority = url.partition("://")[2].partition("/")[0]
    user, separator, _ = authority.rpartition("@")
    return bool(separator) and ":" in user and not user.endswith(":")


def env_problem(name: str) -> str | None:
    """Return why a text cannot be the name of an environment variable, or None."""
    if name.isidentifier() and name.isascii():
        return None
    return "is not the name of an environment variable: letters, digits and _"


ENVIRONMENT = Named(TEXT, check=env_problem, names="^[A-Za-z_][A-Za-z0-9_]*$")
