"""What is replaced when files were saved: gently, each process as soon as it has stopped."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, Protocol

from qtopo.cli.run.stopping import tell_to_stop
from qtopo.cli.run.words import listed, patience, short
from qtopo.errors import QtopoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.cli.run.child import Child, Launch
    from qtopo.cli.run.watch import Watch
    from qtopo.cli.run.words import Voice

_NAMED = 3


class Plan(NamedTuple):
    """What is to run: `all_anew` where also what is as before has to begin again.

    `refused` says why a topology that was saved is not applied.
    """

    launches: Sequence[Launch]
    all_anew: bool
    refused: QtopoError | None = None


class Replan(Protocol):
    """What decides, of the paths that were saved, what is to run."""

    def __call__(self, saved: set[str]) -> Plan:
        """Return the plan."""

    @property
    def files(self) -> Sequence[str]:
        """The files of the topology, which are watched wherever they are."""


class Restarts:
    """Knows what is to run under each label; tells processes to make room."""

    def __init__(self, launches: Iterable[Launch], replan: Replan | None, voice: Voice) -> None:
        self._wanted = {one.label: one for one in launches}
        self._replan = replan
        self._voice = voice

    def saved(self, watch: Watch, alive: Sequence[Child]) -> list[Launch]:
        """Tell to stop what has to be replaced; returns what can be started at once."""
        try:
            paths = watch.take()
            if not paths or self._replan is None:
                return []
            plan = self._replan(paths)
            watch.name(self._replan.files)
        except QtopoError as error:
            self._complain(error)
            return []
        if plan.refused is not None:
            self._complain(plan.refused)
        self._wanted = {one.label: one for one in plan.launches}
        stale = [
            child
            for child in alive
            if plan.all_anew or self._wanted.get(child.launch.label) != child.launch
        ]
        running = {child.launch.label for child in alive}
        missing = [one for label, one in self._wanted.items() if label not in running]
        if stale or missing or plan.refused is None:
            self._say(paths, stale, missing)
        for child in stale:
            child.replaced = True
            tell_to_stop(child)
        return missing

    def successor(self, child: Child) -> Launch | None:
        """Return what takes the place of a process that has made room; None where nothing does."""
        label = child.launch.label
        if not child.stopped_well:
            self._voice.say(f"{short(label)} did not stop well (status {child.status})")
        return self._wanted.get(label)

    def _complain(self, error: QtopoError) -> None:
        self._voice.say(f"{error}\n  {error.help}" if error.help else str(error))

    def _say(self, paths: set[str], stale: Sequence[Child], missing: Sequence[Launch]) -> None:
        names = [os.path.basename(path) for path in sorted(paths)]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        saved = f"{', '.join(names[:_NAMED])}{more} changed"
        done = []
        restarted = [one for one in stale if one.launch.label in self._wanted]
        gone = [one for one in stale if one.launch.label not in self._wanted]
        if restarted:
            labels = listed(one.launch.label for one in restarted)
            done.append(f"restarting {labels} ({patience(restarted)})")
        if gone:
            done.append(f"stopping {listed(one.launch.label for one in gone)}")
        if missing:
            done.append(f"starting {listed(one.label for one in missing)}")
        self._voice.say(f"{saved}: {'; '.join(done) or 'nothing to restart'}")
