"""The rule `machine-overcommitted-cpu`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from qtopo.rules.base import Option, Rule
from qtopo.rules.capacity.machines import NEEDS, heaviest, overload, places, shares_of
from qtopo.rules.placement import PLACING
from qtopo.topology.kinds import Number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding
    from qtopo.topology.workers import Worker


class MachineOvercommittedCpu(Rule):
    """The workers on a machine keep more cores busy than it has.

    ## Why is this bad?

    Tasks that compute share the cores there are: each takes longer than declared, by
    as much as the machine is overcommitted, and time limits that were measured with
    a core for each task kill what would have been done. More processes than cores
    bring nothing but memory. A process of `threads`, `gevent` or `eventlet` counts
    for one core: only one of its tasks runs Python code at a time.

    ## Example

    ```toml
    [queues.celery]

    [machines.small]
    cpus = 4

    [tasks."shop.report"]
    cpu = 1.0

    [workers.main]
    queues = ["celery"]
    concurrency = 16
    machine = "small"
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [machines.small]
    cpus = 4

    [tasks."shop.report"]
    cpu = 1.0

    [workers.main]
    queues = ["celery"]
    concurrency = 4
    machine = "small"
    ```

    ## Versions

    Any.

    ## Source

    Celery's user guide, "Concurrency": more pool processes than cores do harm where
    tasks compute.
    """

    name = "machine-overcommitted-cpu"
    code = "QT851"
    severity = "warning"
    needs = (*PLACING, *NEEDS, "tasks.*.cpu")
    options = MappingProxyType(
        {
            "headroom": Option(
                Number(0, 0.95, fraction=True),
                "The part of a machine's cores that must stay free, such as 0.2.",
                0,
            )
        }
    )

    def check(self, context: Context) -> Iterator[Finding]:
        """Add up what the workers of each machine keep busy."""
        most = heaviest(context, "cpu")

        def measure(worker: Worker, size: int) -> tuple[float, str]:
            task = most.get(worker.name)
            one = (task.cpu if task is not None else None) or 0.0
            need = worker.cores_of(size, one)
            who = "" if task is None else f" ({task.name!r}: {one:g})"
            return (
                need,
                f"worker {worker.name!r}: {size} at a time, {need:g} cores{who}",
            )

        for name, machine in context.topology.machines.items():
            if machine.cpus is None:
                continue
            shares = shares_of(context, machine, measure)
            usable = machine.cpus * (1 - context.option(self, "headroom"))
            load = overload(shares, machine.count, usable)
            if load is not None:
                spare = "" if usable == machine.cpus else f", {usable:g} usable"
                yield self.finding(
                    f"the workers on a machine {name!r} keep {load:g} cores busy, "
                    f"and it has {machine.cpus:g}{spare}",
                    ("machines", name, "cpus"),
                    help="run fewer tasks at a time, or give them more machines (count) or cores",
                    related=places(shares),
                )
