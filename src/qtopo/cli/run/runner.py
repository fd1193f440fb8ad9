"""Runs a set of processes until all have ended, and stops them in the right order.

A first SIGINT or SIGTERM stops beat and then the workers, which finish their
tasks; a second one makes them give their tasks up; a third one kills. When one
fails, the others are stopped, and its status becomes ours.
"""

from __future__ import annotations

import selectors
import signal
import socket
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.cli.run.child import Child
from qtopo.cli.run.output import RESET, Lines, Output

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.cli.run.child import Launch

RUNNING, WARM, COLD, KILLED = range(4)

_COLORS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
_LONGEST_LABEL = 32
_NAMED = 8
_REMINDER = 10.0
# How long the workers wait for beat to be gone.
_FIRST = 3.0
# `npm run` and the like hand Ctrl-C on although the terminal has sent it to
# us too: what comes as fast as that is one press of the keys.
_ONE_PRESS = 0.2


class Streams(NamedTuple):
    """Where lines (`out`) and our own words (`err`) go: file descriptors, and whether in colour."""

    out: int
    err: int
    color: bool


class Runner:
    """Starts the processes and sees them to their end; `run` returns the exit status."""

    def __init__(self, launches: Sequence[Launch], streams: Streams) -> None:
        self._launches = launches
        self._streams = streams
        self._output = Output()
        self._selector = selectors.PollSelector()
        self._children: list[Child] = []
        self._reading: set[int] = set()
        self._writing: int | None = None
        self._stage = RUNNING
        self._status = 0
        self._last_signal = float("-inf")
        self._reminder = float("inf")
        self._workers_told = False
        self._first_deadline = 0.0
        self._dropped = 0
        self._wake, self._woken = socket.socketpair()
        labels = [_short(one.label) for one in launches]
        self._width = max(map(len, [*labels, "qtopo"]))
        self._own_prefix = f"{'qtopo':<{self._width}} | "

    def run(self) -> int:
        """Run until all have ended. Raises QtopoError where one cannot be started at all."""
        before = self._listen()
        try:
            self._start()
            self._loop()
        finally:
            # Also where a fault of ours ends this: no process stays behind.
            for child in self._children:
                child.kill()
            while any(child.alive for child in self._children):
                for child in self._children:
                    child.look()
                time.sleep(0.01)
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            for end in (self._wake, self._woken):
                end.close()
        return self._status

    def _listen(self) -> dict[int, Any]:
        """Have signals wake the loop; returns the handlers there were."""
        for end in (self._wake, self._woken):
            end.setblocking(False)
        before: dict[int, Any] = {}
        for number in (
            signal.SIGCHLD,
            signal.SIGINT,
            signal.SIGTERM,
            signal.SIGQUIT,
            signal.SIGHUP,
        ):
            # Who runs us under nohup means it.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._woken.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._wake, selectors.EVENT_READ)
        return before

    def _start(self) -> None:
        for index, launch in enumerate(self._launches):
            label = _short(launch.label)
            prefix = f"{label:<{self._width}} | "
            if self._streams.color:
                prefix = f"\x1b[{_COLORS[index % len(_COLORS)]}m{prefix}\x1b[0m"
            lines = Lines(prefix.encode("utf-8", "backslashreplace"), color=self._streams.color)
            self._children.append(Child(launch, lines))
        count = len(self._children)
        self._say(f"started {count} process{'es' if count > 1 else ''}; Ctrl-C stops them")

    def _loop(self) -> None:
        summarised = False
        while self._alive() or self._output.waiting_for is not None:
            self._register()
            woken = False
            for key, _ in self._selector.select(self._patience()):
                if key.fileobj is self._wake:
                    woken = True
                elif key.data is None:
                    self._output.flush()
                else:
                    self._read(key.data)
            # Signals last: they may close what this round has found readable.
            if woken:
                self._signals()
            if self._streams.out in self._output.broken and self._stage == RUNNING:
                self._stop("nobody reads the output")
            self._go_on()
            if not summarised and not self._alive():
                summarised = True
                self._summarise()

    def _register(self) -> None:
        """Wait for what can be read and written now: a slow reader holds the processes up.

        Once they stop they are not held up any more, else they could not.
        """
        hold = self._output.full and self._stage == RUNNING
        open_ = {child.fd for child in self._alive() if not child.silent}
        wanted = set() if hold else open_
        for child in self._alive():
            if child.fd in wanted - self._reading:
                self._selector.register(child.fd, selectors.EVENT_READ, child)
                self._reading.add(child.fd)
        for fd in self._reading - wanted:
            self._selector.unregister(fd)
        self._reading &= wanted
        target = self._output.waiting_for
        if target != self._writing:
            if self._writing is not None:
                self._selector.unregister(self._writing)
            if target is not None:
                self._selector.register(target, selectors.EVENT_WRITE)
            self._writing = target

    def _patience(self) -> float | None:
        """Return the seconds until something has to be done unasked, or None."""
        moments = [child.deadline for child in self._alive() if child.deadline is not None]
        moments.append(self._reminder)
        if self._stage == WARM and not self._workers_told:
            moments.append(self._first_deadline)
        first = min(moments)
        return None if first == float("inf") else max(0.0, first - time.monotonic())

    def _read(self, child: Child) -> None:
        data = child.read()
        if data is None:
            return
        if not data:
            # It has closed its output but may go on; its end shows by SIGCHLD.
            self._reading.discard(child.fd)
            self._selector.unregister(child.fd)
            child.silent = True
            return
        self._print(child.lines.feed(data))

    def _print(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            if self._output.full and self._stage != RUNNING:
                self._dropped += 1
            else:
                self._output.write(self._streams.out, line)

    def _signals(self) -> None:
        try:
            numbers = self._wake.recv(4096)
        except BlockingIOError:
            return
        for number in numbers:
            if number != signal.SIGCHLD:
                self._interrupt(number)
        for child in self._children:
            if child.look():
                self._ended(child)

    def _interrupt(self, number: int) -> None:
        now = time.monotonic()
        pressed_before, self._last_signal = self._last_signal, now
        if now - pressed_before < _ONE_PRESS:
            return
        if not self._alive():
            # Everything has ended; only a reader that takes nothing keeps us.
            self._output.drop(self._streams.out)
        elif self._stage == RUNNING:
            self._stop(signal.Signals(number).name)
            if number == signal.SIGQUIT:
                self._give_up_tasks()
        elif number == signal.SIGHUP:
            # Comes with the end of a terminal, not from somebody in a hurry.
            return
        elif self._stage == WARM:
            self._give_up_tasks()
        else:
            self._stage = KILLED
            self._say(f"killing {self._names()}")
            for child in self._alive():
                child.kill()

    def _stop(self, why: str) -> None:
        """Begin to stop: those that go first now, the others when they are gone."""
        self._stage = WARM
        now = time.monotonic()
        self._reminder = now + _REMINDER
        first = [child for child in self._alive() if child.launch.first]
        self._first_deadline = now + _FIRST
        for child in first:
            self._tell_to_stop(child)
        self._say(f"{why}: stopping {self._names()}")
        self._go_on()

    def _go_on(self) -> None:
        """Do what is due: stop the workers after beat, kill who is late, say who is missing."""
        if self._stage == RUNNING:
            return
        now = time.monotonic()
        alive = self._alive()
        if not self._workers_told and (
            now >= self._first_deadline or not any(child.launch.first for child in alive)
        ):
            self._workers_told = True
            for child in alive:
                if not child.launch.first:
                    self._tell_to_stop(child)
        for child in alive:
            if child.deadline is not None and now >= child.deadline:
                child.deadline = None
                self._say(f"{_short(child.launch.label)} has not stopped in time: killing it")
                child.kill()
        if now >= self._reminder:
            self._reminder = now + _REMINDER
            if alive and self._stage != KILLED:
                self._say(f"waiting for {self._names()}")

    def _tell_to_stop(self, child: Child) -> None:
        child.tell(signal.SIGTERM)
        if child.launch.grace is not None:
            child.deadline = time.monotonic() + child.launch.grace

    def _give_up_tasks(self) -> None:
        """Make the workers stop at once: Celery's cold shutdown."""
        self._stage = COLD
        self._workers_told = True
        self._say(f"giving up running tasks: {self._names()}; once more kills")
        now = time.monotonic()
        for child in self._alive():
            if child.launch.first:
                # Beat runs no tasks and does not handle SIGQUIT.
                self._tell_to_stop(child)
                continue
            child.tell(signal.SIGQUIT)
            limit = now + child.launch.cold
            child.deadline = limit if child.deadline is None else min(child.deadline, limit)

    def _ended(self, child: Child) -> None:
        """Note how a process ended, and what follows from it."""
        while data := child.read():
            self._print(child.lines.feed(data))
        self._print(child.lines.finish())
        if child.fd in self._reading:
            self._reading.discard(child.fd)
            self._selector.unregister(child.fd)
        child.close()
        label = _short(child.launch.label)
        if self._stage != RUNNING:
            if not child.stopped_well and self._status == 0:
                self._status = child.status
            return
        after = f"after {_span(child.ended - child.started)}"
        if child.status == 0:
            self._say(f"{label} has ended by itself {after}, with status 0")
        else:
            self._status = child.status
            self._stop(f"{label} failed {after} with {_status(child.status)}")

    def _summarise(self) -> None:
        """Say how it all ended."""
        if self._dropped:
            self._say(f"{self._dropped} lines were left out: nobody read them")
        bad = [child for child in self._children if not child.stopped_well]
        for child in bad:
            self._say(
                f"{_short(child.launch.label)} ended after {_span(child.ended - child.started)}"
                f" with {_status(child.status)}"
            )
        good = len(self._children) - len(bad)
        if good:
            self._say(f"{good} process{'es' if good > 1 else ''} stopped well")

    def _alive(self) -> list[Child]:
        return [child for child in self._children if child.alive]

    def _names(self) -> str:
        """Name those that still run, and how long they may take."""
        alive = self._alive()
        names = ", ".join(_short(child.launch.label) for child in alive[:_NAMED])
        if len(alive) > _NAMED:
            names += f" and {len(alive) - _NAMED} more"
        graces = [child.launch.grace for child in alive]
        if self._stage != WARM or not graces:
            return names
        if None in graces:
            return f"{names} (until their tasks are done)"
        return f"{names} (at most {_span(max(grace for grace in graces if grace is not None))})"

    def _say(self, text: str) -> None:
        line = f"{self._own_prefix}{text}\n".encode("utf-8", "backslashreplace")
        if self._streams.color:
            line = b"\x1b[1m" + line[:-1] + RESET + b"\n"
        self._output.write(self._streams.err, line)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "~"


def _span(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 300 else f"{seconds / 60:.0f} min"


def _status(status: int) -> str:
    """Name a status; above 128 it stands for a signal."""
    try:
        return f"status {status} ({signal.Signals(status - 128).name})"
    except ValueError:
        return f"status {status}"
