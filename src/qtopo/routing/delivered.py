"""What a broker does with one message: the queues it gets into, and its way there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.topology.wiring import Bound


class Refused(NamedTuple):
    """Why a message cannot be published: the exception's name as the sender sees it, and why."""

    error: str
    message: str


class Match(NamedTuple):
    """A binding that took the message: `kind` is `queue` or `exchange`, `name` what it leads to."""

    kind: str
    exchange: str
    routing_key: str
    arguments: Mapping[str, Any]
    name: str


class Passed(NamedTuple):
    """One exchange on the way of a message.

    `matches` are the bindings that took it; `alternate` is the exchange that gets
    it because none did. Where `chooses` is true the message goes by some of the
    `matches`, and nothing in the file tells which: a plugin's exchange decides, or
    on Redis the order in which kombu subscribes.
    """

    exchange: str
    type: str
    matches: tuple[Match, ...]
    alternate: str | None = None
    chooses: bool = False


class Delivered(NamedTuple):
    """Where a message comes.

    `queues` are the declared queues that get it, in the order of the file, each
    once; `undeclared` names under which a virtual transport files it although no
    queue is declared so; `steps` the exchanges it passes, in the order they get
    it; `refused` why it cannot be sent at all (then nothing gets it).
    """

    queues: tuple[str, ...]
    steps: tuple[Passed, ...] = ()
    refused: Refused | None = None
    undeclared: tuple[str, ...] = ()


def match(one: Bound) -> Match:
    """Return a binding as an answer shows it."""
    binding = one.binding
    return Match(one.kind, binding.exchange, binding.routing_key, binding.arguments, one.name)
