"""The rule `worker-lost-requeue-loop`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.landing import landings
from qtopo.rules.placement import PLACING
from qtopo.rules.rabbitmq import QUORUM, argument, is_rabbitmq, kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding
    from qtopo.topology.queues import Queue

SETTING = "task_reject_on_worker_lost"


class WorkerLostRequeueLoop(Rule):
    """A task that kills its process is put back into its queue without end.

    ## Why is this bad?

    With `task_reject_on_worker_lost` the message of a task whose process died goes
    back into the queue. Where the task itself is the reason, out of memory or a fault
    in a library, it kills the next process too, and the one after it. A quorum queue
    with a delivery limit gives up after some deliveries; so does
    `task_retry_on_worker_lost`, which counts retries.

    ## Example

    ```toml
    [settings]
    task_reject_on_worker_lost = true

    [queues.celery]

    [tasks."shop.report"]
    acks_late = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [settings]
    task_retry_on_worker_lost = true

    [queues.celery]

    [tasks."shop.report"]
    acks_late = true

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any; `task_retry_on_worker_lost` from Celery 5.7. From RabbitMQ 4.0 a quorum queue
    has a delivery limit of 20 where none is given.

    ## Source

    Issues celery#1628, celery#5598; `celery/worker/request.py`, `on_failure`.
    """

    name = "worker-lost-requeue-loop"
    code = "QT901"
    severity = "warning"
    needs = (*PLACING, "settings", "queues.*")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for a task that is acknowledged late, in a queue that never gives up."""
        topology = context.topology
        settings = topology.settings
        if settings.get(SETTING) is not True or settings.get("task_retry_on_worker_lost") is True:
            return
        everywhere = settings.get("task_acks_late") is True
        found: list[tuple[str, str]] = []
        for landing in landings(context):
            endless = [
                name for name in landing.queues if self._endless(context, topology.queues[name])
            ]
            if not endless or not landing.workers:
                continue
            found += [
                (task.name, min(endless))
                for task in landing.tasks
                if task.acks_late or (everywhere and task.acks_late is None)
            ]
        if found:
            task, queue = min(found)
            yield self.finding(
                f"a task that kills its process, such as {task!r} may, goes back "
                f"into queue {queue!r} without end",
                ("settings", SETTING),
                help="use task_retry_on_worker_lost, which counts, or a quorum queue "
                "with a delivery_limit",
                related=[
                    ("it is acknowledged when it is done", ("tasks", task)),
                    ("this queue has no delivery limit", ("queues", queue)),
                ],
            )

    def _endless(self, context: Context, queue: Queue) -> bool:
        """Whether a queue delivers a message as often as it comes back."""
        if not is_rabbitmq(context) or kind(queue) != QUORUM:
            return True
        if argument(queue, "x-delivery-limit") is not None:
            return False
        version = context.topology.broker.version_tuple
        return version is not None and version < (4,)
