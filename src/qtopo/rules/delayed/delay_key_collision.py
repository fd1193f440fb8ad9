"""The rule `delay-key-collision`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.routing.topics import TopicTrie, rabbit_matches
from qtopo.rules.base import Rule
from qtopo.rules.rabbitmq import quorum_queues
from qtopo.rules.transport.abilities import Bound, bindings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class DelayKeyCollision(Rule):
    """A delayed task also reaches the queue of another binding key.

    ## Why is this bad?

    With a quorum queue anywhere Celery lets RabbitMQ hold delayed tasks and retries.
    For that it binds every queue once more, with `#.` before its key, so that the
    key `mail` also takes `vip.mail`; and what comes back from the delay goes to all
    exchanges that have such a key. A task that is delayed, or retried, then runs
    twice; on one exchange even one that is not.

    ## Example

    ```toml
    [exchanges.mail]
    type = "topic"
    [exchanges.push]
    type = "topic"

    [queues.celery]
    type = "quorum"

    [queues.mail]
    exchange = "mail"
    routing_key = "send"

    [queues.push]
    exchange = "push"
    routing_key = "send"

    [[routes]]
    task = "a"
    queue = "mail"

    [[routes]]
    task = "b"
    queue = "push"

    [workers.main]
    queues = ["celery", "mail", "push"]
    ```

    ## Use instead

    ```toml
    [exchanges.mail]
    type = "topic"
    [exchanges.push]
    type = "topic"

    [queues.celery]
    type = "quorum"

    [queues.mail]
    exchange = "mail"
    routing_key = "mail.send"

    [queues.push]
    exchange = "push"
    routing_key = "push.send"

    [[routes]]
    task = "a"
    queue = "mail"

    [[routes]]
    task = "b"
    queue = "push"

    [workers.main]
    queues = ["celery", "mail", "push"]
    ```

    ## Versions

    RabbitMQ with quorum queues, which Celery looks for in the whole application.

    ## Source

    Measured on Celery 5.7.0 and RabbitMQ 3.10.8.
    """

    name = "delay-key-collision"
    code = "QT650"
    severity = "error"
    needs = ("broker.transport", "exchanges.*.type", "queues.*.type")

    def check(self, context: Context) -> Iterator[Finding]:
        """Make the bindings that Celery makes, and ask each what it takes."""
        if not quorum_queues(context):
            return
        wiring = context.wiring
        held: list[Bound] = []
        trie: TopicTrie[int] = TopicTrie()
        for one in bindings(context):
            kind = wiring.exchange_type(one.binding.exchange)
            # Direct exchanges have no part in it; headers exchanges have another rule.
            if kind not in ("topic", "fanout") or context.topology.queues[one.queue].broadcast:
                continue
            key = one.binding.routing_key
            trie.add(key if key.startswith("#") else f"#.{key}", len(held))
            held.append(one)
        caught: dict[int, list[Bound]] = {}
        for sent, one in enumerate(held):
            if one.at:
                # Celery publishes to a queue with `bindings` as if it were on a direct exchange.
                continue
            # It puts 28 bits before the key that the queue is bound with.
            for other in trie.find(f"0.{one.binding.routing_key}"):
                if not _meant(one, held[other], wiring.exchange_type(one.binding.exchange)):
                    mutual = one.binding.routing_key == held[other].binding.routing_key
                    taker, giver = (max(sent, other), min(sent, other)) if mutual else (other, sent)
                    gives = caught.setdefault(taker, [])
                    if held[giver] not in gives:
                        gives.append(held[giver])
        for taker, gives in sorted(caught.items()):
            one, first = held[taker], gives[0]
            more = f" and {len(gives) - 1} more" if len(gives) > 1 else ""
            yield self.finding(
                f"queue {one.queue!r} also gets what is delayed for queue {first.queue!r}{more}: "
                f"its key {one.binding.routing_key!r} takes {first.binding.routing_key!r} "
                "when Celery puts #. before it",
                one.path,
                help="give each queue a key that ends no other key, such as its own name",
                related=[("the other key is here", first.path)],
            )


def _meant(one: Bound, other: Bound, kind: str | None) -> bool:
    """Whether the other binding takes what is sent to this one without any delay, too."""
    if one.queue == other.queue:
        return True
    if one.binding.exchange != other.binding.exchange:
        return False
    return kind == "fanout" or rabbit_matches(other.binding.routing_key, one.binding.routing_key)
