"""What a merged draft still lacks: queues that are named and declared nowhere, workers' pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.importers.draft import INFO, WARNING, Path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.importers.draft import Draft

AUTO_CREATED = "auto-created-queue"
NOT_CONSUMED = (AUTO_CREATED, "default-queue-undeclared")
"""Traps of queues that are not in `task_queues`: a worker without -Q leaves them alone."""


def complete(draft: Draft) -> None:
    """Declare what is named, and give workers what settings say for all of them."""
    _consume(draft)
    _declare(draft)
    _pools(draft)
    if "passive" in draft.hints:
        from qtopo.importers.brokers.passive import ask

        ask(draft)


def _consume(draft: Draft) -> None:
    """Give workers without -Q the queues that Celery gives them: all that are declared."""
    made = {
        note.path[1]
        for note in draft.notes
        if note.trap in NOT_CONSUMED and note.path and note.path[0] == "queues"
    }
    declared = [name for name in draft.table("queues") if name not in made]
    default = draft.table("defaults").get("queue", "celery")
    for name, worker in draft.table("workers").items():
        excluded = draft.hints.get(f"all-queues {name}")
        if excluded is None or "queues" in worker:
            continue
        if not declared and default not in draft.table("queues"):
            # Celery declares its default queue where nothing else is declared.
            draft.put(("queues", default), {})
            declared = [default]
        queues = [one for one in declared or [default] if one not in excluded]
        path: Path = ("workers", name)
        where = draft.origins.get(path)
        if not queues:
            message = f"worker {name!r} excludes every queue (-X): it consumes nothing"
            draft.note(WARNING, message, None, where, "worker-excludes-everything")
            draft.leave(f"workers.{name}", f"-X {','.join(excluded)}")
            continue
        draft.put((*path, "queues"), queues)
        known = "the default queue" if queues == [default] else "all queues that are declared"
        but = " but those of -X" if excluded else ""
        draft.note(
            WARNING if len(queues) > 1 else INFO,
            f"worker {name!r} has no -Q and consumes {known}{but}: they are written down",
            path,
            where,
            "worker-consumes-everything",
        )


def _declare(draft: Draft) -> None:
    if draft.table("defaults").get("create_missing_queues") is True:
        return
    declared = draft.table("queues")
    for name, path, what in _named(draft.data):
        if isinstance(name, str) and name and name not in declared:
            draft.put(("queues", name), {}, draft.origins.get(path[:2]))
            declared = draft.table("queues")
            draft.note(
                WARNING,
                f"queue {name!r} is only named, by {what}: Celery makes it then, with an exchange "
                "and a key of its own",
                ("queues", name),
                draft.origins.get(path) or draft.origins.get(path[:2]),
                AUTO_CREATED,
            )


def _named(data: dict[str, Any]) -> Iterator[tuple[Any, Path, str]]:
    """Yield every queue that is named, with the path of its name and what names it."""
    default = data.get("defaults", {}).get("queue")
    if default is not None:
        yield default, ("defaults", "queue"), "defaults.queue"
    for index, route in enumerate(data.get("routes", [])):
        if "queue" in route:
            yield route["queue"], ("routes", index, "queue"), "a route"
    for name, task in data.get("tasks", {}).items():
        if "queue" in task:
            yield task["queue"], ("tasks", name, "queue"), f"task {name!r}"
    for name, entry in data.get("beat", {}).get("schedule", {}).items():
        if "queue" in entry:
            path: Path = ("beat", "schedule", name, "queue")
            yield entry["queue"], path, f"schedule entry {name!r}"
    for name, worker in data.get("workers", {}).items():
        for index, queue in enumerate(worker.get("queues", [])):
            yield queue, ("workers", name, "queues", index), f"worker {name!r}"


def _pools(draft: Draft) -> None:
    pool = draft.hints.get("pool")
    if not isinstance(pool, str):
        return
    workers = [name for name, worker in draft.table("workers").items() if "pool" not in worker]
    for name in workers:
        draft.put(("workers", name, "pool"), pool)
    if not draft.table("workers"):
        draft.leave("settings", f'worker_pool = "{pool}"  # pool in each table under [workers]')
    draft.note(
        WARNING,
        f"setting worker_pool is {pool!r}: the workers' own -P cannot override it, and a green "
        "pool chosen by a setting is not patched; it is written as each worker's pool",
        None,
        None,
        "worker-pool-setting",
    )
