"""What every launch target starts from: the processes, and names that any platform takes.

Arguments, environment, replicas and the time to stop are the compiler's
(`compiler.processes`); a target only writes them down in its platform's words.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from qtopo.compiler import processes as compiled
from qtopo.routing.route import route_many
from qtopo.topology.deploy import Deploy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from qtopo.compiler.processes import Process
    from qtopo.emit.base import Job
    from qtopo.topology.topology import Topology

_SLUG = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_LONGEST_SLUG = 40
_PLAIN_APPLICATION = "celery"
_NAMED = 3


class Unit(NamedTuple):
    """A process to write down.

    `slug` is its name in lower-case letters, digits and hyphens, at most 40
    long: what DNS, systemd, supervisor, compose and Procfiles all take. No two
    units of a topology have the same.
    """

    slug: str
    process: Process


def processes(topology: Topology) -> list[Process]:
    """Return the worker processes, then beat; those switched off (replicas 0) too.

    Joins the compiler with routing: how long a worker may take to stop, and
    what it needs, depends on the tasks that can reach it.
    """
    return compiled.worker_processes(topology, reach(topology))


def reach(topology: Topology) -> Mapping[str, Collection[str]]:
    """Return the queues that the messages of each known task get to."""
    routed = route_many(topology, topology.known_tasks())
    return {one.task: one.delivered_to for one in routed}


def units(job: Job) -> list[Unit]:
    """Return what is started anywhere, in the order of the file, beat last."""
    running = [one for one in job.processes if one.runs]
    # Beat is called beat on every platform; a worker of that name yields.
    slugs = slugged([one.name for one in running if one.kind != compiled.BEAT], {compiled.BEAT})
    return [
        Unit(compiled.BEAT if one.kind == compiled.BEAT else slugs[one.name], one)
        for one in running
    ]


def application(topology: Topology, longest: int = _LONGEST_SLUG) -> str:
    """Return a slug of the application, which tells what is its own from that of others.

    The name is that of `[app]`, else the package that Celery's application is in.
    Processes, users of the broker and objects in Kubernetes all begin with it.
    """
    known = topology.app
    name = known.name or (known.celery or "").partition(":")[0].partition(".")[0]
    slug = slugged([name])[name] if name.strip() else _PLAIN_APPLICATION
    return slug if len(slug) <= longest else _marked(slug, slug, longest)


def slugged(names: Iterable[str], taken: Collection[str] = ()) -> dict[str, str]:
    """Return a slug for each name: itself where it is one, else made from it, none twice.

    A name's slug depends on no other name unless two would get the same.
    """
    found: dict[str, str] = {}
    used = set(taken)
    for name in sorted(names, key=lambda one: (_slug(one) != one, one)):
        slug = _slug(name)
        if slug in used:
            slug = _marked(slug, name)
        used.add(slug)
        found[name] = slug
    return found


def _slug(name: str) -> str:
    if _SLUG.fullmatch(name) and len(name) <= _LONGEST_SLUG:
        return name
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    # "mail.out" and "mail_out" are different workers, and so is what has no letter left.
    if plain == name.lower().replace("_", "-").replace(".", "-") and len(plain) <= _LONGEST_SLUG:
        return plain
    return _marked(plain or "worker", name)


def _marked(slug: str, name: str, longest: int = _LONGEST_SLUG) -> str:
    """Return a slug that tells names apart by their text."""
    mark = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{slug[: longest - 7].rstrip('-')}-{mark}"


def deploy(job: Job) -> Deploy:
    """Return `[deploy]`, empty where the file has none."""
    return job.topology.deploy or Deploy()


def program(job: Job, argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return arguments with the whole path of the program, where `[deploy]` gives its folder."""
    folder = deploy(job).bin
    return argv if folder is None else (f"{folder.rstrip('/')}/{argv[0]}", *argv[1:])


def unbounded(job: Job) -> list[str]:
    """Return a note where a platform has to be told a time that the file does not give."""
    endless = [one.process.name for one in units(job) if one.process.shutdown.grace is None]
    if not endless:
        return []
    note = (
        f"nothing bounds the tasks of {some(map(repr, endless))}, which may take a day to stop: "
        'give their tasks a time_limit, or the worker shutdown = { drain = "15m" }'
    )
    return [note]


def some(texts: Iterable[str]) -> str:
    """Return the first few of some texts in a row, and how many more there are."""
    listed = list(texts)
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + more
