"""What a difference is: values that name things and key paths, never lines.

`compare` makes them, `rollout` orders them into steps, renderers show them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.topology.finding import Path
    from qtopo.topology.topology import Topology

STRANDS = "strands"
DUPLICATES = "duplicates"
RECREATE = "recreate"
WORKERS_FIRST = "workers-first"
RESTART = "restart"
HARMLESS = "harmless"

CLASSES: Mapping[str, str] = {
    STRANDS: "strands messages",
    DUPLICATES: "runs tasks twice",
    RECREATE: "must be re-created",
    WORKERS_FIRST: "needs the workers first",
    RESTART: "acts after a restart",
    HARMLESS: "harmless",
}
"""How bad a change is, the worst first: what JSON says, and what people read."""

BREAKING = (STRANDS, DUPLICATES, RECREATE)

ADDED, REMOVED, CHANGED, RENAMED = "added", "removed", "changed", "renamed"

FAIL_ON: Mapping[str, tuple[str, ...]] = {
    "breaking": BREAKING,
    "workers-first": (*BREAKING, WORKERS_FIRST),
    "any": tuple(CLASSES),
    "never": (),
}
"""The levels of `--fail-on`, and the classes that count for each."""


class Change(NamedTuple):
    """One difference between two topologies.

    `effect` is one of CLASSES; `kind` says of what sort of thing (`exchange`,
    `queue`, `binding`, `route`, `task`, `worker`, `machine`, `beat`, `schedule`,
    `workflow`, `resource`, `setting`, `broker`, `results`, `defaults`, `app`) and
    `name` which one; `key` is the key that changed, None where the whole thing
    is meant. `old` and `new` are plain values, as the file writes them; `why`
    is a sentence. A path is None where that file has no such thing.
    """

    effect: str
    kind: str
    name: str
    what: str
    key: str | None
    old: Any
    new: Any
    why: str
    old_path: Path | None
    new_path: Path | None


class Way(NamedTuple):
    """Where a task goes: the queue, what is published, who gets it, who works on it.

    `exchange` and `routing_key` are those on the wire (None: Celery refuses to
    send), `priority` too.
    """

    queue: str | None
    exchange: str | None
    routing_key: str | None
    priority: int | None
    delivered_to: tuple[str, ...]
    workers: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            **self._asdict(),
            "delivered_to": list(self.delivered_to),
            "workers": list(self.workers),
        }


class TaskChange(NamedTuple):
    """A known task whose way changes; `effect` is one of CLASSES, `why` a sentence."""

    effect: str
    task: str
    old: Way
    new: Way
    why: str


class Step(NamedTuple):
    """One step of a roll-out: a word for it, what to do, and commands where there are any.

    `what` is `recreate`, `declare`, `consume`, `restart`, `switch`, `drain`, `remove`.
    """

    what: str
    text: str
    commands: tuple[str, ...] = ()


class Diff(NamedTuple):
    """All that differs, the worst first, and the safe order to roll it out."""

    old: Topology
    new: Topology
    changes: tuple[Change, ...]
    tasks: tuple[TaskChange, ...]
    rollout: tuple[Step, ...]

    def counts(self) -> dict[str, int]:
        """Return how many changes there are of each class, tasks included."""
        counts = dict.fromkeys(CLASSES, 0)
        for effect in self.effects():
            counts[effect] += 1
        return counts

    def effects(self) -> list[str]:
        """Return the class of each change, then of each task's."""
        return [one.effect for one in self.changes] + [one.effect for one in self.tasks]


def rank(effect: str) -> int:
    """Return the place of a class in CLASSES: the lower, the worse."""
    return _RANKS[effect]


_RANKS = {effect: place for place, effect in enumerate(CLASSES)}
