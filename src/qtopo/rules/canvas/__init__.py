"""Rules of the family `canvas`: chains, groups, chords, and tasks that wait for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.canvas.builtin_route_unused import BuiltinRouteUnused
from qtopo.rules.canvas.chord_backend_unsupported import ChordBackendUnsupported
from qtopo.rules.canvas.chord_header_ignores_result import ChordHeaderIgnoresResult
from qtopo.rules.canvas.chord_polls_quorum import ChordPollsQuorum
from qtopo.rules.canvas.chord_unlock_route_ignored import ChordUnlockRouteIgnored
from qtopo.rules.canvas.chord_without_backend import ChordWithoutBackend
from qtopo.rules.canvas.task_waits_for_own_worker import TaskWaitsForOwnWorker
from qtopo.rules.canvas.waits_for_ignored_result import WaitsForIgnoredResult
from qtopo.rules.canvas.waits_without_backend import WaitsWithoutBackend
from qtopo.rules.canvas.workflow_through_parking import WorkflowThroughParking

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    ChordWithoutBackend,
    ChordBackendUnsupported,
    ChordUnlockRouteIgnored,
    ChordHeaderIgnoresResult,
    TaskWaitsForOwnWorker,
    WaitsWithoutBackend,
    WaitsForIgnoredResult,
    BuiltinRouteUnused,
    ChordPollsQuorum,
    WorkflowThroughParking,
)
