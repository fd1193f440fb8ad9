"""The rule `argument-out-of-range`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qtopo.rules.base import Rule
from qtopo.rules.queues.argument_wrong_type import TYPES
from qtopo.rules.rabbitmq import CLASSIC, QUORUM, REFUSED, STREAM, arguments, is_rabbitmq, kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

_MOST = 2**63 - 1
RANGES = {
    "x-message-ttl": (0, _MOST),
    "x-expires": (1, _MOST),
    "x-max-length": (0, _MOST),
    "x-max-length-bytes": (0, _MOST),
    "x-max-priority": (0, 255),
    "x-queue-version": (1, 2),
    "x-quorum-initial-group-size": (1, _MOST),
}
OPTIONS = {
    "x-overflow": ("drop-head", "reject-publish", "reject-publish-dlx"),
    "x-queue-type": (CLASSIC, QUORUM, STREAM),
    "x-queue-mode": ("default", "lazy"),
    "x-dead-letter-strategy": ("at-most-once", "at-least-once"),
    "x-queue-leader-locator": ("client-local", "balanced", "random", "least-leaders"),
}
_AGE = re.compile(r"[0-9]+[YMDhms]")


class ArgumentOutOfRange(Rule):
    """A raw queue argument has a value that RabbitMQ does not take.

    ## Why is this bad?

    RabbitMQ refuses to declare the queue: 406 PRECONDITION_FAILED. The worker exits
    at its start.

    ## Example

    ```toml
    [queues.celery]
    arguments = { x-message-ttl = -1 }
    dead_letter = { exchange = "dead", routing_key = "dead" }

    [queues.dead]
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    message_ttl = "1h"
    dead_letter = { exchange = "dead", routing_key = "dead" }

    [queues.dead]
    parking = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "argument-out-of-range"
    code = "QT308"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare each raw argument with its range."""
        if not is_rabbitmq(context):
            return
        for name, queue in context.topology.queues.items():
            if not queue.arguments:
                continue
            refused = REFUSED.get(kind(queue), ())
            for one in arguments(queue):
                if one.path[2] != "arguments" or one.name in refused:
                    continue
                limit = _limit(one.name, one.value)
                if limit is not None:
                    yield self.finding(
                        f"argument {one.name!r} of queue {name!r} cannot be {one.value!r}: "
                        "RabbitMQ refuses to declare it",
                        one.path,
                        help=limit,
                    )


def _limit(name: str, value: Any) -> str | None:
    """Return what a value breaks, or None; one of a wrong type has another rule."""
    given = type(value)
    if given is not TYPES.get(name):
        return None
    if name in RANGES:
        least, most = RANGES[name]
        if least <= value <= most:
            return None
        return f"it is at least {least}" + (f" and at most {most}" if most < _MOST else "")
    if name in OPTIONS and value not in OPTIONS[name]:
        return f"it is one of {', '.join(OPTIONS[name])}"
    if name == "x-max-age" and not _AGE.fullmatch(value):
        return "it is a number and one of Y, M, D, h, m, s, such as 7D"
    return None
