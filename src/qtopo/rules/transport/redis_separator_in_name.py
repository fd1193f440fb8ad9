"""The rule `redis-separator-in-name`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.transport.abilities import bindings
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class RedisSeparatorInName(Rule):
    """On Redis a name contains the separator that kombu puts between names.

    ## Why is this bad?

    With `sep` in `[broker.options]` kombu joins queue names, binding keys and
    priority steps with it, and takes them apart again at the same sign. A queue name
    with the sign in it is never consumed, or shares the list of another queue; a key
    with it makes publishing raise `ValueError: too many values to unpack`. The
    separator by default is two control characters, which no name has.

    ## Example

    ```toml
    [broker]
    transport = "redis"
    options = { sep = ":" }

    [queues.celery]
    [queues."shop:mail"]

    [[routes]]
    task = "shop.mail"
    queue = "shop:mail"

    [workers.main]
    queues = ["celery", "shop:mail"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "redis"

    [queues.celery]
    [queues."shop:mail"]

    [[routes]]
    task = "shop.mail"
    queue = "shop:mail"

    [workers.main]
    queues = ["celery", "shop:mail"]
    ```

    ## Versions

    Redis: `redis`, `rediss` and `sentinel`.

    ## Source

    Measured on kombu 5.7.0 and Redis 7.0.15. Issue celery#4028.
    """

    name = "redis-separator-in-name"
    code = "QT404"
    severity = "error"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the separator in names of queues and in binding keys."""
        broker = context.topology.broker
        sep = broker.options.get("sep")
        if broker.kind.name != "redis" or not isinstance(sep, str) or not sep:
            return
        related = [("the separator is set here", ("broker", "options", "sep"))]
        way_out = "leave 'sep' out: the separator by default is in no name"
        for name in context.topology.queues:
            if sep in name:
                yield self.finding(
                    f"queue {name!r} contains the separator {sep!r}: Redis does not find its "
                    "tasks again",
                    At(("queues", name), "key"),
                    help=way_out,
                    related=related,
                )
        for one in bindings(context):
            # A key that is the queue's name stands nowhere of its own.
            if one.written and sep in one.binding.routing_key:
                yield self.finding(
                    f"the key {one.binding.routing_key!r} contains the separator {sep!r}: "
                    "publishing raises",
                    one.path,
                    help=way_out,
                    related=related,
                )
