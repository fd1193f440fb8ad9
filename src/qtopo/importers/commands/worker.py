"""One `celery worker` as a table of `[workers]`: what it says, and what has no place there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qtopo.importers.commands import options
from qtopo.importers.commands.process import Remark, is_known, readable, unknowns
from qtopo.importers.draft import INFO, WARNING
from qtopo.topology.units import format_duration, format_size
from qtopo.topology.workers import POOLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.importers.commands.options import Given

_GREEN = ("gevent", "eventlet")
_SOFT = "worker.soft_shutdown_timeout="
_FOREGROUND = frozenset({"detach"})
_GLOBAL = (
    "broker",
    "result_backend",
    "loader",
    "config",
    "workdir",
    "no_color",
    "quiet",
    "skip_checks",
    "version",
    "settings",
    "pythonpath",
    "traceback",
    "autoreload",
    "no_execv",
    "autoscaler",
    "stdout",
    "stderr",
    "skip_serve_logs",
    "verbose",
)
"""What the table of a worker cannot hold, because Celery takes it elsewhere or no longer."""

_DAEMON = re.compile(r"CELERYD_\w+|CELERYBEAT_\w+|CELERY_BIN|CELERY_APP")
"""Variables that scripts put into the command: what they said is in the table already."""

_SECRET = ("broker", "result_backend")
_NODE = re.compile(r"%[hdniI]|\0[^\0]*\0")


_ABOUT_THE_PROCESS = ("loglevel", "logfile", "pidfile", "uid", "gid", "umask", "workdir")
"""Options that change nothing of what a worker takes and how."""


@dataclass
class WorkerDraft:
    """A worker while it is put together.

    `table` is that of the file, without a name; `name` what `-n` says, None without one.
    `queues` is None where the worker has no `-Q`; `excluded` are those of `-X`. `left` are
    lines of what has no place; `complete` is False where it cannot be written at all.
    """

    table: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    queues: list[str] | None = None
    excluded: list[str] = field(default_factory=list)
    app: str | None = None
    embeds_beat: bool = False
    beat: dict[str, Any] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    complete: bool = True


def worker_draft(given: Given, before: Mapping[str, Any], env: Mapping[str, str]) -> WorkerDraft:
    """Return a worker of its options, those before `worker`, and its environment."""
    found = _Reading({**before, **given.values}, given, dict(env))
    found.run()
    return found.draft


class _Reading:
    def __init__(self, values: dict[str, Any], given: Given, env: dict[str, str]) -> None:
        self.values = values
        self.given = given
        self.env = env
        self.draft = WorkerDraft()
        self.extra: list[str] = []

    def run(self) -> None:
        """Read everything; what is left over becomes `extra_args` or a line of its own."""
        draft = self.draft
        draft.app = self._text("app")
        draft.name = node_base(self.values.pop("hostname", None))
        self._queues()
        self._pool()
        self._size()
        self._numbers()
        self._include()
        self._beat()
        self._without_place()
        self._others()
        self._environment()

    def say(self, message: str, trap: str | None = None, severity: str = WARNING) -> None:
        self.draft.remarks.append(Remark(severity, message, trap))

    def leave(self, name: str, value: Any) -> None:
        from qtopo.diagnostics.secrets import masked
        from qtopo.importers.sound import names_secret

        text = "true" if value is True else masked(readable(str(value)))
        if names_secret(name) or any(names_secret(one) for one in text.split("=")[:-1]):
            text = "a secret, not shown"
        self.draft.left.append(f"{name} = {text}")

    def _text(self, name: str) -> str | None:
        """Take a value that is known, or say that it is not."""
        value = self.values.pop(name, None)
        if value is None or is_known(str(value)):
            return None if value is None else str(value)
        self.say(f"{name} is not known: {readable(str(value))}", "value-unknown")
        self.leave(name, value)
        return None

    def _queues(self) -> None:
        given = self.values.pop("queues", None)
        excluded = self.values.pop("exclude_queues", None)
        if excluded is not None:
            self.draft.excluded = [one for one in excluded.split(",") if one]
        if given is None and excluded is not None and not is_known(excluded):
            self._queues_unknown(f"-X {excluded}")
        if given is None:
            return
        if not is_known(given):
            self._queues_unknown(given)
            return
        names = given.split(",")
        kept = [one for one in dict.fromkeys(names) if one]
        if len(kept) < len(names):
            self.say(f"-Q {given!r} names a queue twice or an empty one: each is written once")
        for one in kept:
            if one != one.strip():
                self.say(
                    f"-Q names the queue {one!r}: Celery trims no blanks, so this is another "
                    f"queue than {one.strip()!r}",
                    "queue-with-blank",
                )
        self.draft.queues = [one for one in kept if one not in self.draft.excluded]
        if not self.draft.queues:
            self.say("it consumes no queue, and starts all the same")
            self.draft.complete = False

    def _queues_unknown(self, given: str) -> None:
        what = ", ".join(dict.fromkeys(unknowns(given)))
        self.say(
            f"its queues are not known ({what}): the worker is kept as a comment", "queues-unknown"
        )
        self.draft.queues = [readable(given)]
        self.draft.complete = False

    def _pool(self) -> None:
        pool = self._text("pool")
        if pool is None:
            return
        pool = {"processes": "prefork"}.get(pool, pool)
        if pool not in POOLS:
            self.say(f"the pool {pool!r} has no place in the file", "pool-unknown")
            self.leave("pool", pool)
            return
        glued = any(one.startswith("-P") and len(one) > 2 for one in self.given.words)
        if pool in _GREEN and (glued or "pool" in self.given.by_variable):
            self.say(
                f"{pool} was chosen in a way that patches nothing (-P{pool} in one word, or a "
                "variable): the command that qtopo writes patches",
                "green-pool-not-patched",
            )
        if pool != "prefork":
            self.draft.table["pool"] = pool

    def _size(self) -> None:
        scale = self._text("autoscale")
        concurrency = self._text("concurrency")
        if scale is not None and self._autoscale(scale):
            if concurrency is not None:
                self.say(f"-c {concurrency} sets nothing: --autoscale is given", severity=INFO)
                self.leave("concurrency", concurrency)
            return
        if concurrency is None or concurrency == "0":
            return
        if concurrency == "auto":
            self.extra.append("--concurrency=auto")
            return
        self._number("concurrency", concurrency, 100_000)

    def _autoscale(self, text: str) -> bool:
        # Celery sorts them; a single number is the most.
        numbers = [_whole(one) for one in text.split(",")]
        if len(numbers) > 2 or None in numbers or max(one or 0 for one in numbers) < 1:
            self.say(
                f"--autoscale {text!r} is not two numbers: Celery refuses it", "option-refused"
            )
            self.leave("autoscale", text)
            return False
        low, high = sorted([*(one or 0 for one in numbers), *([0] if len(numbers) == 1 else [])])
        if low < 0:
            self.leave("autoscale", text)
            return False
        self.draft.table["autoscale"] = {"min": low, "max": high}
        return True

    def _numbers(self) -> None:
        for name, most in (("prefetch_multiplier", 65_535), ("max_tasks_per_child", 2**63 - 1)):
            text = self._text(name)
            if text is not None and not (name == "prefetch_multiplier" and text == "0"):
                self._number(name, text, most)
        memory = self._text("max_memory_per_child")
        if memory is not None:
            number = _whole(memory)
            if number is None or not 0 < number < 2**52:
                self._refused("max_memory_per_child", memory)
            else:
                self.draft.table["max_memory_per_child"] = format_size(number * 1024)

    def _number(self, name: str, text: str, most: int) -> None:
        number = _whole(text)
        if number is None or not 0 < number <= most:
            self._refused(name, text)
        else:
            self.draft.table[name] = number

    def _refused(self, name: str, text: str) -> None:
        self.say(
            f"{options.flag('worker', name)} {text!r} is no number it can have", "option-refused"
        )
        self.leave(name, text)

    def _include(self) -> None:
        text = self._text("include")
        if text is not None:
            modules = [one for one in text.split(",") if one]
            if modules:
                self.draft.table["include"] = modules

    def _beat(self) -> None:
        self.draft.embeds_beat = bool(self.values.pop("beat", False))
        schedule = self._text("schedule_filename")
        scheduler = self._text("scheduler")
        if schedule:
            self.draft.beat["schedule_file"] = schedule
        if scheduler:
            self.draft.beat["scheduler"] = scheduler
        if (schedule or scheduler) and not self.draft.embeds_beat:
            self.say("-s and --scheduler set nothing: the worker has no -B", severity=INFO)
            for name, value in self.draft.beat.items():
                self.leave(name, value)

    def _without_place(self) -> None:
        """Keep what is no argument of a worker in the foreground: as lines, with a word why."""
        for name in _FOREGROUND:
            if self.values.pop(name, None):
                self.say("-D is left out: workers run in the foreground", "detached", INFO)
                self.leave(name, True)
        for name in _GLOBAL:
            value = self.values.pop(name, None)
            if value is None:
                continue
            shown = "a URL, not shown" if name in _SECRET else value
            self.say(
                f"{name.replace('_', '-')} is no argument of a worker: set it where it is started",
                severity=INFO,
            )
            self.leave(name, shown)

    def _others(self) -> None:
        """Put what Celery's worker takes besides into `extra_args`, in the forms it takes."""
        for name, value in self.values.items():
            if not options.is_celerys("worker", name):
                self.say(f"{name} is unknown to Celery 5: it is left out", "option-refused")
                self.leave(name, value)
            elif value is True:
                self.extra.append(options.flag("worker", name))
            elif is_known(str(value)):
                self.extra.append(f"{options.flag('worker', name)}={_spelt(name, str(value))}")
            else:
                severity = INFO if name in _ABOUT_THE_PROCESS else WARNING
                self.say(f"{name} is not known: {readable(value)}", "value-unknown", severity)
                self.leave(name, value)
        self._rest()

    def _rest(self) -> None:
        strange = [one for one in self.given.rest if one.startswith("-")]
        if strange:
            self.say(
                f"{', '.join(map(readable, strange))}: no option of Celery's worker; it is kept "
                "among the extra arguments, for the app may add it",
                "option-refused",
            )
        lost = [one for one in (*self.given.rest, *self.given.tail) if not is_known(one)]
        for one in lost:
            self.leave("argument", one)
        self.extra += [one for one in self.given.rest if is_known(one)]
        tail = [one for one in self.given.tail if is_known(one)]
        tail = self._stopping(tail)
        if tail:
            self.extra += ["--", *tail]
        if self.extra:
            self.draft.table["extra_args"] = self.extra

    def _stopping(self, tail: list[str]) -> list[str]:
        """Take a soft shutdown out of the settings behind `--`."""
        for word in tail:
            seconds = _seconds(word.removeprefix(_SOFT)) if word.startswith(_SOFT) else None
            if seconds and self.env.get("REMAP_SIGTERM") == "SIGQUIT":
                self.draft.table["shutdown"] = {"soft": format_duration(seconds)}
                del self.env["REMAP_SIGTERM"]
                return [one for one in tail if one != word]
        return tail

    def _environment(self) -> None:
        """Keep the environment but for what stands for an option and is written as one."""
        known = options.variables("worker")
        kept: dict[str, str] = {}
        for name, value in self.env.items():
            if name in known:
                continue
            if is_known(value) and not _DAEMON.fullmatch(name):
                kept[name] = value
            else:
                self.leave(f"env.{name}", value)
        if kept:
            self.draft.table["env"] = kept


def node_base(given: Any) -> str | None:
    """Return the name in `-n name@%h`, without what Celery or a shell puts in; None: nothing."""
    if given is None:
        return None
    text = str(given)
    # The host stands behind the first @; in a name of qtopo's behind the last.
    name = text[: -len("@%h")] if text.endswith("@%h") else text.partition("@")[0]
    kept = _NODE.sub("\2", name.replace("%%", "\1"))
    if "\2" in kept:
        kept = kept.replace("\2", "").strip(".-_ ")
    return kept.replace("\1", "%") or None


def _spelt(name: str, value: str) -> str:
    return value.upper() if name == "loglevel" else value


def _whole(text: str) -> int | None:
    """Return a number as click reads it, or None."""
    try:
        return int(text) if len(text) < 20 else None
    except ValueError:
        return None


def _seconds(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 < number < 1e9 else None
