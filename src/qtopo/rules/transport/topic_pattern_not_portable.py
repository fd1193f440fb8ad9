"""The rule `topic-pattern-not-portable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.routing.topics import TopicTrie, virtual_matches
from qtopo.rules.base import Rule
from qtopo.rules.senders import sound_senders
from qtopo.rules.transport.abilities import Bound, topic_bindings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class TopicPatternNotPortable(Rule):
    """A message misses a queue that it would reach on RabbitMQ.

    ## Why is this bad?

    On RabbitMQ `#` stands for any number of words, none included: `mail.#` takes the
    key `mail`. kombu's virtual transports want the dot before it to be there, so the
    same key passes by. Another queue gets the message, so that nothing looks lost.

    ## Example

    ```toml
    [broker]
    transport = "redis"

    [exchanges.events]
    type = "topic"

    [queues.celery]
    [queues.mail]
    exchange = "events"
    routing_key = "mail"
    [queues.audit]
    exchange = "events"
    routing_key = "mail.#"

    [[routes]]
    task = "shop.mail"
    queue = "mail"
    routing_key = "mail"

    [workers.main]
    queues = ["celery", "mail", "audit"]
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
    routing_key = "mail.send"

    [[routes]]
    task = "shop.mail"
    queue = "mail"
    routing_key = "mail.send"

    [workers.main]
    queues = ["celery", "mail"]
    ```

    ## Versions

    Every transport whose keys kombu matches: all but RabbitMQ, Qpid and PGMQ. Up to kombu
    5.6 `*` took several words there.

    ## Source

    Measured on kombu 5.7.0 and RabbitMQ 3.10.8: 89 of 744 pairs of pattern and key differ.
    For 5.6: kombu#2568.
    """

    name = "topic-pattern-not-portable"
    code = "QT412"
    severity = "warning"
    needs = ("include", "broker.transport", "exchanges.*.type")

    def check(self, context: Context) -> Iterator[Finding]:
        """Hold the two ways of matching against each other, for every key that is published."""
        broker = context.topology.broker
        if not broker.kind.virtual:
            return
        tries: dict[str, TopicTrie[Bound]] = {}
        for one in topic_bindings(context):
            tries.setdefault(one.binding.exchange, TopicTrie()).add(one.binding.routing_key, one)
        reported = set()
        asked = set()
        for sender in sound_senders(context):
            trie = tries.get(sender.sent.wire_exchange or "")
            key = sender.sent.wire_key
            if trie is None or key is None or (sender.sent.wire_exchange, key) in asked:
                continue
            asked.add((sender.sent.wire_exchange, key))
            missed = [
                one for one in trie.find(key) if not virtual_matches(one.binding.routing_key, key)
            ]
            # A message that reaches nothing at all is another rule's.
            if missed and sender.delivered_to(context.topology):
                for one in missed:
                    if one.path not in reported:
                        reported.add(one.path)
                        yield self.finding(
                            f"the key {key!r} passes by {one.binding.routing_key!r} on "
                            f"{broker.transport}, "
                            f"which on RabbitMQ would take it to queue {one.queue!r}",
                            one.path,
                            help=f"bind the queue with {key!r} too",
                            related=[
                                (f"{sender.label} publishes it", sender.key_path or sender.place)
                            ],
                        )
