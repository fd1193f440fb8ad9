"""Where Celery publishes a message with given options: its algorithm, over plain facts.

Follows `Router.route` and `AMQP.send_task_message` of Celery 5.7; `verify` holds the
result against Celery itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.importers.values import ExchangeSpec, settled

if TYPE_CHECKING:
    from qtopo.importers.translate.declared import Declared
    from qtopo.importers.translate.facts import QueueFacts

_MODES = {1: "transient", 2: "persistent", "transient": "transient", "persistent": "persistent"}


class Sent(NamedTuple):
    """What goes out: exchange and key on the wire (None: lost), and what goes with it.

    `queue` is the queue that Celery resolved, None where there is none. `said_key` is the
    key that was given.
    """

    queue: str | None
    exchange: str | None
    key: str | None
    type: str
    said_key: str | None
    priority: int | None
    delivery_mode: str | None
    headers: dict[str, Any]


def send(options: dict[str, Any], declared: Declared, what: str, where: str | None) -> Sent:
    """Return where a message goes; queues that are only named are made, as Celery does."""
    name = settled(options.get("queue"))
    exchange = _exchange_name(options.get("exchange"))
    key = settled(options.get("routing_key"))
    key = key if isinstance(key, str) and key else None
    if not isinstance(name, str) or not name:
        name = declared.default if not exchange else None
    queue = None if name is None else declared.get(name, what, where)
    kind = settled(options.get("exchange_type")) or (
        queue.exchange.type if queue is not None else "direct"
    )
    mode = _MODES.get(settled(options.get("delivery_mode")) or _mode_of(queue))
    if (not exchange or not key) and kind == "direct":
        wire: tuple[str | None, str | None] = ("", None if queue is None else queue.name)
    elif not exchange:
        home = queue.exchange.name if queue is not None else declared.home.name
        wire = (home, key or (queue.routing_key if queue is not None else declared.key))
    else:
        wire = (exchange, key)
    priority = settled(options.get("priority"))
    headers = settled(options.get("headers"))
    return Sent(
        None if queue is None else queue.name,
        *wire,
        str(kind),
        key,
        priority if type(priority) is int else None,
        mode,
        dict(headers) if isinstance(headers, dict) else {},
    )


def _mode_of(queue: QueueFacts | None) -> Any:
    return None if queue is None else queue.exchange.delivery_mode


def _exchange_name(value: Any) -> str | None:
    if isinstance(value, ExchangeSpec):
        value = value.name
    value = settled(value)
    return value if isinstance(value, str) else None
