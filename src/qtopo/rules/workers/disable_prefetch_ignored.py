"""The rule `disable-prefetch-ignored`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.workers.flags import flags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

SETTING = "worker_disable_prefetch"


class DisablePrefetchIgnored(Rule):
    """Prefetching is switched off, which only Redis can.

    ## Why is this bad?

    Celery logs a warning and ignores it on every other broker: a worker still
    reserves tasks it cannot run yet.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    extra_args = ["--disable-prefetch"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    prefetch_multiplier = 1
    ```

    ## Versions

    Every transport but Redis.

    ## Source

    Read in the source of Celery 5.7.0. Issues celery#6500, celery#2788.
    """

    name = "disable-prefetch-ignored"
    code = "QT511"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the flag and the setting."""
        topology = context.topology
        if topology.broker.kind.name == "redis":
            return
        words = f"{topology.broker.transport} ignores {{}}: only Redis can switch prefetching off"
        transport = topology.broker.transport
        # Where the file says none it is this one.
        related = (
            []
            if transport == "rabbitmq"
            else [("the transport is said here", ("broker", "transport"))]
        )
        way_out = "use prefetch_multiplier = 1 and acks_late"
        if topology.settings.get(SETTING) is True:
            yield self.finding(
                words.format(SETTING), ("settings", SETTING), help=way_out, related=related
            )
        for name, worker in topology.workers.items():
            for flag in flags(worker.extra_args):
                if flag.name == "disable-prefetch":
                    yield self.finding(
                        words.format(flag.text),
                        ("workers", name, "extra_args", flag.place),
                        help=way_out,
                        related=related,
                    )
