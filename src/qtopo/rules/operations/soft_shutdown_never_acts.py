"""The rule `soft-shutdown-never-acts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

SETTING = "worker_soft_shutdown_timeout"


class SoftShutdownNeverActs(Rule):
    """The soft shutdown timeout is set, and no worker ever gets to it.

    ## Why is this bad?

    Celery's soft shutdown comes before a *cold* one, which answers SIGQUIT. SIGTERM,
    which every supervisor sends, means a warm shutdown: the worker waits for its tasks
    however long they take, and the timeout has no effect. Then it gets SIGKILL.

    ## Example

    ```toml
    [settings]
    worker_soft_shutdown_timeout = 20.0

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    qtopo then sets the timeout of this worker, and makes SIGTERM mean SIGQUIT to it.

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    shutdown = { soft = "20s" }
    ```

    ## Versions

    Celery 5.5 and later.

    ## Source

    Measured on Celery 5.7.0: with a timeout of 3 s and a task of 12 s a worker left
    12.6 s after SIGTERM.
    """

    name = "soft-shutdown-never-acts"
    code = "QT904"
    severity = "warning"
    needs = ("workers.*.shutdown", "workers.*.env")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for a worker to whom SIGTERM means a cold shutdown."""
        seconds = context.topology.settings.get(SETTING)
        workers = context.topology.workers.values()
        if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or seconds <= 0:
            return
        if not workers or any(
            worker.env.get("REMAP_SIGTERM") == "SIGQUIT"
            or (worker.shutdown is not None and worker.shutdown.soft)
            for worker in workers
        ):
            return
        yield self.finding(
            f"{SETTING!r} has no effect: SIGTERM means a warm shutdown to every worker",
            ("settings", SETTING),
            help=f'say it of the workers: shutdown = {{ soft = "{seconds:g}s" }}',
        )
