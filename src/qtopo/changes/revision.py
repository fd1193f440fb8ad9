"""A topology as it is in a git revision, with all that it includes there.

Only git's plumbing is called, to list and to read: nothing of the repository
runs, no filter, no hook, no pager. What is read is laid out in a folder of its
own, so that includes and their globs are those of the revision; findings and
places name files as git does (`HEAD~1:teams/mail.toml`).
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from fnmatch import translate
from typing import TYPE_CHECKING

from qtopo import source
from qtopo.errors import QtopoError, UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.source import Loaded
    from qtopo.topology.finding import At, Finding

_SECONDS = 60
_LINK, _LINKS = "120000", 10
"""The mode of a link in git's tree, and how many in a row are followed."""


def read_revision(file: str, revision: str, environment: str | None = None) -> Loaded:
    """Read a topology as it was in a revision of the repository that it lies in.

    Raises QtopoError where there is no git or no repository, or no such
    revision; UnreadableFileError where the file was not in it; UnknownNameError
    where it has no such overlay. Everything else is a finding.
    """
    git = _Git(file, revision)
    with tempfile.TemporaryDirectory(prefix="qtopo-") as folder:
        # Links of the system's own (`/tmp` itself may be one) are none of the revision.
        root = os.path.realpath(folder)
        git.lay_out(root)
        try:
            loaded = source.read(os.path.join(root, *git.path.split("/")), environment)
        except UnreadableFileError:
            raise UnreadableFileError(f"cannot read {git.path!r} in {revision!r}") from None
        return _renamed(loaded, root + os.sep, f"{revision}:")


class _Git:
    """One revision of the repository around a file; `path` is the file's, from its root."""

    def __init__(self, file: str, revision: str) -> None:
        self._folder = os.path.dirname(os.path.abspath(file))
        self._revision = revision
        while not os.path.isdir(self._folder):
            self._folder = os.path.dirname(self._folder)
        try:
            top = self._run("rev-parse", "--show-toplevel").decode().rstrip("\n")
        except _GitError as error:
            raise QtopoError(
                f"cannot read {file!r} in {revision!r}: {error}",
                "--against needs a file that lies in a git repository",
            ) from None
        absolute = os.path.join(
            os.path.realpath(os.path.dirname(os.path.abspath(file))), os.path.basename(file)
        )
        self.path = os.path.relpath(absolute, os.path.realpath(top)).replace(os.sep, "/")
        self._folder = top
        self._commit = self._resolve(revision)
        listed = self._run("ls-tree", "-r", "-z", "--full-tree", self._commit).decode(
            "utf-8", "surrogateescape"
        )
        self._files: dict[str, tuple[str, str]] = {}
        for entry in filter(None, listed.split("\0")):
            facts, _, name = entry.partition("\t")
            mode, kind, identity = facts.split()
            if kind == "blob":
                self._files[name] = (mode, identity)
        if self.path not in self._files:
            raise UnreadableFileError(
                f"{self.path!r} is not in {revision!r}",
                "name a revision that has the file",
            )

    def _resolve(self, revision: str) -> str:
        unknown = QtopoError(
            f"git knows no revision {revision!r}", "name a commit, a branch or a tag"
        )
        if not revision or revision.startswith("-"):
            raise unknown
        try:
            found = self._run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except _GitError:
            raise unknown from None
        return found.decode().strip()

    def lay_out(self, root: str) -> None:
        """Write the file and all that it may include below a folder."""
        todo, seen = [self.path], set()
        while todo:
            path = todo.pop()
            if path in seen:
                continue
            seen.add(path)
            mode, identity = self._files[path]
            content = self._run("cat-file", "blob", identity)
            target = os.path.join(root, *path.split("/"))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if mode == _LINK:
                aim = _within(path, content.decode("utf-8", "surrogateescape"))
                os.symlink(os.path.join(root, aim), target)
                todo += [aim] if aim in self._files else []
                content = self._behind(aim)
            else:
                with open(target, "wb") as stream:
                    stream.write(content)
            # Relative to the name it is read by, which may be a link's.
            todo += self._included(path, content)

    def _behind(self, path: str) -> bytes:
        """Return what stands where a link leads; nothing where that is no file."""
        for _ in range(_LINKS):
            if path not in self._files:
                break
            mode, identity = self._files[path]
            content = self._run("cat-file", "blob", identity)
            if mode != _LINK:
                return content
            path = _within(path, content.decode("utf-8", "surrogateescape"))
        return b""

    def _included(self, path: str, content: bytes) -> Iterator[str]:
        """Yield what the file may include; the reader decides what it does."""
        for pattern in _patterns(content):
            aim = _within(path, pattern)
            if any(one in pattern for one in "*?["):
                # Reaches across folders where glob does not: more than needed does no harm.
                matches = re.compile(translate(aim.replace("**/", "*"))).match
                yield from (name for name in self._files if matches(name))
            elif aim in self._files:
                yield aim

    def _run(self, *words: str) -> bytes:
        environment = {
            **os.environ,
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }
        try:
            done = subprocess.run(  # noqa: S603
                ["git", "--no-pager", "-c", "core.fsmonitor=false", *words],  # noqa: S607
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise QtopoError("--against needs git, which is not installed") from None
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise _GitError(str(error)) from None
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise _GitError(lines[0].removeprefix("fatal: ") if lines else "git failed")
        return done.stdout


class _GitError(QtopoError):
    """git says no."""


def _patterns(content: bytes) -> list[str]:
    import tomli

    try:
        found = tomli.loads(content.decode("utf-8").removeprefix("\ufeff")).get("include", [])
    except (ValueError, RecursionError):
        # The reader will say what is wrong.
        return []
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _within(path: str, relative: str) -> str:
    """Return where a name leads, seen from a file; refuse what no revision holds."""
    aim = os.path.normpath(os.path.join(os.path.dirname(path), relative)).replace(os.sep, "/")
    if os.path.isabs(relative) or aim == ".." or aim.startswith("../"):
        raise QtopoError(
            f"{path!r} leads to {relative!r}, which lies outside of the repository",
            "no revision holds it: compare two files instead",
        )
    return aim


def _renamed(loaded: Loaded, old: str, new: str) -> Loaded:
    """Give files the names that git has for them."""
    for document in loaded.source.merged.documents:
        document.file = document.file.replace(old, new)

    def named(at: At) -> At:
        return at if at.file is None else at._replace(file=at.file.replace(old, new))

    def told(one: Finding) -> Finding:
        return one._replace(
            message=one.message.replace(old, new),
            at=named(one.at),
            related=tuple((text.replace(old, new), named(at)) for text, at in one.related),
        )

    loaded.findings[:] = map(told, loaded.findings)
    return loaded
