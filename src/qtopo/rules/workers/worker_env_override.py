"""The rule `worker-env-override`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

PREFIX = "CELERY_WORKER_"
ALWAYS = {"HOSTNAME": "the worker's name in [workers]", "QUEUES": "'queues'", "POOL": "'pool'"}
SOMETIMES = (
    "CONCURRENCY",
    "AUTOSCALE",
    "PREFETCH_MULTIPLIER",
    "MAX_TASKS_PER_CHILD",
    "MAX_MEMORY_PER_CHILD",
    "INCLUDE",
)
URLS = ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL")


class WorkerEnvOverride(Rule):
    """An environment variable of a worker says what the file has a key for.

    ## Why is this bad?

    `celery worker` reads `CELERY_WORKER_*` as if it stood on the command line. Where
    the command has the option too, the variable has no effect; where it has not, the
    worker is another than the one the file describes. `CELERY_BROKER_URL` beats every
    setting.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    env = { CELERY_WORKER_CONCURRENCY = "16" }
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    concurrency = 16
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "worker-env-override"
    code = "QT508"
    severity = "warning"
    needs = ("broker.url",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the variables that Celery reads."""
        url = context.topology.broker.url
        for name, worker in context.topology.workers.items():
            for variable in worker.env:
                option = variable.removeprefix(PREFIX)
                at = ("workers", name, "env", variable)
                if option == variable:
                    # Without a URL in the file this is where Celery looks for one.
                    if variable in URLS and url not in (None, f"env:{variable}"):
                        yield self.finding(
                            f"{variable} makes worker {name!r} use another broker than the file "
                            "says",
                            at,
                            help="set the variable that 'url' in [broker] names",
                            related=[("the file says it here", ("broker", "url"))],
                        )
                elif option in ALWAYS:
                    yield self.finding(
                        f"{variable} has no effect: the command of worker {name!r} has the option",
                        at,
                        help=f"say it with {ALWAYS[option]}",
                    )
                elif option in SOMETIMES:
                    key = option.lower()
                    given = getattr(worker, key)
                    what = (
                        f"has no effect: the command of worker {name!r} has the option"
                        if given
                        else f"makes worker {name!r} another than the file says"
                    )
                    yield self.finding(
                        f"{variable} {what}",
                        at,
                        help=f"say it with {key!r}",
                        related=[("the file says it here", ("workers", name, key))]
                        if given
                        else [],
                    )
                elif option == "EXCLUDE_QUEUES":
                    yield self.finding(
                        f"{variable} takes queues from worker {name!r} that the file gives it",
                        at,
                        help="say it with 'queues'",
                    )
