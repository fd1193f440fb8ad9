"""All rules, family by family: the order in which they run and are listed.

A family is imported when a topology has what it is about: start-up is part of
the feature, and most files have no chord and no quorum queue. A condition here
says what a family is about, never whether something is wrong.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qtopo.rules.base import Rule
    from qtopo.topology.topology import Topology


def _always(topology: Topology) -> bool:  # noqa: ARG001
    return True


def _has_settings(topology: Topology) -> bool:
    return bool(topology.settings or topology.broker.options)


def _has_quorum(topology: Topology) -> bool:
    return any(
        queue.type == "quorum" or "x-queue-type" in queue.arguments
        for queue in topology.queues.values()
    )


def _has_facts(topology: Topology) -> bool:
    return bool(topology.tasks)


def _has_timing(topology: Topology) -> bool:
    return _has_facts(topology) or bool(topology.settings)


def _has_limits(topology: Topology) -> bool:
    return _has_facts(topology) or "task_soft_time_limit" in topology.settings


def _has_canvas(topology: Topology) -> bool:
    return bool(topology.workflows) or bool(topology.routes) or _has_facts(topology)


def _has_beat(topology: Topology) -> bool:
    return topology.beat is not None


def _has_resources(topology: Topology) -> bool:
    return bool(topology.resources)


def _has_capacity(topology: Topology) -> bool:
    return _has_facts(topology) or bool(topology.machines)


def _has_operations(topology: Topology) -> bool:
    return (
        _has_timing(topology)
        or bool(topology.environments)
        or topology.defaults.create_missing_queues
        or any(worker.env for worker in topology.workers.values())
    )


def _has_platforms(topology: Topology) -> bool:
    return topology.deploy is not None or any(
        worker.scale is not None or worker.shutdown is not None
        for worker in topology.workers.values()
    )


def _never(topology: Topology) -> bool:  # noqa: ARG001
    """Rules that are silent until an option of theirs is set: the engine runs them then."""
    return False


FAMILIES: Mapping[str, Callable[[Topology], bool]] = {
    "references": _always,
    "settings": _has_settings,
    "routing": _always,
    "queues": _always,
    "transport": _always,
    "workers": _always,
    "timing": _has_timing,
    "delayed": _has_quorum,
    "canvas": _has_canvas,
    "beat": _has_beat,
    "isolation": _has_resources,
    "conventions": _never,
    "capacity": _has_capacity,
    "operations": _has_operations,
    "platforms": _has_platforms,
}
"""Each family is the folder of its name, with what a topology must have for it to matter."""


def rules(topology: Topology | None = None) -> Sequence[type[Rule]]:
    """Return the rules that are about something the topology has; all of them without one."""
    return [
        rule
        for family, matters in FAMILIES.items()
        if topology is None or matters(topology)
        for rule in import_module(f"qtopo.rules.{family}").RULES
    ]
