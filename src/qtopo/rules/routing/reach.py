"""What the rules about keys share: who publishes through an exchange, and who gets it.

Each helper names one mistake. The later ones leave out senders that an earlier
one has something to say about, so that a mistake is reported once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.routing.topics import has_wildcard
from qtopo.rules.order import plain
from qtopo.rules.senders import ROUTE, sound_senders

if TYPE_CHECKING:
    from qtopo.rules.base import Context
    from qtopo.rules.senders import Sender
    from qtopo.topology.exchanges import Binding
    from qtopo.topology.finding import Path

_MATCHES = ("all", "any", "all-with-x", "any-with-x")


class Reach(NamedTuple):
    """A sender that publishes through an exchange, and the queues that get it."""

    sender: Sender
    delivered: tuple[str, ...]


def kind_of(context: Context, exchange: str) -> str | None:
    """Return how an exchange routes: its type, or the type inside `x-delayed-message`."""
    declared = context.wiring.exchanges.get(exchange)
    if declared is None:
        return None
    if declared.type == "x-delayed-message":
        return str(declared.arguments.get("x-delayed-type", "direct"))
    return declared.type


def exchange_not_bound(context: Context, sender: Sender) -> bool:
    """Whether a route gives an exchange that does not lead to its queue."""
    given = sender.route.exchange if sender.route else None
    if not given or sender.route is None or not sender.route.queue:
        return False
    if any(one.exchange == given for one in context.wiring.bindings[sender.queue]):
        return False
    # With several bindings it is published where the route says, and may pass
    # from there through other exchanges.
    several = bool(context.topology.queues[sender.queue].bindings)
    return not (several and sender.queue in sender.delivered_to(context.topology))


def exchange_missing(context: Context, sender: Sender) -> bool:
    """Whether a key is given for a queue on several exchanges, but none of them."""
    bindings = context.topology.queues[sender.queue].bindings
    if sender.key_path is None or not bindings:
        return False
    if sender.route is not None and sender.route.exchange:
        return False
    return len({one.exchange for one in bindings}) > 1


def key_missing(context: Context, sender: Sender) -> bool:
    """Whether the key is left to a binding with a wildcard."""
    return (
        _published(context, sender)
        and sender.key_path is None
        and kind_of(context, sender.sent.wire_exchange or "") == "topic"
        and has_wildcard(sender.sent.wire_key or "")
    )


def key_has_wildcard(context: Context, sender: Sender) -> bool:
    """Whether the key that is given has a wildcard."""
    return (
        _published(context, sender)
        and sender.key_path is not None
        and kind_of(context, sender.sent.wire_exchange or "") == "topic"
        and has_wildcard(sender.sent.wire_key or "")
    )


def headers_missing(context: Context, sender: Sender) -> bool:
    """Whether no headers are given where the queue needs some."""
    return (
        _published(context, sender)
        and kind_of(context, sender.sent.wire_exchange or "") == "headers"
        and not sender.sent.headers
        and sender.queue not in sender.delivered_to(context.topology)
    )


def headers_binding_empty(binding: Binding) -> bool:
    """Whether a binding to a headers exchange names no header."""
    return not set(binding.arguments) - {"x-match"}


def reach(context: Context) -> list[Reach]:
    """Return who publishes through an exchange with what may reach queues, and which."""
    found: list[Reach] | None = context.memory.get("reach")
    if found is None:
        found = context.memory["reach"] = _reach(context)
    return found


def _reach(context: Context) -> list[Reach]:
    found = []
    known: dict[tuple[str, str], tuple[str, ...]] = {}
    for sender in sound_senders(context):
        if (
            not _published(context, sender)
            or key_missing(context, sender)
            or key_has_wildcard(context, sender)
            or headers_missing(context, sender)
        ):
            continue
        sent = sender.sent
        at = (sent.wire_exchange or "", sent.wire_key or "")
        delivered = None if sent.headers else known.get(at)
        if delivered is None:
            delivered = sender.delivered_to(context.topology)
            if not sent.headers:
                known[at] = delivered
        found.append(Reach(sender, delivered))
    return found


def _published(context: Context, sender: Sender) -> bool:
    """Whether a sender publishes through an exchange that it may use, and that delivers."""
    exchange = sender.sent.wire_exchange
    if not exchange or not context.is_sound("exchanges", exchange):
        return False
    route = sender.route
    if route is not None and route.exchange and not route.queue:
        return False
    if exchange_missing(context, sender) or (
        route is not None and route.exchange and exchange_not_bound(context, sender)
    ):
        return False
    kind = kind_of(context, exchange)
    transport = context.topology.broker.kind
    if kind not in transport.exchange_types and not transport.plugins:
        return False
    return kind != "headers" or not any(
        headers_binding_empty(one.binding)
        or one.binding.arguments.get("x-match", "all") not in _MATCHES
        for one in context.wiring.bound.get(exchange, ())
    )


def published_with(context: Context, sender: Sender) -> tuple[str, Path]:
    """Return what a message is published with, in words, and where that stands."""
    if kind_of(context, sender.sent.wire_exchange or "") == "headers":
        at = (*sender.path, "headers") if sender.kind == ROUTE else sender.place
        return f"the headers {plain(sender.sent.headers)!r}", at
    return f"the key {sender.sent.wire_key!r}", sender.key_path or sender.place


def bound_with(context: Context, sender: Sender) -> str:
    """Return what the sender's queue is bound with, as advice."""
    exchange = sender.sent.wire_exchange
    bindings = [one for one in context.wiring.bindings[sender.queue] if one.exchange == exchange]
    if not bindings:
        return f"queue {sender.queue!r} is not bound to exchange {exchange!r} itself"
    if kind_of(context, exchange or "") == "headers":
        wanted = ", ".join(repr(plain(one.arguments)) for one in bindings[:3])
    else:
        wanted = ", ".join(repr(one.routing_key) for one in bindings[:3])
    return f"queue {sender.queue!r} is bound with {wanted}"
