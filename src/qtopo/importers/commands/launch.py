"""Where Celery is started: behind wrappers, in `sh -c`, in a script that is at hand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.importers.commands.options import BadOptionsError, head
from qtopo.importers.commands.process import Process, split, unknowns
from qtopo.importers.commands.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from qtopo.importers.commands.shell_branches import Way
    from qtopo.importers.static.budget import Budget

WORKER, BEAT, MULTI = "worker", "beat", "multi"

_OLD_PROGRAMS = {
    "celeryd": WORKER,
    "celerybeat": BEAT,
    "celeryd-multi": MULTI,
    "celeryd_multi": MULTI,
}
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "su", "runuser"})
_NOT_STARTING = frozenset(
    {
        "[",
        "alias",
        "apk",
        "apt",
        "apt-get",
        "awk",
        "cat",
        "cd",
        "chmod",
        "chown",
        "command",
        "cp",
        "docker",
        "docker-compose",
        "echo",
        "egrep",
        "grep",
        "groupadd",
        "helm",
        "install",
        "kill",
        "killall",
        "kubectl",
        "ln",
        "logger",
        "ls",
        "mkdir",
        "mv",
        "pgrep",
        "pip",
        "pip3",
        "pkill",
        "printf",
        "ps",
        "rm",
        "sed",
        "service",
        "supervisorctl",
        "systemctl",
        "tail",
        "test",
        "touch",
        "trap",
        "type",
        "useradd",
        "which",
    }
)
"""Programs that only speak of Celery where they name it."""

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.ASCII | re.DOTALL)
_SPOKEN_OF = re.compile(r"celery", re.IGNORECASE)
_DEEPEST = 5


class Launch(NamedTuple):
    """Celery as one process starts it.

    `kind` is worker, beat or multi; `dialect` that of the options (worker, beat, airflow);
    `before` are the options in front of the kind, `words` those after it; `env` is the whole
    environment that the file gives. `doubt`: only under a condition that is not known; `ways`:
    the branches of scripts that it stands in.
    """

    process: Process
    kind: str
    dialect: str
    before: dict[str, Any]
    words: tuple[str, ...]
    env: dict[str, str]
    where: str
    doubt: bool = False
    ways: tuple[Way, ...] = ()


@dataclass
class Finder:
    """Finds launches; `script` gives path and text of a script by its name, where it is at hand.

    `followed` are the scripts that were, which need no reading on their own.
    """

    budget: Budget
    script: Callable[[str], tuple[str, str] | None] = lambda _: None
    followed: set[str] = field(default_factory=set)
    active: list[str] = field(default_factory=list)

    def launches(self, process: Process) -> list[Launch]:
        """Return what a process starts of Celery."""
        self.budget.step(50)
        if process.shell is not None:
            return list(
                self._shell(process, process.shell, process.path, process.line, process.env, None)
            )
        return list(self._words(process, process.argv, process.env, process.where, 0))

    def script_launches(self, process: Process, text: str, path: str) -> list[Launch]:
        """Return what a script starts of Celery."""
        return list(self._shell(process, text, path, 1, process.env, None))

    def _shell(
        self,
        process: Process,
        text: str,
        path: str,
        line: int,
        env: Mapping[str, str],
        args: tuple[str, ...] | None,
        depth: int = 0,
    ) -> Iterator[Launch]:
        shell = Shell(env, self.budget, args, read=self._sourced)
        for command in shell.run(text, line):
            where = f"{path}:{command.line}"
            found = self._words(process, command.words, {**env, **command.env}, where, depth)
            for one in found:
                yield one._replace(
                    doubt=one.doubt or command.doubt, ways=(*command.ways, *one.ways)
                )

    def _sourced(self, name: str) -> str | None:
        found = self.script(name)
        if found is None or found[0] in self.active:
            return None
        self.followed.add(found[0])
        return found[1]

    def _words(
        self,
        process: Process,
        words: tuple[str, ...],
        env: Mapping[str, str],
        where: str,
        depth: int,
    ) -> Iterator[Launch]:
        self.budget.step(1 + len(words) // 8)
        if depth > _DEEPEST or not words or _base(words[0]) in _NOT_STARTING:
            return
        for at, word in enumerate(words):
            found = self._celery(word, words[at + 1 :])
            if found is not None:
                kind, before, rest = found
                dialect = "airflow" if at and _base(words[at - 1]) == "airflow" else kind
                own = {**env, **_assignments(words[:at])}
                yield Launch(process, kind, dialect, before, rest, own, where)
                return
        yield from self._inside(process, words, env, where, depth)

    def _inside(
        self,
        process: Process,
        words: tuple[str, ...],
        env: Mapping[str, str],
        where: str,
        depth: int,
    ) -> Iterator[Launch]:
        """Look into a word that is a command itself, and into scripts that are started."""
        env = {**env, **_assignments(words)}
        path, _, line = where.rpartition(":")
        number = int(line) if line.isdigit() else 1
        in_shell = False
        for at, word in enumerate(words):
            in_shell = in_shell or _base(word) in _SHELLS
            text = word.partition("=")[2] if word.startswith("--") and "=" in word else word
            if in_shell and at and _takes_command(words[at - 1]):
                args = tuple(words[at + 2 :])
                yield from self._shell(process, word, path, number, env, args, depth + 1)
                return
            if any(one in text for one in " \t\n") and _SPOKEN_OF.search(text):
                yield from self._shell(process, text, path, number, env, (), depth + 1)
                return
        for at, word in enumerate(words[:8]):
            found = self.script(word)
            if found is not None and found[0] not in (*self.active, path) and depth < _DEEPEST:
                self.followed.add(found[0])
                self.active.append(found[0])
                args = tuple(words[at + 1 :])
                yield from self._shell(process, found[1], found[0], 1, env, args, depth + 1)
                self.active.pop()
                return

    def _celery(
        self, word: str, after: tuple[str, ...]
    ) -> tuple[str, dict[str, Any], tuple[str, ...]] | None:
        """Return kind, options and words where a word is Celery's program and starts something."""
        base = _base(word)
        if base in _OLD_PROGRAMS:
            return _OLD_PROGRAMS[base], {}, _undashed(after)
        if base == "celery.__main__.main":
            # `watchfiles celery.__main__.main --args 'worker ...'`
            after = _arguments(after)
        elif base not in ("celery", "celery.exe") and not _is_variable(word):
            return None
        self.budget.step(100 + len(after))
        try:
            options, rest = head(_undashed(after))
        except BadOptionsError:
            return None
        if not rest or rest[0] not in (WORKER, BEAT, MULTI):
            return None
        return rest[0], options, tuple(rest[1:])


def _base(word: str) -> str:
    return word.replace("\\", "/").rpartition("/")[2]


def _is_variable(word: str) -> bool:
    """Whether a word is a variable that holds the program, such as `$CELERY_BIN`."""
    found = unknowns(word)
    return len(found) == 1 and len(word) == len(found[0]) + 2 and "CELERY" in found[0].upper()


def _undashed(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words without the `--` of a wrapper that takes `celery -- worker`."""
    return words[1:] if words[:1] == ("--",) else words


def _takes_command(word: str) -> bool:
    """Whether a word is `-c`, `-lc`, `-exc` or `--command`."""
    return word == "--command" or re.fullmatch(r"-[a-z]*c", word) is not None


def _assignments(words: tuple[str, ...]) -> dict[str, str]:
    """Return `NAME=value` words, as `env` takes them."""
    return {
        found[1]: found[2]
        for word in words
        if not word.startswith("-") and (found := _ASSIGNMENT.fullmatch(word))
    }


def _arguments(words: tuple[str, ...]) -> tuple[str, ...]:
    for at, word in enumerate(words):
        text = word.removeprefix("--args=")
        if word == "--args" and at + 1 < len(words):
            text = words[at + 1]
        elif text == word:
            continue
        try:
            return tuple(split(text))
        except ValueError:
            return ()
    return ()
