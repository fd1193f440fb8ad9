"""The rule `machine-overcommitted-memory`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from qtopo.rules.base import Option, Rule
from qtopo.rules.capacity.machines import NEEDS, heaviest, overload, places, shares_of
from qtopo.rules.placement import PLACING
from qtopo.topology.kinds import Number
from qtopo.topology.units import format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding
    from qtopo.topology.workers import Worker


class MachineOvercommittedMemory(Rule):
    """The workers on a machine need more memory than it has.

    ## Why is this bad?

    Each place of a worker can hold a task at its peak at the same time, and a child
    process may grow to `max_memory_per_child`. Where that is more than the machine
    has, the kernel kills a process when it happens: the task is lost, with
    `acks_late` as well unless `task_reject_on_worker_lost` is set.

    ## Example

    ```toml
    [queues.celery]

    [machines.small]
    memory = "4GB"

    [tasks."shop.report"]
    memory = "1.2GB"

    [workers.main]
    queues = ["celery"]
    concurrency = 4
    machine = "small"
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [machines.small]
    memory = "4GB"
    count = 2

    [tasks."shop.report"]
    memory = "1.2GB"

    [workers.main]
    queues = ["celery"]
    concurrency = 2
    replicas = 2
    machine = "small"
    ```

    ## Versions

    Any.

    ## Source

    Celery's user guide, "Max memory per child setting": the limit is looked at after a
    task, so a child is never stopped while it grows.
    """

    name = "machine-overcommitted-memory"
    code = "QT850"
    severity = "warning"
    needs = (*PLACING, *NEEDS, "tasks.*.memory", "workers.*.max_memory_per_child")
    options = MappingProxyType(
        {
            "headroom": Option(
                Number(0, 0.95, fraction=True),
                "The part of a machine's memory that must stay free, such as 0.2.",
                0,
            )
        }
    )

    def check(self, context: Context) -> Iterator[Finding]:
        """Add up what the workers of each machine may need at a time."""
        most = heaviest(context, "memory")

        def measure(worker: Worker, size: int) -> tuple[float, str]:
            task = most.get(worker.name)
            one = (task.memory if task is not None else None) or 0
            each = worker.memory_of(one)
            what = f"as much as {task.name!r}" if task is not None and one == each else "its limit"
            return (
                size * each,
                f"worker {worker.name!r}: {size} at a time, {format_size(each)} each ({what})",
            )

        for name, machine in context.topology.machines.items():
            if machine.memory is None:
                continue
            shares = shares_of(context, machine, measure)
            usable = machine.memory * (1 - context.option(self, "headroom"))
            load = overload(shares, machine.count, usable)
            if load is not None:
                spare = "" if usable == machine.memory else f", {format_size(int(usable))} usable"
                yield self.finding(
                    f"the workers on a machine {name!r} need {format_size(round(load))}, "
                    f"and it has {format_size(machine.memory)}{spare}",
                    ("machines", name, "memory"),
                    help="run fewer tasks at a time, or give them more machines (count) or memory",
                    related=places(shares),
                )
