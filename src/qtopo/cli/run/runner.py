"""Runs a set of processes until all have ended, and stops them in the right order.

A first SIGINT or SIGTERM stops beat and then the workers, which finish their
tasks; a second one makes them give their tasks up; a third one kills. When one
fails, the others are stopped, and its status becomes ours; where files are
watched it waits for the next change instead.
"""

from __future__ import annotations

import selectors
import signal
import socket
import time
from typing import TYPE_CHECKING, Any

from qtopo.cli.run.child import Child
from qtopo.cli.run.history import History
from qtopo.cli.run.output import Output
from qtopo.cli.run.restarts import Restarts
from qtopo.cli.run.stopping import RUNNING, WARM, Stopping
from qtopo.cli.run.words import Streams, Voice, short, span, status_words
from qtopo.emit.base import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.cli.run.child import Launch
    from qtopo.cli.run.restarts import Replan
    from qtopo.cli.run.watch import Watch

__all__ = ["Runner", "Streams"]

# `npm run` and the like hand Ctrl-C on although the terminal has sent it to
# us too: what comes as fast as that is one press of the keys.
_ONE_PRESS = 0.2


class Runner:
    """Starts the processes and sees them to their end; `run` returns the exit status.

    With a `watch`, `replan` says what is to run after files were saved.
    """

    def __init__(
        self,
        launches: Sequence[Launch],
        streams: Streams,
        *,
        watch: Watch | None = None,
        replan: Replan | None = None,
    ) -> None:
        self._launches = launches
        self._streams = streams
        self._watch = watch
        self._output = Output()
        self._voice = Voice(self._output, streams, [one.label for one in launches])
        self._stopping = Stopping(self._alive, self._voice)
        self._history = History()
        self._restarts = Restarts(launches, replan, self._voice)
        self._selector = selectors.PollSelector()
        self._children: list[Child] = []
        self._reading: set[int] = set()
        self._writing: int | None = None
        self._status = 0
        self._last_signal = float("-inf")
        self._dropped = 0
        self._wake, self._woken = socket.socketpair()

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
            if self._watch is not None:
                self._watch.close()
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
        for launch in self._launches:
            self._begin(launch)
        watching = ""
        if self._watch is not None:
            self._selector.register(self._watch.fd, selectors.EVENT_READ)
            self._watch.start()
            watching = ", restarted when a file is saved"
        count = counted(len(self._children), "process")
        self._voice.say(f"started {count}{watching}; Ctrl-C stops them")

    def _begin(self, launch: Launch) -> None:
        child = Child(launch, self._voice.lines(launch.label))
        self._children.append(child)
        self._history.began(child)

    def _loop(self) -> None:
        summarised = False
        while self._goes_on() or self._output.waiting_for is not None:
            self._register()
            woken = saved = False
            for key, _ in self._selector.select(self._stopping.patience()):
                if key.fileobj is self._wake:
                    woken = True
                elif self._watch is not None and key.fd == self._watch.fd:
                    saved = True
                elif key.data is None:
                    self._output.flush()
                else:
                    self._read(key.data)
            # Signals last: they may close what this round has found readable.
            if woken:
                self._signals()
            if saved:
                self._saved()
            if self._streams.out in self._output.broken and self._stopping.stage == RUNNING:
                self._stopping.begin("nobody reads the output")
            self._stopping.go_on()
            if not summarised and not self._goes_on():
                summarised = True
                self._summarise()

    def _goes_on(self) -> bool:
        """Whether a process runs, or a change may start one."""
        waiting = self._watch is not None and self._stopping.stage == RUNNING
        return waiting or bool(self._alive())

    def _register(self) -> None:
        """Wait for what can be read and written now: a slow reader holds the processes up.

        Once they stop they are not held up any more, else they could not.
        """
        hold = self._output.full and self._stopping.stage == RUNNING
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
            if self._output.full and self._stopping.stage != RUNNING:
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
        for child in list(self._children):
            if child.look():
                self._ended(child)

    def _interrupt(self, number: int) -> None:
        now = time.monotonic()
        pressed_before, self._last_signal = self._last_signal, now
        if now - pressed_before < _ONE_PRESS:
            return
        stage = self._stopping.stage
        if not self._goes_on():
            # Everything has ended; only a reader that takes nothing keeps us.
            self._output.drop(self._streams.out)
        elif stage == RUNNING:
            self._stopping.begin(signal.Signals(number).name)
            if number == signal.SIGQUIT:
                self._stopping.give_up_tasks()
        elif number == signal.SIGHUP:
            # Comes with the end of a terminal, not from somebody in a hurry.
            return
        elif stage == WARM:
            self._stopping.give_up_tasks()
        else:
            self._stopping.kill()

    def _saved(self) -> None:
        """Replace what files were saved for; what does not run is started."""
        if self._watch is None or self._stopping.stage != RUNNING:
            return
        for launch in self._restarts.saved(self._watch, self._alive()):
            self._begin_again(launch)

    def _begin_again(self, launch: Launch) -> None:
        from qtopo.errors import QtopoError

        try:
            self._begin(launch)
        except QtopoError as error:
            self._voice.say(f"{error}; waiting for a change")

    def _ended(self, child: Child) -> None:
        """Note how a process ended, and what follows from it."""
        while data := child.read():
            self._print(child.lines.feed(data))
        self._print(child.lines.finish())
        if child.fd in self._reading:
            self._reading.discard(child.fd)
            self._selector.unregister(child.fd)
        child.close()
        self._children.remove(child)
        label = short(child.launch.label)
        after = f"after {span(child.ended - child.started)}"
        if self._stopping.stage != RUNNING:
            if not child.stopped_well and self._status == 0:
                self._status = child.status
        elif child.replaced:
            launch = self._restarts.successor(child)
            if launch is not None:
                self._begin_again(launch)
        elif child.status == 0:
            self._voice.say(f"{label} has ended by itself {after}, with status 0")
        elif self._watch is not None:
            failed = f"{label} failed {after} with {status_words(child.status)}"
            self._voice.say(f"{failed}; waiting for a change")
        else:
            self._status = child.status
            failed = f"{label} failed {after} with {status_words(child.status)}"
            self._stopping.begin(failed)

    def _summarise(self) -> None:
        """Say how it all ended."""
        if self._dropped:
            self._voice.say(f"{self._dropped} lines were left out: nobody read them")
        self._status = self._status or self._history.status
        for line in self._history.summary():
            self._voice.say(line)

    def _alive(self) -> list[Child]:
        return [child for child in self._children if child.alive]
