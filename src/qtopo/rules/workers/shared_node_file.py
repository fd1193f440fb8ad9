"""The rule `shared-node-file`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.workers.flags import flags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

FILES = ("pidfile", "statedb")


class SharedNodeFile(Rule):
    """The replicas of a worker write the same file.

    ## Why is this bad?

    Every replica gets the same arguments. The second one finds the `--pidfile` of the
    first and refuses to start; a `--statedb` is overwritten by whoever stops last.
    `%n` stands for the name of the node, which each has for itself.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    replicas = 2
    extra_args = ["--pidfile=/run/celery/main.pid"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    replicas = 2
    extra_args = ["--pidfile=/run/celery/%n.pid"]
    ```

    ## Versions

    Any.

    ## Source

    Read in the source of Celery 5.7.0.
    """

    name = "shared-node-file"
    code = "QT512"
    severity = "warning"
    needs = ("machines",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at files that are named once for several replicas."""
        machines = context.topology.machines
        for name, worker in context.topology.workers.items():
            machine = machines.get(worker.machine or "")
            # Spread evenly: each may be alone on its machine.
            if worker.replicas <= (1 if machine is None else machine.count):
                continue
            for flag in flags(worker.extra_args):
                if flag.name in FILES and flag.value and "%" not in flag.value:
                    yield self.finding(
                        f"all {worker.replicas} replicas of worker {name!r} use {flag.value!r} "
                        f"for {flag.text}",
                        ("workers", name, "extra_args", flag.place),
                        help="put %n into its name",
                        related=[("the replicas are said here", ("workers", name, "replicas"))],
                    )
