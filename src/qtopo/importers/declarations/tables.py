"""One queue or exchange as a table of the file: declared from it again, it is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.importers.translate.facts import ExchangeFacts
from qtopo.importers.translate.queues import arguments_table
from qtopo.importers.translate.queues import exchange_table as facts_table
from qtopo.topology.exchanges import TYPES
from qtopo.topology.kinds import name_problem, printable
from qtopo.topology.units import format_duration, parse_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.importers.declarations.objects import BindingFound, ExchangeFound, QueueFound

_WORDS = {
    "x-queue-type": ("classic", "quorum", "stream"),
    "x-overflow": ("drop-head", "reject-publish", "reject-publish-dlx"),
}
_INT64 = 2**63


def exchange_table(exchange: ExchangeFound) -> dict[str, Any]:
    """Return the table of an exchange, without its bindings."""
    facts = ExchangeFacts(
        exchange.name,
        exchange.type,
        exchange.durable,
        exchange.auto_delete,
        _writable(exchange.arguments),
    )
    return facts_table(facts)


def is_plain(exchange: ExchangeFound) -> bool:
    """Whether an exchange is just what a queue of its name brings along."""
    return not exchange_table(exchange)


def exchange_problem(exchange: ExchangeFound) -> str | None:
    """Return why the file has no place for an exchange, or None."""
    if name_problem(exchange.name) is not None:
        return f"its name {name_problem(exchange.name)}"
    if exchange.internal:
        return "it is internal: Celery declares no such exchange, and gets 406 for the name"
    if exchange.type not in TYPES and not (exchange.type.startswith("x-") and exchange.type[2:]):
        return "the file knows no such type"
    return None if printable(exchange.type) else "its type holds a control character"


def binding_problem(binding: BindingFound) -> str | None:
    """Return why the file has no place for a binding, or None."""
    return None if printable(binding.key) else "its key holds a control character"


def queue_options(queue: QueueFound) -> dict[str, Any]:
    """Return what a queue was declared with as keys of the file, its bindings aside."""
    table: dict[str, Any] = {}
    if not queue.durable:
        table["durable"] = False
    if queue.auto_delete:
        table["auto_delete"] = True
    arguments = dict(queue.arguments)
    if "x-queue-type" not in arguments and queue.type in ("quorum", "stream"):
        # The vhost's default type: what is declared without one gets it too.
        arguments["x-queue-type"] = queue.type
    arguments = _writable(arguments)
    raw = {key: value for key, value in arguments.items() if not _has_key(key, value)}
    table |= arguments_table({key: one for key, one in arguments.items() if key not in raw})
    if raw:
        table["arguments"] = table.get("arguments", {}) | raw
    return table


def unwritable(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that TOML has no value for."""
    return {key: value for key, value in arguments.items() if not _fits(value)}


def _writable(arguments: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if _fits(value)}


def _fits(value: Any, depth: int = 0) -> bool:
    """Whether TOML and the file hold a value exactly."""
    if depth > 16 or value is None:
        return False
    if isinstance(value, dict):
        return all(printable(key) and _fits(one, depth + 1) for key, one in value.items())
    if isinstance(value, list):
        return all(_fits(one, depth + 1) for one in value)
    if isinstance(value, float):
        return value - value == 0
    if isinstance(value, int):
        return -_INT64 <= value < _INT64
    return not isinstance(value, str) or not any("\ud800" <= one < "\ue000" for one in value)


def _has_key(name: str, value: Any) -> bool:
    """Whether the file's own key for an argument can hold this value."""
    if name in _WORDS:
        return value in _WORDS[name]
    if name in ("x-message-ttl", "x-expires") and type(value) is int:
        try:
            return (
                value > 0 and round(parse_duration(format_duration(value / 1000)) * 1000) == value
            )
        except ValueError:
            return False
    if name == "x-max-priority":
        return type(value) is int and 0 <= value <= 255
    if name in ("x-dead-letter-exchange", "x-dead-letter-routing-key"):
        return isinstance(value, str) and printable(value)
    return True


def wiring(
    queue: str, bindings: Sequence[BindingFound], exchanges: dict[str, ExchangeFound]
) -> dict[str, Any]:
    """Return what ties a queue to its exchanges, as short as the file's defaults allow.

    An empty key is said by `bindings` alone: `routing_key` would mean the default key.
    """
    if not bindings:
        # A queue always has one binding in the file: an exchange of its own, where
        # that changes nothing else.
        return {"exchange": "amq.direct"} if queue in exchanges else {}
    (first, *more) = bindings
    if more or not first.key:
        return {"bindings": [_binding(one) for one in bindings]}
    exchange = exchanges[first.source]
    named = exchange.type not in ("fanout", "headers") and first.key == queue
    if named and first.source == queue and not first.arguments and exchange.type == "direct":
        return {}
    table: dict[str, Any] = {"exchange": first.source}
    if not named:
        table["routing_key"] = first.key
    if first.arguments:
        table["binding_arguments"] = first.arguments
    return table


def _binding(binding: BindingFound) -> dict[str, Any]:
    table: dict[str, Any] = {"exchange": binding.source}
    if binding.key:
        table["routing_key"] = binding.key
    if binding.arguments:
        table["arguments"] = binding.arguments
    return table


def exchange_binding(binding: BindingFound) -> dict[str, Any]:
    """Return a binding between exchanges, of the table of the one that receives."""
    return _binding(binding)
