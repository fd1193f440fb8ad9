"""The rule `redis-priority-steps-invalid`."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.order import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class RedisPriorityStepsInvalid(Rule):
    """The `priority_steps` of Redis are not rising whole numbers from 0 to 9.

    ## Why is this bad?

    kombu keeps a list for each step and finds the step of a message by bisection.
    Without 0 the most urgent messages land in the last list; out of order, all land
    in one.

    ## Example

    ```toml
    [broker]
    transport = "redis"
    options = { priority_steps = [3, 6, 9] }

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "redis"
    options = { priority_steps = [0, 3, 6, 9] }

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Redis: `redis`, `rediss` and `sentinel`.

    ## Source

    Measured on kombu 5.7.0 and Redis 7.0.15.
    """

    name = "redis-priority-steps-invalid"
    code = "QT406"
    severity = "error"
    needs = ("broker.transport", "broker.options.priority_steps")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the option."""
        broker = context.topology.broker
        steps = broker.options.get("priority_steps")
        if broker.kind.name != "redis" or not isinstance(steps, tuple):
            return
        if not all(type(one) is int and 0 <= one <= 9 for one in steps):
            wrong = "hold something other than whole numbers from 0 to 9"
        elif 0 not in steps:
            wrong = "do not begin with 0"
        elif any(one >= other for one, other in pairwise(steps)):
            wrong = "do not rise"
        else:
            return
        yield self.finding(
            f"the priority steps {plain(steps)} {wrong}",
            ("broker", "options", "priority_steps"),
            help="leave them out: the compiler writes them where routes have priorities",
        )
