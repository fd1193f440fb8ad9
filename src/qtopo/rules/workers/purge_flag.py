"""The rule `purge-flag`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.workers.flags import flags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class PurgeFlag(Rule):
    """A worker empties its queues when it starts.

    ## Why is this bad?

    `--purge` deletes every waiting task, with each restart and each new replica. It
    is for a developer's machine.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    extra_args = ["--purge"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Read in the source of Celery 5.7.0.
    """

    name = "purge-flag"
    code = "QT507"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the flag."""
        for name, worker in context.topology.workers.items():
            for flag in flags(worker.extra_args):
                if flag.name == "purge":
                    yield self.finding(
                        f"worker {name!r} deletes all waiting tasks whenever it starts",
                        ("workers", name, "extra_args", flag.place),
                        help=f"leave {flag.text!r} out",
                    )
