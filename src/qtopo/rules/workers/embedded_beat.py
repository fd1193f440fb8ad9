"""The rule `embedded-beat`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import GREEN
from qtopo.rules.workers.flags import flags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path


class EmbeddedBeat(Rule):
    """A worker with an embedded beat is not alone, or cannot have one.

    ## Why is this bad?

    `-B` runs beat inside the worker, once for each process: two replicas send every
    scheduled task twice, and so does one beside `[beat]`. With gevent or eventlet
    the worker does not start.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    replicas = 2
    extra_args = ["-B"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    replicas = 2

    [beat]
    replicas = 1
    ```

    ## Versions

    Any.

    ## Source

    Read in the source of Celery 5.7.0. Issues celery#2856, django-celery-beat#337.
    """

    name = "embedded-beat"
    code = "QT506"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for `-B`, and for who else sends the schedule."""
        beat = context.topology.beat
        first: tuple[str, Path] | None = None
        if beat is not None and beat.replicas:
            first = ("beat runs here", ("beat",))
        for name, worker in context.topology.workers.items():
            flag = next((one for one in flags(worker.extra_args) if one.name == "beat"), None)
            if flag is None or not worker.replicas:
                continue
            at = ("workers", name, "extra_args", flag.place)
            related = []
            if worker.pool in GREEN:
                wrong = f"has beat in it, which pool {worker.pool!r} refuses: it does not start"
            elif first is not None:
                wrong = "sends the schedule a second time"
                related = [first]
            elif worker.replicas > 1:
                wrong = f"has beat in each of its {worker.replicas} replicas: all send the schedule"
            else:
                first = ("a worker sends it here", at)
                continue
            yield self.finding(
                f"worker {name!r} {wrong}",
                at,
                help="leave it out: [beat] runs beat as a process of its own",
                related=related,
            )
