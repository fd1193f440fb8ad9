"""`[lint]`: which rules speak, how loudly, and what is set of them.

Which rules there are is not known here: names are read as text, and judged by
`qtopo.rules.configuration`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.topology.common import EMPTY, NAMES
from qtopo.topology.finding import SEVERITIES
from qtopo.topology.kinds import Items, Named, Text
from qtopo.topology.model import Model, field
from qtopo.topology.raw import Raw

if TYPE_CHECKING:
    from collections.abc import Mapping

OFF = "off"
"""The severity of a rule that is not run."""


class Lint(Model):
    """What `qtopo check` looks for. Rules are named by name, code, start of a code, or family."""

    select: tuple[str, ...] | None = field(
        NAMES, "The rules to run; without it all of them.", default=None
    )
    ignore: tuple[str, ...] = field(NAMES, "The rules to leave out.", default=())
    severity: Mapping[str, str] = field(
        Named(Text(options=(*SEVERITIES, OFF))),
        "How severe the findings of a rule are, by rule; `off` leaves it out.",
        default=EMPTY,
    )
    rules: Mapping[str, Mapping[str, Any]] = field(
        Named(Raw(dict)), "The options of rules, by the rule's name.", default=EMPTY
    )
    plugins: tuple[str, ...] = field(
        Items(Text("a plugin", empty=False)),
        "Your own rules: `module:ATTRIBUTE`, or `./file.py` beside this file. Their code is run.",
        default=(),
    )
