"""The public API's verbs that join several parts: load, and check.

`qtopo.load` and `qtopo.check` are these; the other functions of the API stand
where their work is done (see `qtopo.__init__`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo import source
from qtopo.diagnostics import Diagnostic, place
from qtopo.errors import TopologyError
from qtopo.rules import engine
from qtopo.topology.finding import At, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.compiler.processes import Process
    from qtopo.rules.engine import Fault
    from qtopo.source import Loaded
    from qtopo.topology.finding import Finding
    from qtopo.topology.topology import Topology


class Examination(NamedTuple):
    """What `check` knows of a file: diagnostics, rules that failed, how many were suppressed."""

    diagnostics: list[Diagnostic]
    faults: list[Fault]
    suppressed: int


def load(path: str | os.PathLike[str], env: str | None = None) -> Topology:
    """Read a topology, with the overlay `env` merged in where one is named.

    Raises TopologyError, which carries the diagnostics, where the file's shape
    is broken; UnreadableFileError where it cannot be read; UnknownNameError
    where it has no such overlay. What the rules have to say is `check`'s.
    """
    loaded = source.read(os.fspath(path), env)
    if loaded.broken:
        found = place(loaded.findings, loaded.source)
        first = next(one for one in found if one.severity == "error")
        line = f":{first.place.start.line}" if first.place.start else ""
        raise TopologyError(f"{first.place.file}{line}: {first.message}", found)
    return loaded.topology


def check(topology: Topology) -> list[Diagnostic]:
    """Return what all rules say of a topology, by place.

    A topology loaded without an overlay is judged with each of its overlays
    too, as `qtopo check` does. One that was built rather than loaded has no
    places. Raises RuntimeError where a rule fails: a fault of qtopo's.
    """
    origin = topology.source
    if origin is None:
        outcome = engine.run(topology)
        examination = Examination(place(outcome.findings, _Nowhere()), outcome.faults, 0)
    else:
        again = source.Loaded(origin, topology, [])
        examination = examine(again)
    if examination.faults:
        fault = examination.faults[0]
        raise RuntimeError(f"rule {fault.rule} failed:\n{fault.traceback}")
    return examination.diagnostics


def worker_processes(topology: Topology) -> list[Process]:
    """Return the worker processes, then beat; those switched off (replicas 0) too.

    Joins the compiler with routing: how long a worker may take to stop depends
    on the tasks that can reach it.
    """
    from qtopo.compiler import processes
    from qtopo.routing.route import route_many

    routed = route_many(topology, topology.known_tasks())
    return processes.worker_processes(topology, {one.task: one.delivered_to for one in routed})


def examine(loaded: Loaded, *, overlays: bool = True) -> Examination:
    """Judge what was read: its shape, all rules, and each overlay where none was named."""
    outcome = engine.run(loaded.topology, loaded.findings)
    base = [*loaded.findings, *outcome.findings]
    diagnostics = place(base, loaded.source)
    faults = list(outcome.faults)
    if overlays and loaded.source.environment is None:
        known = {_identity(one) for one in base}
        for name in loaded.environments:
            over = loaded.overlay(name)
            outcome = engine.run(over.topology, over.findings)
            faults.extend(fault for fault in outcome.faults if fault not in faults)
            new = [
                one for one in (*over.findings, *outcome.findings) if _identity(one) not in known
            ]
            diagnostics += place(_in_overlay(new, over), over.source)
        diagnostics.sort(key=lambda one: (one.place.file, one.place.start or (0, 0)))
    texts = loaded.source.texts
    kept = [one for one in diagnostics if not _suppressed(one, texts.get(one.place.file, ""))]
    return Examination(kept, faults, len(diagnostics) - len(kept))


def _identity(finding: Finding) -> Any:
    return finding.rule, finding.message, finding.at.path


def _in_overlay(findings: Iterable[Finding], over: Loaded) -> list[Finding]:
    """Name the overlay in each finding, and point into it."""
    name = over.source.environment
    header: tuple[str, ...] = ("environments", str(name))
    pointed = []
    spots: Sequence[Finding] = list(findings)
    for finding, where in zip(spots, over.source.locate([one.at for one in spots]), strict=True):
        if where.path[:1] != ("environments",):
            finding = finding._replace(
                at=At(header, "table"), related=(("it is about this", finding.at), *finding.related)
            )
        pointed.append(
            finding._replace(
                message=f"{finding.message} (in environment {name!r})", environment=name
            )
        )
    return pointed


def _suppressed(one: Diagnostic, text: str) -> bool:
    """Whether a comment on the line, or alone on the line above, waives the rule."""
    if one.place.start is None or "qtopo: ignore[" not in text or one.code < "QT1":
        return False
    lines = text.split("\n")
    line = one.place.start.line - 1
    above = lines[line - 1].strip() if line else ""
    comments = [lines[line]] if line < len(lines) else []
    if above.startswith("#"):
        comments.append(above)
    for comment in comments:
        _, found, rest = comment.partition("# qtopo: ignore[")
        names = [name.strip() for name in rest.partition("]")[0].split(",")]
        if found and (one.rule in names or one.code in names):
            return True
    return False


class _Nowhere:
    """Places for a topology that came from no file."""

    def locate(self, spots: Sequence[At]) -> list[Place]:
        return [Place("<topology>", spot.path, None, None) for spot in spots]
