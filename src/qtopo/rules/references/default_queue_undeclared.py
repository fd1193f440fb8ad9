"""The rule `default-queue-undeclared`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule, header, hint, respell
from qtopo.rules.references.lookup import declared
from qtopo.topology.finding import At, Edit, Fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding
    from qtopo.topology.topology import Topology


_WORK = ("queues", "routes", "tasks", "workers", "beat", "workflows")
"""A file without any of these sends nothing yet, so that nothing gets lost."""


class DefaultQueueUndeclared(Rule):
    """The default queue is not declared.

    ## Why is this bad?

    Every task without a route goes to the default queue, and so do the tasks that
    Celery sends for itself. Where `[defaults] queue` names none, it is Celery's
    own: `celery`. A worker that is told its queues does not consume one that is
    missing from the file, so those tasks are never run.

    ## Example

    ```toml
    [defaults]
    queue = "default"

    [queues.emails]

    [workers.main]
    queues = ["emails"]
    ```

    ## Use instead

    ```toml
    [defaults]
    queue = "default"

    [queues.default]
    [queues.emails]

    [workers.main]
    queues = ["default", "emails"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issues mozilla/addons-server#4946, celery#6692.
    """

    name = "default-queue-undeclared"
    code = "QT100"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the default queue, given or Celery's own."""
        topology = context.topology
        name = topology.default_queue
        if name in topology.queues or not declared(context, "queues"):
            return
        if not context.is_sound("defaults", "queue"):
            return
        if topology.defaults.queue:
            yield self.finding(
                f"the default queue {name!r} is not declared",
                ("defaults", "queue"),
                help=hint(name, topology.queues, f"declare it with {header('queues', name)}"),
                fix=respell(("defaults", "queue"), name, topology.queues) or _declare(topology),
            )
        elif any(getattr(topology, section) for section in _WORK):
            near = "default" if "default" in topology.queues else next(iter(topology.queues), None)
            yield self.finding(
                f"Celery's default queue {name!r} is not declared",
                At(("defaults",), "table"),
                help=f"declare it with {header('queues', name)}"
                + (f", or make {near!r} the default with [defaults] queue" if near else ""),
                fix=_declare(topology),
            )


def _declare(topology: Topology) -> Fix | None:
    """Return the fix that declares the default queue, and has the one worker consume it."""
    name = topology.default_queue
    if len(topology.workers) != 1:
        return None
    ((worker, one),) = topology.workers.items()
    edits = [Edit(At(("queues", name)), {})]
    if not one.queues:
        return None
    if name not in one.queues:
        edits.append(Edit(At(("workers", worker, "queues", len(one.queues))), name))
    # Another queue may have been meant to be the default: the file does not say.
    return Fix(f"declare {name!r}, consumed by worker {worker!r}", tuple(edits), safe=False)
