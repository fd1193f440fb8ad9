"""The rule `extra-args-conflict`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.workers.flags import flags
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path
    from qtopo.topology.workers import Worker

KEYS = {
    "hostname": "the worker's name in [workers]",
    "queues": "'queues'",
    "exclude-queues": "'queues'",
    "pool": "'pool'",
    "concurrency": "'concurrency'",
    "autoscale": "'autoscale'",
    "prefetch-multiplier": "'prefetch_multiplier'",
    "max-tasks-per-child": "'max_tasks_per_child'",
    "max-memory-per-child": "'max_memory_per_child'",
    "include": "'include'",
}
GLOBAL = {
    "app": "'celery' in [app]",
    "broker": "'url' in [broker]",
    "result-backend": "'url' in [results]",
}
PLACES: dict[str, Path] = {
    "app": ("app", "celery"),
    "broker": ("broker", "url"),
    "result-backend": ("results", "url"),
}
"""Where the file says what an option of `celery` says."""

BEFORE_WORKER = ("loader", "config", "workdir", "no-color", "quiet", "version", "skip-checks")


class ExtraArgsConflict(Rule):
    """An extra argument says what the file has a key for.

    ## Why is this bad?

    The command already has it. Given twice the last one wins, so that the worker
    does something other than the file says: it consumes other queues, has another
    size, or another pool (`-Pgevent` even one that is not patched). Options of
    `celery` itself, such as `-A`, have to stand before `worker`: behind it the
    worker does not start.

    ## Example

    ```toml
    [queues.celery]
    [queues.mail]

    [[routes]]
    task = "shop.mail"
    queue = "mail"

    [workers.main]
    queues = ["celery", "mail"]
    extra_args = ["-Q", "celery"]
    ```

    ## Use instead

    ```toml
    [queues.celery]
    [queues.mail]

    [[routes]]
    task = "shop.mail"
    queue = "mail"

    [workers.main]
    queues = ["celery", "mail"]
    extra_args = ["-l", "INFO"]
    ```

    ## Versions

    Any.

    ## Source

    Measured on Celery 5.7.0. Issues celery#9756, airflow#8023.
    """

    name = "extra-args-conflict"
    code = "QT505"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Take the extra arguments apart."""
        for name, worker in context.topology.workers.items():
            for flag in flags(worker.extra_args):
                at = ("workers", name, "extra_args", flag.place)
                if flag.name in KEYS:
                    yield self.finding(
                        f"extra argument {flag.text!r} of worker {name!r} overrides what the file "
                        "says",
                        at,
                        help=f"say it with {KEYS[flag.name]}",
                        related=_said(worker, flag.name),
                    )
                elif flag.name in GLOBAL or flag.name in BEFORE_WORKER:
                    key = GLOBAL.get(flag.name)
                    there = PLACES.get(flag.name, ())
                    yield self.finding(
                        f"extra argument {flag.text!r} of worker {name!r} is not one of `celery "
                        "worker`: "
                        "it does not start",
                        at,
                        help=f"say it with {key}"
                        if key
                        else "it belongs before `worker`: leave it out",
                        related=[("the file says it here", there)]
                        if there and _given(context, there)
                        else [],
                    )


def _given(context: Context, path: Path) -> bool:
    """Whether the file has a key of a table of its own, such as `app.celery`."""
    table, key = path
    return getattr(getattr(context.topology, str(table)), str(key), None) is not None


def _said(worker: Worker, flag: str) -> list[tuple[str, Path | At]]:
    """Return where the worker's table says what a flag says."""
    path = ("workers", worker.name)
    if flag == "hostname":
        return [("this is its name", At(path, "key"))]
    key = KEYS[flag].strip("'")
    given = getattr(worker, key)
    # The pool by default stands nowhere.
    return [("the file says it here", (*path, key))] if given and given != "prefork" else []
