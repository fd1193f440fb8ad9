"""What the processes print, line by line behind their names, never waiting for the reader.

Bytes go through as they are: what a process prints need not be UTF-8.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RESET = b"\x1b[0m"

# What poll calls writable takes this much without blocking (PIPE_BUF is 4096
# on Linux and 512 elsewhere).
_CHUNK = 512 if os.uname().sysname != "Linux" else 4096
_LONGEST_LINE = 64 * 1024


class Lines:
    """Cuts what one process prints into lines; holds back a line until it is whole."""

    def __init__(self, prefix: bytes, *, color: bool) -> None:
        self._prefix = prefix
        self._color = color
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that are whole now, behind the prefix."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield self._line(line)
        while len(self._rest) > _LONGEST_LINE:
            cut = _LONGEST_LINE
            # Not within a character of UTF-8: its further bytes are 10xxxxxx.
            while cut > _LONGEST_LINE - 3 and self._rest[cut] & 0xC0 == 0x80:
                cut -= 1
            yield self._line(self._rest[:cut])
            self._rest = self._rest[cut:]

    def finish(self) -> Iterator[bytes]:
        """Yield the last line, if the process did not end it."""
        rest, self._rest = self._rest, b""
        if rest:
            yield self._line(rest)

    def _line(self, line: bytes) -> bytes:
        line = line.removesuffix(b"\r")
        # A colour that the process left on must not run into the next prefix.
        end = RESET + b"\n" if self._color and b"\x1b" in line else b"\n"
        return self._prefix + line + end


class Output:
    """Lines on their way to stdout and stderr, in one order.

    Nothing here blocks: `write` only remembers, and `flush` is called whenever
    `waiting_for` can be written. `broken` are the descriptors whose reader is gone.
    """

    def __init__(self, limit: int = 1 << 20) -> None:
        self._pending: deque[tuple[int, bytes]] = deque()
        self._limit = limit
        self.size = 0
        self.broken: set[int] = set()

    @property
    def full(self) -> bool:
        """Whether the reader is too slow, so that no more should be read."""
        return self.size >= self._limit

    @property
    def waiting_for(self) -> int | None:
        """The file descriptor that has to become writable, or None where nothing is left."""
        return self._pending[0][0] if self._pending else None

    def write(self, fd: int, line: bytes) -> None:
        """Remember a line for a file descriptor."""
        if fd not in self.broken:
            self._pending.append((fd, line))
            self.size += len(line)

    def drop(self, fd: int) -> None:
        """Forget what is not written yet to a file descriptor."""
        self._pending = deque(one for one in self._pending if one[0] != fd)
        self.size = sum(len(line) for _, line in self._pending)

    def flush(self) -> None:
        """Write as much as surely does not block: whole lines where they fit."""
        fd, data = self._pending.popleft()
        while self._pending and self._pending[0][0] == fd:
            if len(data) + len(self._pending[0][1]) > _CHUNK:
                break
            data += self._pending.popleft()[1]
        try:
            written = os.write(fd, data[:_CHUNK])
        except BlockingIOError:
            written = 0
        except OSError:
            # Nobody reads any more; what is left for them is void.
            self.broken.add(fd)
            self.drop(fd)
            return
        self.size -= written
        if written < len(data):
            self._pending.appendleft((fd, data[written:]))
