"""Two topologies compared: every difference, each with its class, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.changes import objects, processes, settings, ways
from qtopo.changes.change import Diff, rank
from qtopo.changes.rollout import rollout
from qtopo.changes.sides import Sides

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qtopo.changes.change import Change
    from qtopo.topology.topology import Topology

PARTS: tuple[Callable[[Sides], Iterator[Change]], ...] = (
    settings.broker,
    settings.results,
    settings.defaults,
    objects.exchanges,
    objects.queues,
    objects.bindings,
    ways.routes,
    processes.workers,
    processes.beat,
    processes.schedule,
    settings.tasks,
    settings.settings,
    settings.others,
    processes.machines,
    settings.app,
)
"""What is compared, in the order that changes of one class are told."""


def diff(old: Topology, new: Topology) -> Diff:
    """Return what changes from one topology to the other, and the safe order of it.

    Both as they are: an overlay must be merged in before. What only concerns
    the file (`include`, `lint`, `environments`, `tests`) is no difference.
    """
    sides = Sides(old, new)
    changes = [change for part in PARTS for change in part(sides)]
    changes.sort(key=lambda one: rank(one.effect))
    tasks = sorted(ways.tasks(sides), key=lambda one: rank(one.effect))
    return Diff(old, new, tuple(changes), tuple(tasks), tuple(rollout(sides, changes, tasks)))
