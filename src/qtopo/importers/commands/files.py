"""The files that are named: their text, what format each has, and what one says for another."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.errors import UnreadableFileError
from qtopo.importers.static.budget import Budget

if TYPE_CHECKING:
    from qtopo.importers.commands.process import Remark

PROCFILE, COMPOSE, SUPERVISOR, SYSTEMD = "procfile", "compose", "supervisor", "systemd"
KUBERNETES, SHELL, DOCKERFILE, VARIABLES = "kubernetes", "shell", "dockerfile", "variables"

_ENV_LINE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", re.ASCII)
_PROC_LINE = re.compile(r"[A-Za-z0-9_-]+:\s+\S.*|[A-Za-z0-9_-]+:[^\s:/].*")
_YAML = (".yml", ".yaml", ".json", ".yml.j2", ".yaml.j2", ".tpl")
_MANY = 200


class File(NamedTuple):
    """A file that was named: its path as given, and its text."""

    path: str
    text: str
    format: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.replace("\\", "/").rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The name of the folder it is in, empty where the path says none."""
        return os.path.basename(os.path.dirname(os.path.abspath(self.path)))


@dataclass
class Files:
    """All files of one import.

    `remarks` are said of the import as a whole, with a place; `used` are the files that
    another one refers to.
    """

    files: list[File]
    budget: Budget
    used: set[str] = field(default_factory=set)
    remarks: list[tuple[Remark, str]] = field(default_factory=list)

    def remark(self, remark: Remark, where: str) -> None:
        """Say something about a place in a file."""
        self.remarks.append((remark, where))

    def of(self, *formats: str) -> list[File]:
        """Return the files of these formats."""
        return [one for one in self.files if one.format in formats]

    def refer(self, name: str, *formats: str) -> File | None:
        """Return the file that a path in another file means: the one with the longest same end."""
        words = _parts(name)
        if not words:
            return None
        best: tuple[int, File] | None = None
        for one in self.of(*formats):
            same = _same_end(words, _parts(one.path))
            if same and (best is None or same > best[0]):
                best = (same, one)
        if best is None:
            return None
        self.used.add(best[1].path)
        return best[1]

    def script(self, name: str) -> tuple[str, str] | None:
        """Return path and text of the shell script, or file of variables, that a word means."""
        if not name or len(name) > 500 or name.startswith("-"):
            return None
        found = self.refer(name, SHELL, VARIABLES)
        return None if found is None else (found.path, found.text)

    def variables(self, name: str) -> dict[str, str] | None:
        """Return the variables in a file that another one refers to; None: it was not named."""
        found = self.refer(name, VARIABLES, SHELL)
        return None if found is None else read_variables(found.text, self.budget)

    @cached_property
    def dotenv(self) -> dict[str, str]:
        """Return what the named `.env` files say, of which compose and honcho take theirs."""
        found: dict[str, str] = {}
        for one in self.of(VARIABLES):
            if one.name.startswith(".env") or one.name.endswith(".env"):
                self.used.add(one.path)
                for name, value in read_variables(one.text, self.budget).items():
                    found.setdefault(name, value)
        return found

    @cached_property
    def exported(self) -> dict[str, str]:
        """Return what the named scripts export, where that is known and no two of them differ.

        What starts the processes takes such scripts in first.
        """
        from qtopo.importers.commands.process import is_known
        from qtopo.importers.commands.shell import Shell

        found: dict[str, str] = {}
        differing: set[str] = set()
        for one in self.of(SHELL):
            shell = Shell({}, self.budget)
            for _ in shell.run(one.text):
                pass
            for name, value in shell.exported().items():
                if not is_known(value) or found.setdefault(name, value) != value:
                    differing.add(name)
        return {name: value for name, value in found.items() if name not in differing}

    @cached_property
    def services(self) -> dict[str, Any]:
        """The services of compose files, by path."""
        return {}

    @cached_property
    def trees(self) -> dict[str, Any]:
        """What was read as YAML, by path."""
        return {}


def read_files(named: tuple[str, ...]) -> Files:
    """Read the files, each once. Raises UnreadableFileError."""
    if len(named) > _MANY:
        raise UnreadableFileError(f"more than {_MANY} files", "name those that start Celery")
    found = []
    for path in dict.fromkeys(named):
        text = _text(path)
        found.append(File(path, text, recognised(path, text)))
    return Files(found, Budget())


def _text(path: str) -> str:
    if os.path.isdir(path):
        raise UnreadableFileError(
            f"cannot read {path}: it is a folder", f"name the files in it: {path.rstrip('/')}/*"
        )
    try:
        with open(path, "rb") as stream:
            data = stream.read(Budget.FILE + 1)
    except OSError as error:
        raise UnreadableFileError(f"cannot read {path}: {error.strerror}") from None
    if len(data) > Budget.FILE:
        raise UnreadableFileError(
            f"cannot read {path}: it has more than {Budget.FILE // 1_000_000} MB",
            "name the file that starts the workers",
        )
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFileError(f"cannot read {path}: it is not a text")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    text = data.decode(encoding, "replace").replace("\0", "")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def recognised(path: str, text: str) -> str:
    """Return the format of a file: by its name, else by what is in it."""
    name = path.replace("\\", "/").rpartition("/")[2].lower()
    return _by_name(name, text) or _by_content(text)


def _by_name(name: str, text: str) -> str | None:
    if name.startswith("procfile"):
        return PROCFILE
    if name.startswith(("dockerfile", "containerfile")) or name.endswith(
        (".dockerfile", ".containerfile")
    ):
        return DOCKERFILE
    if name.endswith((".service", ".service.j2", ".service.in")):
        return SYSTEMD
    if name.endswith((".sh", ".bash", ".sh.j2")):
        return SHELL
    if name.startswith(".env") or name.endswith(".env"):
        return VARIABLES
    if name.endswith(_YAML):
        return COMPOSE if _is_compose(text) else KUBERNETES
    return None


def _is_compose(text: str) -> bool:
    return re.search(r"(?m)^[\"']?services[\"']?\s*:", text) is not None


def _by_content(text: str) -> str:
    lines = [
        one
        for one in (line.strip() for line in text[:100_000].split("\n"))
        if one and not one.startswith(("#", ";"))
    ]
    if text.startswith("#!"):
        return SHELL
    if re.search(r"(?m)^\[(program|fcgi-program|supervisord|eventlistener):?", text):
        return SUPERVISOR
    if re.search(r"(?m)^\[(Service|Unit)\]", text):
        return SYSTEMD
    if _is_compose(text):
        return COMPOSE
    if re.search(r"(?m)^(apiVersion|kind)\s*:", text):
        return KUBERNETES
    if re.search(r"(?mi)^FROM\s+\S+", text) and re.search(
        r"(?m)^(RUN|CMD|COPY|ENTRYPOINT)\s", text
    ):
        return DOCKERFILE
    if lines and all(_ENV_LINE.fullmatch(one) for one in lines):
        return VARIABLES
    if lines and all(_PROC_LINE.fullmatch(one) for one in lines):
        return PROCFILE
    return SHELL


def read_variables(text: str, budget: Budget) -> dict[str, str]:
    """Return the variables of a `.env` or `/etc/default` file; quotes around a value are taken off.

    Values refer to variables before them, and may go on behind a backslash, as a shell has it.
    """
    from qtopo.importers.commands.shell import Shell

    shell = Shell({}, budget)
    bare = []
    for line in text.split("\n"):
        found = _ENV_LINE.fullmatch(line)
        value = found["value"].strip() if found else ""
        if found and value and value[0] not in "\"'" and not value.endswith("\\"):
            # Compose and systemd take blanks and brackets as they are; a shell would not.
            value = re.sub(r"\s+#.*", "", value)
            if not re.search(r"[\"'`\\]|\$\(", value):
                line = f'{found["name"]}="{value}"'
        bare.append(line)
    for _ in shell.run("\n".join(bare)):
        pass
    return {name: one for name, one in shell.set.items() if isinstance(one, str)}


def _parts(path: str) -> list[str]:
    return [one for one in path.replace("\\", "/").split("/") if one not in ("", ".", "..")]


def _same_end(one: list[str], other: list[str]) -> int:
    count = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            break
        count += 1
    return count
