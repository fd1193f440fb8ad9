"""Launches as a draft: tables of workers under names of their own, and one of beat."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.importers.commands import launch as launching
from qtopo.importers.commands import options
from qtopo.importers.commands.multi import nodes
from qtopo.importers.commands.options import BadOptionsError, Given
from qtopo.importers.commands.process import Process, is_known, readable, shown
from qtopo.importers.commands.shell_branches import excluded
from qtopo.importers.commands.worker import WorkerDraft, node_base, worker_draft
from qtopo.importers.draft import INFO, WARNING
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qtopo.importers.commands.launch import Launch
    from qtopo.importers.draft import Draft

_NUMBERED = re.compile(r"(?P<base>.*[^-_.])[-_.]?(?P<number>[1-9]\d{0,3})", re.DOTALL)
_OF_WORKERS = ("stop-signals-children", "cold-shutdown")
"""Traps of processes that run tasks, which beat does not."""
_MOST_REPLICAS = 10_000
_MOST_WORKERS = 2_000
_PLAIN = ("worker", "celery", "celeryworker", "celery-worker", "celery_worker")


class _Found(NamedTuple):
    """A worker that is ready to be named."""

    name: str
    worker: WorkerDraft
    launch: Launch


def collect(launches: Sequence[Launch], draft: Draft) -> None:
    """Put workers, beat and the app into the draft, and say what is odd about them."""
    found: list[_Found] = []
    beats: list[Launch] = []
    for one in launches[:_MOST_WORKERS]:
        try:
            if one.kind == launching.BEAT:
                if not any(_same(one, other) for other in beats):
                    _beat(one, draft, beats)
                    beats.append(one)
            elif one.kind == launching.MULTI:
                found += _multi(one, draft)
            else:
                given = options.read(one.dialect, one.words, one.env)
                if not any(_same(one, other.launch) for other in found):
                    found.append(_read(one, given, None))
        except BadOptionsError as error:
            _refused(one, str(error), draft)
    if len(launches) > _MOST_WORKERS:
        draft.note(WARNING, f"more than {_MOST_WORKERS} commands: the others are left out")
    _write(_grouped(found), draft)


def _same(one: Launch, other: Launch) -> bool:
    """Whether a command is another one again, in the branch that runs instead of that one's."""
    return excluded(one.ways, other.ways) and (one.kind, one.before, one.words, one.env) == (
        other.kind,
        other.before,
        other.words,
        other.env,
    )


def _refused(one: Launch, why: str, draft: Draft) -> None:
    text = shown(one.words)
    draft.note(
        WARNING,
        f"celery {one.kind} is not read: {readable(why)}",
        None,
        one.where,
        "option-refused",
    )
    draft.leave(f"command of {one.process.name}", f"{one.where}: celery {one.kind} {text}"[:2000])


def _read(one: Launch, given: Given, name: str | None) -> _Found:
    worker = worker_draft(given, one.before, one.env)
    return _Found(name or worker.name or one.process.name or "worker", worker, one)


def _multi(one: Launch, draft: Draft) -> Iterator[_Found]:
    started = nodes(one.words)
    if started:
        draft.note(
            INFO,
            "celery multi puts workers into the background, with files for their numbers and "
            "logs: written as workers in the foreground",
            None,
            one.where,
            "detached",
        )
    for node in started:
        words = tuple(word for word in node.words if not word.startswith("--executable="))
        given = options.read("worker", words, one.env)
        found = _read(one, given, node_base(node.name))
        if node.nodes > 1:
            numbered = _NUMBERED.fullmatch(found.name)
            if numbered:
                found = found._replace(name=numbered["base"])
            found.worker.table["replicas"] = node.nodes
        yield found


def _grouped(found: list[_Found]) -> list[_Found]:
    """Return workers with those as one that are alike but for `-1`, `-2`, ... in their names."""
    groups: list[list[_Found]] = []
    for one in found:
        last = groups[-1] if groups else []
        if last and _follows(last, one):
            last.append(one)
        else:
            groups.append([one])
    joined = []
    for group in groups:
        first = group[0]
        if len(group) > 1:
            first.worker.table["replicas"] = len(group)
            first = first._replace(name=_number(first.name)[0])
        joined.append(first)
    return joined


def _follows(group: list[_Found], one: _Found) -> bool:
    first = group[0]
    base, number = _number(first.name)
    if number != 1 or _number(one.name) != (base, len(group) + 1):
        return False
    mine, theirs = first.worker, one.worker
    return (
        first.launch.process.path == one.launch.process.path
        and mine.complete
        and (mine.table, mine.queues, mine.excluded, mine.app, mine.embeds_beat)
        == (theirs.table, theirs.queues, theirs.excluded, theirs.app, theirs.embeds_beat)
        and first.launch.process.replicas is one.launch.process.replicas is None
        and mine.name is not None
    )


def _number(name: str) -> tuple[str, int]:
    head, _, number = name.rpartition("-")
    if (
        head
        and number.isascii()
        and number.isdigit()
        and len(number) < 5
        and str(int(number)) == number
    ):
        return head, int(number)
    return name, 0


def _write(found: list[_Found], draft: Draft) -> None:
    names = [one.name for one in found]
    taken: set[str] = set()
    for one in found:
        name = one.name
        if names.count(name) > 1 and one.worker.name and name in _PLAIN:
            name = one.launch.process.name or name
        name = _unique(name, taken)
        taken.add(name)
        _worker(name, one, draft)


def _unique(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"


def _worker(name: str, one: _Found, draft: Draft) -> None:
    worker, process, where = one.worker, one.launch.process, one.launch.where
    table = _placed(worker, process)
    path = ("workers", name)
    if worker.queues is not None:
        table = {"queues": worker.queues, **table}
    if worker.complete:
        draft.put(path, table, where)
    else:
        draft.leave(_header(name), *_lines(table))
    about = path if worker.complete else None
    for remark in (*worker.remarks, *process.remarks):
        if remark.trap == "stop-signals-children" and table.get("pool", "prefork") != "prefork":
            # Its tasks run in the one process that waits for them.
            continue
        draft.note(
            remark.severity,
            f"worker {name!r}: {readable(remark.message)}",
            about,
            where,
            remark.trap,
        )
    if one.launch.doubt:
        draft.note(
            WARNING,
            f"worker {name!r}, or one of its options, is under a condition that is not known here",
            about,
            where,
            "condition-unknown",
        )
    if worker.left:
        draft.leave(_header(name), *worker.left)
    if worker.complete and worker.queues is None:
        draft.hints[f"all-queues {name}"] = tuple(worker.excluded)
    _app(worker.app, where, draft)
    if worker.embeds_beat:
        _embedded(name, one, table, draft)


def _placed(worker: WorkerDraft, process: Process) -> dict[str, Any]:
    """Return the table with what the process around the worker says."""
    table = dict(worker.table)
    if process.replicas is not None and process.replicas != 1:
        table["replicas"] = min(process.replicas * table.get("replicas", 1), _MOST_REPLICAS)
    if process.scale is not None:
        table["scale"] = {"min": process.scale[0], "max": process.scale[1]}
    if process.grace and "shutdown" not in table:
        table["shutdown"] = {"drain": format_duration(process.grace)}
    return table


def _header(name: str) -> str:
    return f"workers.{name}"


def _lines(table: dict[str, Any]) -> list[str]:
    import tomli_w

    plain = {key: _masked(key, value) for key, value in table.items()}
    return tomli_w.dumps(plain).splitlines()


def _masked(key: str, value: Any) -> Any:
    from qtopo.diagnostics.secrets import masked
    from qtopo.importers.sound import names_secret

    if isinstance(value, dict):
        return {name: _masked(name, one) for name, one in value.items()}
    if isinstance(value, list):
        return [_masked(key, one) for one in value]
    if isinstance(value, str):
        text = "a secret, not shown" if names_secret(key) else masked(value)
        return text.encode("utf-8", "replace").decode("utf-8")
    return value


def _app(app: str | None, where: str, draft: Draft) -> None:
    if not app:
        return
    known = draft.table("app").get("celery")
    if known is None:
        draft.put(("app", "celery"), app, where)
    elif known != app:
        draft.note(
            WARNING,
            f"-A {app} is another application than {known!r}, which is kept: this file is of one",
            ("app", "celery"),
            where,
            "several-applications",
        )


def _embedded(name: str, one: _Found, table: dict[str, Any], draft: Draft) -> None:
    where = one.launch.where
    several = table.get("replicas", 1) > 1 or "scale" in table
    draft.note(
        WARNING if several else INFO,
        f"worker {name!r} runs beat inside (-B): beat is written as a process of its own"
        + (", once: each of the worker's processes sent every entry" if several else ""),
        ("beat",),
        where,
        "embedded-beat",
    )
    if "beat" in draft.data:
        _twice(where, draft)
    _put_beat(one.worker.beat, where, draft)


def _twice(where: str, draft: Draft, *, elsewhere: bool = False) -> None:
    draft.note(
        WARNING,
        "beat is started once more"
        + (", by another file" if elsewhere else "")
        + ": two of them send every entry twice"
        + (", where both files are used at once" if elsewhere else ""),
        ("beat",),
        where,
        "beat-twice",
    )


def _put_beat(table: dict[str, Any], where: str, draft: Draft) -> None:
    for key, value in table.items():
        if key == "scheduler":
            value = _scheduler(value)
        known = draft.table("beat").get(key)
        if known is None:
            draft.put(("beat", key), value, where)
        elif known != value:
            draft.note(
                WARNING, f"beat.{key} is {value!r} here, and {known!r} before", ("beat",), where
            )
    draft.put(("beat",), {}, where)


def _scheduler(path: str) -> str:
    from qtopo.topology.beat import SCHEDULERS

    spelt = {value: key for key, value in SCHEDULERS.items() if value}
    # Celery takes a dot for the colon.
    spelt |= {key.replace(":", "."): word for key, word in spelt.items()}
    spelt |= {"celery.beat:PersistentScheduler": "persistent", "django": "django"}
    spelt["celery.beat.PersistentScheduler"] = "persistent"
    return spelt.get(path, path)


def _beat(one: Launch, draft: Draft, others: Sequence[Launch]) -> None:
    given = options.read(launching.BEAT, one.words, one.env)
    values = {**one.before, **given.values}
    table: dict[str, Any] = {}
    left: list[str] = []
    app = values.pop("app", None)
    for name, value in values.items():
        key = {"schedule": "schedule_file", "scheduler": "scheduler"}.get(name)
        if isinstance(value, str) and is_known(value) and (key or name == "max_interval"):
            if key:
                table[key] = value
                continue
            if value.isdigit() and 0 < int(value[:12]) < 10**9:
                table["max_interval"] = f"{int(value)}s"
                continue
        shown_value = "a URL, not shown" if name in ("broker", "result_backend") else value
        left.append(f"{name} = {readable(str(shown_value))}")
    replicas = one.process.replicas
    if replicas is not None and replicas != 1:
        table["replicas"] = replicas
    _put_beat(table, one.where, draft)
    if not all(excluded(one.ways, other.ways) for other in others):
        _twice(one.where, draft, elsewhere=one.process.path not in [x.process.path for x in others])
    # Beat has no environment in the file; what the application reads has to be set elsewhere.
    left += [f"env.{key}" for key in one.env]
    if left:
        draft.leave("beat", *left)
    if one.doubt:
        draft.note(INFO, "beat is started under a condition", ("beat",), one.where)
    for remark in one.process.remarks:
        if remark.trap in _OF_WORKERS:
            continue
        draft.note(remark.severity, f"beat: {remark.message}", ("beat",), one.where, remark.trap)
    _app(app if isinstance(app, str) and is_known(app) else None, one.where, draft)
