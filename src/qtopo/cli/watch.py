"""Does something again whenever a file changes, until Ctrl-C."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from qtopo.cli.main import OK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PAUSE = 0.25
"""Seconds between looks at the files."""

SETTLED = 0.05
"""Seconds in which nothing may change: an editor may be in the middle of writing."""

CLOCK = 20_000_000
"""Nanoseconds by which the times of files may lag behind the clock."""

_CLEAR = "\x1b[2J\x1b[3J\x1b[H"


def watch(
    once: Callable[[], tuple[str, Iterable[str]]], *, sleep: Callable[[float], None] = time.sleep
) -> int:
    """Show what `once` returns whenever a file changes that it names; returns the exit code.

    `once` returns a text and the files it rests on. The same text twice is shown
    once, so that saving a file without a consequence leaves the screen alone.
    """
    import gc

    gc.enable()  # this process is not a short one
    shown: str | None = None
    try:
        while True:
            began = time.time_ns() - CLOCK
            text, files = once()
            watched = _around(files)
            before = _state(watched)
            if text != shown:
                _show(text, again=shown is not None)
                shown = text
            if any(one is not None and one[0] >= began for one in before):
                continue  # changed while it was read: which half was seen is not known
            while (now := _state(watched)) == before:
                sleep(PAUSE)
            while now != before:
                before = now
                sleep(SETTLED)
                now = _state(watched)
    except KeyboardInterrupt:
        # How a watch ends, and no failure.
        print(file=sys.stderr)
        return OK


def _show(text: str, *, again: bool) -> None:
    clock = time.strftime("%H:%M:%S")
    if sys.stdout.isatty():
        sys.stdout.write(_CLEAR)
    elif again:
        sys.stdout.write("\n")
    print(f"{text.rstrip()}\n\n[{clock}] watching for changes; Ctrl-C ends it", flush=True)


def _around(files: Iterable[str]) -> list[str]:
    """Return files with their folders: a pattern of `include` may match a new one."""
    names = dict.fromkeys(files)
    names.update(dict.fromkeys(os.path.dirname(file) or "." for file in list(names)))
    return list(names)


def _state(files: Iterable[str]) -> list[tuple[int, int, int] | None]:
    """Return what changes when a file does; None for one that is not there."""
    state: list[tuple[int, int, int] | None] = []
    for file in files:
        try:
            found = os.stat(file)
        except OSError:
            state.append(None)
        else:
            state.append((found.st_mtime_ns, found.st_size, found.st_ino))
    return state
