"""The rule `near-duplicate-name`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.transport.names import entity_name
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class NearDuplicateName(Rule):
    """Two names differ only in case or in punctuation.

    ## Why is this bad?

    `mail-out` and `mail_out` are two queues. Whoever reads one where the other stands
    does not see it, and tasks go where nobody looks. On brokers that allow few
    characters the two are even one and the same.

    ## Example

    ```toml
    [queues.celery]
    [queues.mail-out]
    [queues.mail_out]

    [workers.main]
    queues = ["celery", "mail-out", "mail_out"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.mail-out]
    [queues.mail-returned]

    [workers.main]
    queues = ["celery", "mail-out", "mail-returned"]
    ```

    ## Versions

    Any; on SQS, Azure, Google Pub/Sub and PGMQ the two may be one queue.

    ## Source

    Measured on kombu 5.7.0.
    """

    name = "near-duplicate-name"
    code = "QT121"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Fold the names and look for equal ones."""
        transport = context.topology.broker.kind.name
        for section in ("exchanges", "queues", "workers"):
            seen: dict[str, str] = {}
            for name in getattr(context.topology, section):
                first = seen.setdefault(_folded(name), name)
                if first != name:
                    entity = entity_name(transport, name) if section == "queues" else None
                    if entity is not None and entity == entity_name(transport, first):
                        # One queue on this broker: queue-name-collision says so.
                        continue
                    kind = section.removesuffix("s")
                    yield self.finding(
                        f"{kind} {name!r} is nearly {kind} {first!r}",
                        At((section, name), "key"),
                        help="make them one, or give them names that differ in a letter",
                        related=(("the other is here", At((section, first), "key")),),
                    )


def _folded(name: str) -> str:
    """Fold case, and one punctuation mark into another; `1-2` and `12` stay apart."""
    return "".join(one if one.isalnum() else "-" for one in name.casefold())
