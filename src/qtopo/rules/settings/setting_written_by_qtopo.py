"""The rule `setting-written-by-qtopo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.settings.homes import home
from qtopo.rules.settings.overrides import masks_routes, reaches_quorum
from qtopo.rules.settings.secrets import holds_secret
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class SettingWrittenByQtopo(Rule):
    """A setting says what another table of the file says.

    ## Why is this bad?

    qtopo writes queues, routes, the broker, results, the schedule and the pool
    from the tables that declare them. A setting for the same thing would be lost,
    or undo what the rest of the file says: `worker_pool` cannot be overridden by
    `celery worker -P`, and `task_queue_max_priority` changes every queue.

    ## Example

    ```toml
    [settings]
    task_default_queue = "celery"

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [defaults]
    queue = "celery"

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "setting-written-by-qtopo"
    code = "QT152"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for settings that have another home."""
        topology = context.topology
        for name in topology.settings:
            place = home(topology, name)
            if place is None or holds_secret(context, "settings", name):
                continue
            if masks_routes(topology, name) or reaches_quorum(topology, name):
                # These have rules of their own, which say more.
                continue
            yield self.finding(
                f"setting {name!r} is written by qtopo itself",
                At(("settings", name), "key"),
                help=f"take it out and say it with {place}",
            )
