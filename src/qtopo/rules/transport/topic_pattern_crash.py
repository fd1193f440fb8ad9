"""The rule `topic-pattern-crash`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.routing.topics import virtual_pattern
from qtopo.rules.base import Rule
from qtopo.rules.transport.abilities import topic_bindings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


def crash(key: str) -> str | None:
    """Return why kombu cannot make a pattern of a binding key, or None."""
    if "**" not in key and not any(word[:1] == "*" and len(word) > 1 for word in key.split(".")):
        return None
    try:
        re.compile(virtual_pattern(key))
    except re.error as error:
        return str(error)
    return None


class TopicPatternCrash(Rule):
    """A binding key cannot be made into a pattern: publishing to its exchange raises.

    ## Why is this bad?

    kombu's virtual transports make a regular expression of each binding key when a
    message is published. One like `a.**` is none: `re.error` is raised by whoever
    publishes to the exchange, whatever the key of the message.

    ## Example

    ```toml
    [broker]
    transport = "redis"

    [exchanges.events]
    type = "topic"

    [queues.celery]
    [queues.mail]
    exchange = "events"
    routing_key = "mail.**"

    [workers.main]
    queues = ["celery", "mail"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "redis"

    [exchanges.events]
    type = "topic"

    [queues.celery]
    [queues.mail]
    exchange = "events"
    routing_key = "mail.#"

    [workers.main]
    queues = ["celery", "mail"]
    ```

    ## Versions

    Every transport whose keys kombu matches: all but RabbitMQ, Qpid and PGMQ.

    ## Source

    Measured on kombu 5.7.0.
    """

    name = "topic-pattern-crash"
    code = "QT411"
    severity = "error"
    needs = ("broker.transport", "exchanges.*.type")

    def check(self, context: Context) -> Iterator[Finding]:
        """Make the pattern that kombu makes."""
        broker = context.topology.broker
        if not broker.kind.virtual:
            return
        for one in topic_bindings(context):
            why = crash(one.binding.routing_key)
            if why is not None:
                yield self.finding(
                    f"publishing to exchange {one.binding.exchange!r} raises on "
                    f"{broker.transport}: "
                    f"the key {one.binding.routing_key!r} is no pattern ({why})",
                    one.path,
                    help="write # for any number of words, * for one",
                    related=[("the transport is said here", ("broker", "transport"))],
                )
