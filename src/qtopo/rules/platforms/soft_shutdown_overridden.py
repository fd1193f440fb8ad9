"""The rule `soft-shutdown-overridden`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.finding import At, Edit, Fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


VARIABLE, SOFT = "REMAP_SIGTERM", "SIGQUIT"


class SoftShutdownOverridden(Rule):
    """A worker is to stop softly, and its environment keeps it from that.

    ## Why is this bad?

    Celery's soft shutdown answers SIGQUIT. qtopo sets `REMAP_SIGTERM = "SIGQUIT"`, so that
    SIGTERM means it; a variable in `env` has the last word. SIGTERM then means a warm
    shutdown, which waits for the tasks however long they take, and the worker is killed
    soon after its soft time: its tasks are not given back.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    env = { REMAP_SIGTERM = "SIGTERM" }
    shutdown = { soft = "20s" }
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    shutdown = { soft = "20s" }
    ```

    ## Versions

    Celery 5.5 and later.

    ## Source

    Measured on Celery 5.7.0: with a plain SIGTERM a soft time of 3 s had no effect, and the
    worker left when its task of 12 s was done.
    """

    name = "soft-shutdown-overridden"
    code = "QT989"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the variable with what a soft shutdown needs."""
        for name, worker in context.topology.workers.items():
            soft = worker.shutdown is not None and worker.shutdown.soft
            if soft and worker.env.get(VARIABLE, SOFT) != SOFT:
                at = ("workers", name, "env", VARIABLE)
                yield self.finding(
                    f"worker {name!r} does not stop softly: {VARIABLE} in its environment is not "
                    f"{SOFT}",
                    at,
                    help="leave the variable out: qtopo sets it",
                    related=[("it is to stop softly", ("workers", name, "shutdown", "soft"))],
                    fix=Fix(f"write {SOFT!r}", (Edit(At(at), SOFT),), safe=False),
                )
