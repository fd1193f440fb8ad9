"""The rule `topic-wildcard-in-word`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.transport.abilities import topic_bindings
from qtopo.rules.transport.topic_pattern_crash import crash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class TopicWildcardInWord(Rule):
    """A wildcard of a binding key stands inside a word.

    ## Why is this bad?

    `*` and `#` stand for whole words between dots. Inside a word RabbitMQ takes them
    as they are, so that `mail*` only matches the key `mail*`. kombu's virtual
    transports make a regular expression of it, in which `mail*` matches `mai` and
    `maillll`, and not `mail.send`.

    ## Example

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]
    [queues.mail]
    exchange = "events"
    routing_key = "mail*"

    [[routes]]
    task = "shop.mail"
    queue = "celery"

    [workers.main]
    queues = ["celery", "mail"]
    ```

    ## Use instead

    ```toml
    [exchanges.events]
    type = "topic"

    [queues.celery]
    [queues.mail]
    exchange = "events"
    routing_key = "mail.*"

    [[routes]]
    task = "shop.mail"
    queue = "mail"
    routing_key = "mail.send"

    [workers.main]
    queues = ["celery", "mail"]
    ```

    ## Versions

    Any; RabbitMQ and kombu read it differently.

    ## Source

    Measured on kombu 5.7.0 and RabbitMQ 3.10.8.
    """

    name = "topic-wildcard-in-word"
    code = "QT410"
    severity = "warning"
    needs = ("broker.transport", "exchanges.*.type")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the words of each binding key of a topic exchange."""
        kind = context.topology.broker.kind
        for one in topic_bindings(context):
            words = one.binding.routing_key.split(".")
            odd = [word for word in words if len(word) > 1 and ("*" in word or "#" in word)]
            if not odd or (kind.virtual and crash(one.binding.routing_key)):
                continue
            meaning = "as part of a regular expression" if kind.virtual else "as it is"
            yield self.finding(
                f"the wildcard in {odd[0]!r} of the key {one.binding.routing_key!r} is taken "
                f"{meaning}",
                one.path,
                help="a wildcard stands for whole words: write it between dots",
                related=[("the exchange is declared here", ("exchanges", one.binding.exchange))]
                if one.binding.exchange in context.topology.exchanges
                else [],
            )
