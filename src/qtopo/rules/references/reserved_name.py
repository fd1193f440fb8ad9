"""The rule `reserved-name`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


_NAMES = {
    "celery.pidbox": "Celery's remote control",
    "reply.celery.pidbox": "Celery's remote control",
    "celeryev": "Celery's event stream",
    "C.dq2": "Celery's worker_direct",
    "celery_delayed_delivery": "Celery's delayed delivery",
}
_SUFFIXES = {".celery.pidbox": "Celery's remote control", ".dq2": "Celery's worker_direct"}
_DELAYED = "celery_delayed_"
_LEVELS = 28
_PREDECLARED = {
    "amq.direct": "direct",
    "amq.topic": "topic",
    "amq.fanout": "fanout",
    "amq.headers": "headers",
    "amq.match": "headers",
}
"""Exchanges that every RabbitMQ has: to declare one is to say that it is used."""


def _owner(name: str) -> str | None:
    """Return who uses a name, or None."""
    if name in _NAMES:
        return _NAMES[name]
    for suffix, owner in _SUFFIXES.items():
        if name.endswith(suffix):
            return owner
    if name.startswith("celeryev."):
        return _NAMES["celeryev"]
    level = name.removeprefix(_DELAYED)
    if level != name and level.isdecimal() and level.isascii() and int(level[:4]) < _LEVELS:
        return _NAMES["celery_delayed_delivery"]
    return None


class ReservedName(Rule):
    """A queue or an exchange has a name that Celery or RabbitMQ keeps for itself.

    ## Why is this bad?

    RabbitMQ refuses queues that begin with `amq.` (403), and kombu never declares
    such exchanges. Celery's own queues and exchanges carry remote control, events
    and delayed tasks: a task queue of the same name gets their messages, or makes
    the worker fail because it is declared in two ways.

    ## Example

    ```toml
    [queues.celery]
    [queues.celeryev]

    [workers.main]
    queues = ["celery", "celeryev"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.events]

    [workers.main]
    queues = ["celery", "events"]
    ```

    ## Versions

    Any; names that begin with `amq.` on RabbitMQ.

    ## Source

    Measured on RabbitMQ 3.10.8 and kombu 5.7.0. Read in the source of Celery 5.7.0.
    """

    name = "reserved-name"
    code = "QT119"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for reserved names."""
        rabbitmq = context.topology.broker.kind.name == "rabbitmq"
        for section in ("exchanges", "queues"):
            for name, one in getattr(context.topology, section).items():
                owner = _owner(name)
                if rabbitmq and name.startswith("amq."):
                    if section == "exchanges" and _PREDECLARED.get(name) == one.type:
                        continue
                    owner = "RabbitMQ"
                if owner is not None:
                    yield self.finding(
                        f"the name {name!r} is reserved: {owner} uses it for itself",
                        At((section, name), "key"),
                        help="choose another name",
                    )
