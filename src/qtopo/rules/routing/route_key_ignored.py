"""The rule `route-key-ignored`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.routing.reach import kind_of
from qtopo.rules.senders import binding_place, sound_senders
from qtopo.topology.finding import take_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


_DEAF = {
    "direct": "but Celery publishes by name to a queue on a direct exchange",
    "fanout": "but a fanout exchange does not look at it",
    "headers": "but a headers exchange does not look at it",
}


class RouteKeyIgnored(Rule):
    """A route gives a key, which has no effect on the queue's kind of exchange.

    ## Why is this bad?

    To a queue on a direct exchange Celery publishes by the queue's name, whatever
    the key; fanout exchanges pass everything on, and headers exchanges look at
    headers. Whoever wrote the key expects it to choose something.

    ## Example

    ```toml
    [queues.celery]
    [queues.emails]

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"
    routing_key = "email.send"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.emails]

    [[routes]]
    task = "shop.emails.*"
    queue = "emails"

    [workers.main]
    queues = ["celery", "emails"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "route-key-ignored"
    code = "QT224"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for keys to queues on exchanges that do not look at them."""
        topology = context.topology
        for sender in sound_senders(context):
            if sender.key_path is None or topology.queues[sender.queue].bindings:
                continue
            if sender.route is not None and sender.route.exchange and not sender.route.queue:
                # It gives an exchange without a queue: that comes first.
                continue
            binding = context.wiring.bindings[sender.queue][0]
            kind = kind_of(context, binding.exchange)
            if kind not in _DEAF or sender.key in (binding.routing_key, sender.queue):
                continue
            yield self.finding(
                f"{sender.label} gives the key {sender.key!r}, {_DEAF[kind]}",
                sender.key_path,
                help="take it out, or bind the queue to a topic exchange",
                related=[("the queue is bound here", binding_place(context, sender.queue))],
                fix=take_out(sender.key_path, "take the key out", safe=False),
            )
