"""Queues and exchanges as tables of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.importers.draft import ERROR, INFO, WARNING
from qtopo.topology.transports import transport
from qtopo.topology.units import format_duration, format_size

if TYPE_CHECKING:
    from qtopo.importers.draft import Draft, Path
    from qtopo.importers.translate.declared import Declared
    from qtopo.importers.translate.facts import ExchangeFacts, QueueFacts

_FLAGS = {
    "x-single-active-consumer": "single_active_consumer",
}
_WORDS = {"x-queue-type": "type", "x-overflow": "overflow"}
_NUMBERS = {
    "x-max-priority": "max_priority",
    "x-max-length": "max_length",
    "x-delivery-limit": "delivery_limit",
}
_MILLISECONDS = {"x-message-ttl": "message_ttl", "x-expires": "expires"}


def write_queues(declared: Declared, draft: Draft) -> None:
    """Put every queue, and the exchanges they need, into the draft."""
    exchanges: dict[str, ExchangeFacts] = {}
    virtual = transport(draft.table("broker").get("transport", "rabbitmq")).virtual
    for queue in declared.queues.values():
        path: Path = ("queues", queue.name)
        table = _wiring(queue, declared, virtual, draft) | options_table(queue.options, draft, path)
        draft.put(path, table, queue.where)
        own = "exchange" not in table and "bindings" not in table
        used = [one for one, _, _ in queue.bindings] or ([] if own else [queue.exchange])
        for exchange in used:
            _note_exchange(exchange, exchanges, queue, draft)
    brought = {
        name
        for name, table in draft.table("queues").items()
        if not table.keys() & {"exchange", "bindings", "broadcast"}
    }
    for name, exchange in exchanges.items():
        if name in brought and not exchange_table(exchange):
            continue
        draft.put(("exchanges", name), exchange_table(exchange))


def exchange_table(exchange: ExchangeFacts) -> dict[str, Any]:
    """Return the table of an exchange."""
    table: dict[str, Any] = {}
    if exchange.type != "direct":
        table["type"] = exchange.type
    if not exchange.durable:
        table["durable"] = False
    if exchange.auto_delete:
        table["auto_delete"] = True
    arguments = dict(exchange.arguments)
    alternate = arguments.get("alternate-exchange")
    if isinstance(alternate, str) and alternate:
        table["alternate"] = arguments.pop("alternate-exchange")
    if arguments:
        table["arguments"] = arguments
    return table


def _note_exchange(
    exchange: ExchangeFacts, found: dict[str, ExchangeFacts], queue: QueueFacts, draft: Draft
) -> None:
    first = found.setdefault(exchange.name, exchange)
    if exchange_table(first) != exchange_table(exchange):
        draft.note(
            ERROR,
            f"exchange {exchange.name!r} is declared in two ways: as {exchange_table(first)} and, "
            f"by queue {queue.name!r}, as {exchange_table(exchange)}; the first is kept",
            ("exchanges", exchange.name),
            queue.where,
            "exchange-declared-twice",
        )


def _wiring(queue: QueueFacts, declared: Declared, virtual: bool, draft: Draft) -> dict[str, Any]:
    """Return what ties a queue to its exchange, as short as the file's defaults allow."""
    name, exchange, key = queue.name, queue.exchange, queue.routing_key
    if queue.bindings:
        return {"bindings": [_binding(*one) for one in queue.bindings]}
    if queue.broadcast:
        if exchange.name != name or exchange.type != "fanout":
            draft.note(
                WARNING,
                f"broadcast queue {name!r} has exchange {exchange.name!r} ({exchange.type}); in "
                "the file it is a fanout exchange of the queue's name",
                ("queues", name),
                queue.where,
                "broadcast-exchange",
            )
        if virtual:
            draft.note(
                WARNING,
                f"broadcast queue {name!r}: on this transport kombu's Broadcast does not deliver "
                "what another process sends; it becomes a fanout queue that does",
                ("queues", name),
                queue.where,
                "broadcast-undelivered",
            )
            return {"broadcast": True}
        same = key == declared.default
        return {"broadcast": True} if same else {"broadcast": True, "routing_key": key}
    fanout = exchange.type == "fanout"
    if virtual and fanout and exchange.name == name == key and exchange_plain(exchange):
        return {"broadcast": True}
    table: dict[str, Any] = {}
    if exchange.name != name or exchange.type != "direct" or not exchange_plain(exchange):
        table["exchange"] = exchange.name
    unsaid = declared.default if exchange.type in ("fanout", "headers") else name
    if key != unsaid:
        table["routing_key"] = key
    return table


def exchange_plain(exchange: ExchangeFacts) -> bool:
    """Whether an exchange says nothing but its name and type."""
    return exchange.durable and not exchange.auto_delete and not exchange.arguments


def _binding(exchange: ExchangeFacts, key: str, arguments: dict[str, Any]) -> dict[str, Any]:
    table: dict[str, Any] = {"exchange": exchange.name}
    if key:
        table["routing_key"] = key
    if arguments:
        table["arguments"] = arguments
    return table


def options_table(options: dict[str, Any], draft: Draft, path: Path) -> dict[str, Any]:
    """Return kombu's options of a queue as keys of the file."""
    table: dict[str, Any] = {}
    if options.get("durable") is False:
        table["durable"] = False
    if options.get("exclusive") is True:
        table["exclusive"] = True
    if options.get("auto_delete") is True and "unique" not in options:
        table["auto_delete"] = True
    arguments = dict(options.get("queue_arguments") or {})
    raw = arguments_table(arguments)
    # kombu's own attributes go over the arguments of the same meaning.
    for key in ("max_priority", "max_length"):
        if options.get(key) is not None:
            raw[key] = options[key]
    for key in ("expires", "message_ttl"):
        value = options.get(key)
        if isinstance(value, int | float) and value >= 0:
            raw[key] = format_duration(value)
    if isinstance(options.get("max_length_bytes"), int):
        raw["max_length_bytes"] = format_size(options["max_length_bytes"])
    table |= raw
    for key in ("consumer_arguments", "binding_arguments"):
        if isinstance(options.get(key), dict) and options[key]:
            table[key] = options[key]
    for key in ("no_ack", "no_declare", "on_declared"):
        if options.get(key):
            draft.note(INFO, f"queue option {key} has no key in the file", path, None)
            draft.leave(".".join(map(str, path)), f"{key} = {options[key]!r}")
    return table


def arguments_table(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return declaration arguments of RabbitMQ as keys of the file; `arguments` holds the rest."""
    rest = dict(arguments)
    table: dict[str, Any] = {}
    for name, key in _WORDS.items():
        if isinstance(rest.get(name), str):
            table[key] = rest.pop(name)
    for name, key in _NUMBERS.items():
        value = rest.get(name)
        if type(value) is int and (value >= 0):
            table[key] = rest.pop(name)
    for name, key in _MILLISECONDS.items():
        value = rest.get(name)
        if type(value) is int and value > 0:
            table[key] = format_duration(rest.pop(name) / 1000)
    if type(rest.get("x-max-length-bytes")) is int and rest["x-max-length-bytes"] > 0:
        table["max_length_bytes"] = format_size(rest.pop("x-max-length-bytes"))
    for name, key in _FLAGS.items():
        if rest.get(name) is True:
            table[key] = rest.pop(name)
    exchange = rest.get("x-dead-letter-exchange")
    if isinstance(exchange, str) and exchange:
        letters = {"exchange": rest.pop("x-dead-letter-exchange")}
        if isinstance(rest.get("x-dead-letter-routing-key"), str):
            letters["routing_key"] = rest.pop("x-dead-letter-routing-key")
        table["dead_letter"] = letters
    if rest:
        table["arguments"] = rest
    return table
