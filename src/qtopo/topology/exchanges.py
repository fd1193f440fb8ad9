"""`[exchanges.NAME]` and bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.topology.common import ARGUMENTS, EMPTY, FLAG, KEY, NAME, PROSE
from qtopo.topology.kinds import Items, Table, Text
from qtopo.topology.model import Model, field, name_field

if TYPE_CHECKING:
    from collections.abc import Mapping

TYPES = ("direct", "topic", "fanout", "headers")


def _type(value: str) -> str | None:
    if value in TYPES or (value.startswith("x-") and len(value) > 2):
        return None
    from qtopo.topology.suggest import did_you_mean

    hint = did_you_mean(value, TYPES) or "a plugin's type begins with x-"
    return f"cannot be {value!r}: it is one of {', '.join(TYPES)} ({hint})"


def _type_form() -> dict[str, Any]:
    from qtopo.topology.schema import CONTROL

    return {"anyOf": [{"enum": list(TYPES)}, {"pattern": f"^x-[^{CONTROL}]+$"}]}


class Binding(Model):
    """What ties a queue, or another exchange, to an exchange."""

    exchange: str = field(NAME, "The exchange that messages come from.")
    routing_key: str = field(KEY, "The binding key.", default="")
    arguments: Mapping[str, Any] = field(
        ARGUMENTS, "The match table of a headers exchange.", default=EMPTY
    )


BINDINGS = Items(Table(Binding), "a list of bindings", least=1)


class Exchange(Model):
    """What messages are published to, and what passes them on to queues."""

    name: str = name_field()
    type: str = field(
        Text(check=_type, form=_type_form),
        "direct, topic, fanout, headers, or a plugin's `x-` type.",
        default="direct",
    )
    durable: bool = field(FLAG, "Whether it outlives a restart of the broker.", default=True)
    auto_delete: bool = field(
        FLAG, "Whether it goes when the last binding to it goes.", default=False
    )
    alternate: str | None = field(
        NAME, "The exchange that takes what no binding of this one takes.", default=None
    )
    arguments: Mapping[str, Any] = field(ARGUMENTS, "Raw declaration arguments.", default=EMPTY)
    bindings: tuple[Binding, ...] = field(
        BINDINGS, "The exchanges that this one receives from.", default=()
    )
    description: str | None = field(PROSE, "What it is for.", default=None)
    owner: str | None = field(PROSE, "Who answers for it.", default=None)
