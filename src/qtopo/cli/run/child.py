"""One running process: its start, its output, its signals and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from qtopo.errors import QtopoError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qtopo.cli.run.output import Lines

_PR_SET_PDEATHSIG = 1


class Launch(NamedTuple):
    """A process to start.

    `argv[0]` is a path; `env` is the whole environment. `grace` is the time in
    seconds between SIGTERM and SIGKILL (None: no end), `cold` the same after
    SIGQUIT. `first` stops before the others: beat, so that nothing new is sent.
    """

    label: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    grace: float | None
    cold: float
    first: bool = False


class Child:
    """A process that was started, in a session of its own.

    `status` is known once it is no longer `alive`: its exit status, or 128 and
    the number of the signal that ended it. One that is `replaced` was told to stop
    because something was saved; another one takes its place.

    The terminal's Ctrl-C goes to a whole process group, and prefork's children
    die of it with their tasks. So it does not reach them here, and only the main
    process is told to stop; SIGKILL alone goes to the group.
    """

    def __init__(self, launch: Launch, lines: Lines) -> None:
        self.launch = launch
        self.lines = lines
        self.started = time.monotonic()
        self.ended = 0.0
        self.told: set[int] = set()
        self.told_at: float | None = None
        self.replaced = False
        self.deadline: float | None = None
        self.alive = True
        self.status = 0
        self.silent = False
        self.fd, writing = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - no shell; it is what the user declared
                launch.argv,
                env=dict(launch.env),
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
                preexec_fn=_follow_parent(),
            )
        except (OSError, ValueError) as error:
            os.close(self.fd)
            reason = getattr(error, "strerror", None) or str(error)
            raise QtopoError(f"cannot start {launch.label!r}: {launch.argv[0]}: {reason}") from None
        finally:
            os.close(writing)
        os.set_blocking(self.fd, False)

    def read(self) -> bytes | None:
        """Return what it has printed; b"" at the end, None where there is nothing yet."""
        try:
            return os.read(self.fd, 65536)
        except BlockingIOError:
            return None

    def tell(self, number: int) -> None:
        """Send a signal to its main process."""
        self.told.add(number)
        self.told_at = self.told_at or time.monotonic()
        if self.alive:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it and everything it started."""
        self.told.add(signal.SIGKILL)
        self.told_at = self.told_at or time.monotonic()
        if self.alive:
            self._kill_group()

    def look(self) -> bool:
        """Whether it has just ended; its `status` is then known, and nothing of it is left."""
        if not self.alive or not self._gone():
            return False
        # The group cannot be anybody else's as long as the process is not
        # waited for: what a crashed worker leaves behind goes now.
        self._kill_group()
        code = self._process.wait()
        self.alive = False
        self.status = 128 - code if code < 0 else code
        self.ended = time.monotonic()
        return True

    def close(self) -> None:
        """Give its output up."""
        os.close(self.fd)

    @property
    def stopped_well(self) -> bool:
        """Whether it ended as it should: by itself, or of our SIGTERM before it could handle it."""
        return self.status == 0 or (
            self.status == 128 + signal.SIGTERM and signal.SIGTERM in self.told
        )

    def _gone(self) -> bool:
        if hasattr(os, "waitid"):
            seen = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            return seen is not None
        return self._process.poll() is not None

    def _kill_group(self) -> None:
        # Nobody may be left, or (macOS) only the dead.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _follow_parent() -> Callable[[], None] | None:
    """Return what makes a child stop gently when we are killed, where the system can."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        import ctypes

        prctl = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return None
    parent = os.getpid()

    def follow() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return follow
