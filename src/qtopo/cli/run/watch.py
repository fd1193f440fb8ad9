"""Watching files: what was saved, in portions, without the noise of tools."""

from __future__ import annotations

import os
import queue
import socket
import threading
from typing import TYPE_CHECKING

from qtopo.errors import QtopoError

if TYPE_CHECKING:
    from collections.abc import Iterable

# Editors write in several steps, and a checkout many files: one portion.
_QUIET_MS = 200
_LONGEST_MS = 2000

_NOISE = frozenset(
    {
        "__pycache__",
        "site-packages",
        "node_modules",
        ".git",
        ".hg",
        ".svn",
        ".tox",
        ".nox",
        ".venv",
        ".idea",
        ".vscode",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
    }
)


class Watch:
    """Watches folders for Python files, and single other files (`named`), in threads of its own.

    `fd` becomes readable when something was saved; `take` then returns the real
    paths. Raises QtopoError where watchfiles is missing or a path does not exist.
    """

    def __init__(self, paths: Iterable[str], named: Iterable[str]) -> None:
        try:
            import watchfiles  # noqa: F401
        except ImportError:
            raise QtopoError(
                "--watch needs the package watchfiles",
                "install the extra: pip install 'qtopo[watch]'",
            ) from None
        self._roots = [os.path.realpath(path) for path in paths]
        for path in self._roots:
            if not os.path.exists(path):
                raise QtopoError(f"cannot watch {path!r}: there is no such file or folder")
        self._named = {os.path.realpath(path) for path in named}
        self._environments: dict[str, bool] = {}
        self._found: queue.SimpleQueue[set[str] | QtopoError] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)
        self._threads: list[threading.Thread] = []

    @property
    def fd(self) -> int:
        """What becomes readable when something was saved."""
        return self._ours.fileno()

    def start(self) -> None:
        """Begin to watch."""
        # A file that is replaced is another one: its folder is what is watched.
        folders = {path if os.path.isdir(path) else os.path.dirname(path) for path in self._roots}
        self._follow(sorted(folders), recursive=True)
        beside = {os.path.dirname(path) for path in self._named}
        beside = {one for one in beside if not any(_within(one, root) for root in folders)}
        if beside:
            self._follow(sorted(beside), recursive=False)

    def name(self, files: Iterable[str]) -> None:
        """Take other files in: those that a topology is made of now."""
        self._named = {os.path.realpath(path) for path in files}

    def take(self) -> set[str]:
        """Return what was saved since, as real paths. Raises QtopoError where watching ended."""
        try:
            while self._ours.recv(4096):
                pass
        except BlockingIOError:
            pass
        found: set[str] = set()
        while not self._found.empty():
            one = self._found.get()
            if isinstance(one, QtopoError):
                raise one
            found |= one
        return found

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        for thread in self._threads:
            thread.join(2.0)
        self._ours.close()
        self._theirs.close()

    def _follow(self, paths: list[str], *, recursive: bool) -> None:
        thread = threading.Thread(target=self._run, args=(paths, recursive), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, paths: list[str], recursive: bool) -> None:
        from watchfiles import watch

        try:
            for changes in watch(
                *paths,
                watch_filter=lambda _, path: self.matters(path),
                debounce=_LONGEST_MS,
                step=_QUIET_MS,
                rust_timeout=500,
                stop_event=self._stop,
                recursive=recursive,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                self._hand_over({os.path.realpath(path) for _, path in changes})
        except (OSError, RuntimeError) as error:
            self._hand_over(QtopoError(f"nothing is watched any more: {error}"))

    def _hand_over(self, what: set[str] | QtopoError) -> None:
        self._found.put(what)
        _wake(self._theirs)

    def matters(self, path: str) -> bool:
        """Whether a path is one that processes are made of."""
        real = os.path.realpath(path)
        if real in self._named:
            return True
        if not real.endswith(".py"):
            return False
        for root in self._roots:
            if real == root:
                return True
            if _within(real, root):
                return not self._is_noise(root, os.path.dirname(os.path.relpath(real, root)))
        return False

    def _is_noise(self, root: str, folder: str) -> bool:
        """Whether a folder below a root is one of tools, or in a virtual environment."""
        parts = folder.split(os.sep) if folder else []
        if not _NOISE.isdisjoint(parts):
            return True
        below = (os.path.join(root, *parts[: count + 1]) for count in range(len(parts)))
        return any(self._is_environment(one) for one in below)

    def _is_environment(self, folder: str) -> bool:
        if folder not in self._environments:
            self._environments[folder] = os.path.exists(os.path.join(folder, "pyvenv.cfg"))
        return self._environments[folder]


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _wake(end: socket.socket) -> None:
    try:
        end.send(b".")
    except (BlockingIOError, OSError):
        return  # It is full, so it wakes anyhow; or nobody listens any more.
