"""The rule `argument-wrong-type`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import ATTRIBUTES, REFUSED, arguments, is_rabbitmq, kind
from qtopo.topology.model import type_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

TYPES: dict[str, type] = {
    "x-message-ttl": int,
    "x-expires": int,
    "x-max-length": int,
    "x-max-length-bytes": int,
    "x-max-priority": int,
    "x-queue-version": int,
    "x-quorum-initial-group-size": int,
    "x-single-active-consumer": bool,
    "x-overflow": str,
    "x-dead-letter-exchange": str,
    "x-dead-letter-routing-key": str,
    "x-dead-letter-strategy": str,
    "x-queue-type": str,
    "x-queue-mode": str,
    "x-queue-leader-locator": str,
    "x-queue-master-locator": str,
    "x-max-age": str,
}
_WORDS = {int: "a whole number", bool: "true or false", str: "a string"}
_KEYS = {argument: key for key, argument in ATTRIBUTES.items()}


class ArgumentWrongType(Rule):
    """A raw queue argument has another type than RabbitMQ takes.

    ## Why is this bad?

    RabbitMQ refuses to declare the queue: 406 PRECONDITION_FAILED, `expected
    integer`. Raw arguments go out as they are: times are whole milliseconds, no
    text, no fraction. (`x-queue-master-locator` with a number even ends the
    connection with 541 INTERNAL_ERROR.)

    ## Example

    ```toml
    [queues.celery]
    arguments = { x-max-priority = "5" }

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    max_priority = 5

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ, any version.

    ## Source

    Measured on RabbitMQ 3.10.8.
    """

    name = "argument-wrong-type"
    code = "QT307"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare each raw argument with what it takes."""
        if not is_rabbitmq(context):
            return
        for name, queue in context.topology.queues.items():
            if not queue.arguments:
                continue
            # An argument that this kind of queue does not take at all has another rule.
            refused = REFUSED.get(kind(queue), ())
            for one in arguments(queue):
                wanted = TYPES.get(one.name)
                if wanted is None or one.path[2] != "arguments" or one.name in refused:
                    continue
                if type(one.value) is not wanted:
                    key = _KEYS.get(one.name)
                    yield self.finding(
                        f"argument {one.name!r} of queue {name!r} takes {_WORDS[wanted]}, "
                        f"not {_shown(one.value)}: RabbitMQ refuses to declare it",
                        one.path,
                        help=f"use the key {key!r}, which takes a duration"
                        if key in ("message_ttl", "expires")
                        else (f"use the key {key!r}" if key else f"give it {_WORDS[wanted]}"),
                    )


def _shown(value: object) -> str:
    if isinstance(value, (str, int, float)):
        return repr(value) if not isinstance(value, bool) else str(value).lower()
    return type_name(value if isinstance(value, (list, dict)) else list(value))  # type: ignore[call-overload]
