"""The keys that messages in a queue carry, which dead letters keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.routing.topics import has_wildcard

if TYPE_CHECKING:
    from qtopo.rules.base import Context
    from qtopo.topology.queues import Queue


def letter_keys(context: Context, queue: Queue) -> list[str]:
    """Return the keys that messages get into a queue with, the likeliest first.

    Celery publishes to a queue on a direct exchange, or with `bindings`, with the
    queue's name. Empty where a pattern takes keys that the file does not tell, or
    where the exchange looks at no key.
    """
    wiring = context.wiring
    bindings = wiring.bindings[queue.name]
    kinds = {wiring.exchange_type(binding.exchange) for binding in bindings}
    if not kinds <= {"direct", "topic", "fanout"}:
        return []
    keys = [queue.name] if queue.bindings or "direct" in kinds else []
    for binding in bindings:
        if wiring.exchange_type(binding.exchange) == "topic" and has_wildcard(binding.routing_key):
            return []
        keys.append(binding.routing_key)
    return list(dict.fromkeys(keys))
