"""The queues of the sending process, as Celery looks them up: one that is missing is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.routing.options import RefusedError
from qtopo.routing.sending import AMQP, QueueFacts

if TYPE_CHECKING:
    from qtopo.routing.sending import Sending


class Queues:
    """`app.amqp.queues`: a queue that is not there is created, or refused."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self._created: dict[str, QueueFacts] = {}

    @property
    def quorum(self) -> bool:
        """Whether Celery takes this for an application with quorum queues, now."""
        created = any(queue.quorum for queue in self._created.values())
        return self._sending.quorum or (created and self._sending.driver == AMQP)

    def find(self, name: Any) -> QueueFacts:
        """Return a queue by alias or name, creating it where that is on; raises KeyError."""
        sending = self._sending
        for known in (sending.aliases, sending.queues, self._created):
            if name in known:
                return known[name]
        if not sending.create_missing:
            raise KeyError(name)
        kind = sending.missing_queue_type
        if kind and kind not in ("classic", "quorum"):
            raise RefusedError("ValueError", f"queues cannot be created with type {kind!r}")
        made = QueueFacts(
            name,
            name or sending.default_exchange,
            # An exchange without a name is the default one's place.
            (sending.missing_exchange_type or "direct") if name else sending.default_exchange_type,
            name or sending.default_routing_key,
            quorum=kind == "quorum",
        )
        self._created[name] = made
        return made
