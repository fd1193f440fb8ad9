"""The order in which running processes are stopped: gently, then at once, then by force."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from qtopo.cli.run.words import listed, patience, short

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtopo.cli.run.child import Child
    from qtopo.cli.run.words import Voice

RUNNING, WARM, COLD, KILLED = range(4)

_REMINDER = 10.0
# How long the workers wait for beat to be gone.
_FIRST = 3.0


def tell_to_stop(child: Child) -> None:
    """Tell a process to finish its tasks, and count its grace.

    Once only: a second SIGTERM makes a worker in its soft shutdown give them up.
    """
    if signal.SIGTERM in child.told:
        return
    child.tell(signal.SIGTERM)
    if child.launch.grace is not None:
        child.deadline = time.monotonic() + child.launch.grace


class Stopping:
    """How far stopping has come (`stage`), and what is due."""

    def __init__(self, alive: Callable[[], list[Child]], voice: Voice) -> None:
        self.stage = RUNNING
        self._alive = alive
        self._voice = voice
        self._reminder = float("inf")
        self._workers_told = False
        self._first_deadline = 0.0

    def begin(self, why: str) -> None:
        """Begin to stop: those that go first now, the others when they are gone."""
        self.stage = WARM
        now = time.monotonic()
        self._reminder = now + _REMINDER
        self._first_deadline = now + _FIRST
        for child in self._alive():
            if child.launch.first:
                tell_to_stop(child)
        self._voice.say(f"{why}: stopping {self._names() or 'nothing, since nothing runs'}")
        self.go_on()

    def give_up_tasks(self) -> None:
        """Make the workers stop at once: Celery's cold shutdown."""
        self.stage = COLD
        self._workers_told = True
        self._voice.say(f"giving up running tasks: {self._names()}; once more kills")
        now = time.monotonic()
        for child in self._alive():
            if child.launch.first:
                # Beat runs no tasks and does not handle SIGQUIT.
                tell_to_stop(child)
                continue
            child.tell(signal.SIGQUIT)
            limit = now + child.launch.cold
            child.deadline = limit if child.deadline is None else min(child.deadline, limit)

    def kill(self) -> None:
        """End everything by force."""
        self.stage = KILLED
        self._voice.say(f"killing {self._names()}")
        for child in self._alive():
            child.kill()

    def go_on(self) -> None:
        """Do what is due: kill who is late, stop the workers after beat, say who is missing."""
        now = time.monotonic()
        alive = self._alive()
        for child in alive:
            if child.deadline is not None and now >= child.deadline:
                child.deadline = None
                label = short(child.launch.label)
                self._voice.say(f"{label} has not stopped in time: killing it")
                child.kill()
        if self.stage == RUNNING:
            return
        if not self._workers_told and (
            now >= self._first_deadline or not any(child.launch.first for child in alive)
        ):
            self._workers_told = True
            for child in alive:
                if not child.launch.first:
                    tell_to_stop(child)
        if now >= self._reminder:
            self._reminder = now + _REMINDER
            if alive and self.stage != KILLED:
                self._voice.say(f"waiting for {self._names()}")

    def patience(self) -> float | None:
        """Return the seconds until something is due unasked, or None."""
        moments = [child.deadline for child in self._alive() if child.deadline is not None]
        moments.append(self._reminder)
        if self.stage == WARM and not self._workers_told:
            moments.append(self._first_deadline)
        first = min(moments)
        return None if first == float("inf") else max(0.0, first - time.monotonic())

    def _names(self) -> str:
        """Name those that still run, and how long they may take."""
        alive = self._alive()
        names = listed(child.launch.label for child in alive)
        return f"{names} ({patience(alive)})" if self.stage == WARM and alive else names
