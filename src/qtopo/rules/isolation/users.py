"""Which workers run the tasks that use a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.rules.placement import placed

if TYPE_CHECKING:
    from qtopo.rules.base import Context
    from qtopo.topology.finding import Path


class Users(NamedTuple):
    """The running workers, in the order their tasks are met, and where some tasks say so."""

    workers: dict[str, None]
    places: list[tuple[str, Path]]


def users(context: Context) -> dict[str, Users]:
    """Return who uses each resource; worked out once."""
    if "users" not in context.memory:
        found: dict[str, Users] = {}
        for task, placement in placed(context, "uses"):
            for index, name in enumerate(task.uses):
                used = found.setdefault(name, Users({}, []))
                used.workers.update(dict.fromkeys(placement.workers))
                if len(used.places) < 3:
                    at = ("tasks", task.name, "uses", index)
                    used.places.append((f"task {task.name!r} uses it", at))
        context.memory["users"] = found
    known: dict[str, Users] = context.memory["users"]
    return known
