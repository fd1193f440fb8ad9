"""The rule `worker-lacks-module`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import PLACING, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class WorkerLacksModule(Rule):
    """A worker gets a task whose module it does not import.

    ## Why is this bad?

    `include` lists what the worker imports, and another worker's says in which module
    the task is. A worker that does not know a task logs `Received unregistered task`
    and throws the message away: it is lost, unless the queue has a dead-letter exchange.

    ## Example

    ```toml
    [queues.celery]

    [tasks."shop.emails.send"]
    [tasks."shop.reports.build"]

    [workers.emails]
    queues = ["celery"]
    include = ["shop.emails"]

    [workers.reports]
    queues = ["celery"]
    include = ["shop.emails", "shop.reports"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.reports]

    [tasks."shop.emails.send"]
    [tasks."shop.reports.build"]
    queue = "reports"

    [workers.emails]
    queues = ["celery"]
    include = ["shop.emails"]

    [workers.reports]
    queues = ["celery", "reports"]
    include = ["shop.emails", "shop.reports"]
    ```

    ## Versions

    Any.

    ## Source

    `celery/worker/consumer/consumer.py`, `on_unknown_task`; issue onyx#4740.
    """

    name = "worker-lacks-module"
    code = "QT532"
    severity = "warning"
    needs = (*PLACING, "workers.*")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look where the tasks of modules land that some worker includes."""
        workers = context.topology.workers
        owner = {
            module: (name, index)
            for name, worker in sorted(workers.items(), reverse=True)
            for index, module in enumerate(worker.include)
        }
        if not any(worker.include and worker.replicas for worker in workers.values()):
            return
        seen = set()
        for name in sorted(context.topology.tasks):
            module = _module(name, owner)
            placement = None if module is None else place(context, name)
            if module is None or placement is None:
                continue
            for one in placement.workers:
                worker = workers[one]
                if (one, module) in seen or not worker.include or _knows(worker.include, module):
                    continue
                seen.add((one, module))
                other, index = owner[module]
                yield self.finding(
                    f"worker {one!r} gets task {name!r} and does not import {module!r}: "
                    "it throws the task away",
                    ("workers", one, "include"),
                    help=f'add "{module}", or send the task to a queue of another worker',
                    related=[
                        ("this worker imports it", ("workers", other, "include", index)),
                        ("the task is declared here", ("tasks", name)),
                    ],
                )


def _module(task: str, owner: dict[str, tuple[str, int]]) -> str | None:
    """Return the included module that a task is named after, or None."""
    name = task
    while "." in name:
        name = name.rpartition(".")[0]
        if name in owner:
            return name
    return None


def _knows(include: tuple[str, ...], module: str) -> bool:
    """Whether one of the modules is this one, or one that may well import it."""
    return any(
        one == module or one.startswith(f"{module}.") or module.startswith(f"{one}.")
        for one in include
    )
