"""The public API's verbs that join several parts: load, and check.

`qtopo.load` and `qtopo.check` are these; the other functions of the API stand
where their work is done (see `qtopo.__init__`).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo import source
from qtopo.diagnostics import Diagnostic, place
from qtopo.errors import TopologyError, UnknownNameError
from qtopo.rules import engine
from qtopo.rules.installed import may_be_installed
from qtopo.topology.finding import At, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.code.survey import Survey
    from qtopo.compiler.processes import Process
    from qtopo.rules.base import Rule
    from qtopo.rules.configuration import Config, Layer
    from qtopo.rules.engine import Fault
    from qtopo.source import Loaded
    from qtopo.topology.finding import Finding, Fix
    from qtopo.topology.lint import Lint
    from qtopo.topology.topology import Topology


class Examination(NamedTuple):
    """What `check` knows of a file: diagnostics, rules that failed, how many were suppressed.

    `extra` are the rules of plugins, which ran too; `below` is what is wrong with
    the decisions that the file's own beat: they stand elsewhere.
    """

    diagnostics: list[Diagnostic]
    faults: list[Fault]
    suppressed: int
    extra: tuple[type[Rule], ...] = ()
    below: tuple[Finding, ...] = ()


class ProjectExamination(NamedTuple):
    """What holding a project against a file gave: diagnostics, the texts they are about, waived."""

    diagnostics: list[Diagnostic]
    texts: dict[str, str]
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
        config, unsound, _ = _config(topology.lint, "", None, None, plugins=True)
        outcome = engine.run(topology, config=config)
        findings = [*unsound, *outcome.findings]
        examination = Examination(place(findings, _Nowhere()), outcome.faults, 0)
    else:
        again = source.Loaded(origin, topology, [])
        examination = examine(again)
    if examination.faults:
        fault = examination.faults[0]
        raise RuntimeError(f"rule {fault.rule} failed:\n{fault.traceback}")
    return examination.diagnostics


def worker_processes(topology: Topology) -> list[Process]:
    """Return the worker processes, then beat; those switched off (replicas 0) too."""
    from qtopo.emit.launching import processes

    return processes(topology)


def examine(
    loaded: Loaded,
    *,
    overlays: bool = True,
    below: Layer | None = None,
    above: Layer | None = None,
    plugins: bool = True,
    errors_only: bool = False,
) -> Examination:
    """Judge what was read: its shape, all rules, and each overlay where none was named.

    `below` and `above` are decisions about rules that the file's own `[lint]`
    beats, and that beat it. With `errors_only` rules that can find no error are
    not run. Raises UnknownNameError where `above` names a rule
    that is not there; PluginError where an installed plugin is unusable.
    """
    config, unsound, elsewhere = _config(
        loaded.topology.lint, os.path.dirname(loaded.source.file), below, above, plugins=plugins
    )
    outcome = engine.run(loaded.topology, loaded.findings, config=config, errors_only=errors_only)
    shape = loaded.findings if config is None else config.apply(loaded.findings)
    base = [*shape, *unsound, *outcome.findings]
    diagnostics = place(base, loaded.source)
    faults = list(outcome.faults)
    if overlays and loaded.source.environment is None:
        known = {_identity(one) for one in base}
        for name in loaded.environments:
            over = loaded.overlay(name)
            outcome = engine.run(
                over.topology, over.findings, config=config, errors_only=errors_only
            )
            faults.extend(fault for fault in outcome.faults if fault not in faults)
            shape = over.findings if config is None else config.apply(over.findings)
            new = [one for one in (*shape, *outcome.findings) if _identity(one) not in known]
            diagnostics += place(_in_overlay(new, over), over.source)
        diagnostics.sort(key=lambda one: (one.place.file, one.place.start or (0, 0)))
    extra = () if config is None else config.extra
    if not any("qtopo:" in text for text in loaded.source.texts.values()):
        return Examination(diagnostics, faults, 0, extra, elsewhere)
    from qtopo.rules.waiving import waive

    # Only a run of everything can tell that a comment is of no use.
    whole = overlays and loaded.source.environment is None and not faults and not loaded.broken
    whole = whole and not errors_only
    kept, suppressed = waive(diagnostics, loaded.source, config, whole=whole)
    return Examination(kept, faults, suppressed, extra, elsewhere)


def survey_project(folder: str | None = None, app: str | None = None) -> Survey:
    """Return what is known of a project, from its text, or from its application too.

    Of a folder nothing is run. `app` is loaded as `celery -A` loads it, which runs
    its code; with a folder too, that is read for what the application does not import.
    Raises UnreadableFileError where the folder is none, or the application cannot be loaded.
    """
    from qtopo.code.project import Project
    from qtopo.code.survey import survey

    if app is None:
        return survey(Project(folder))
    from qtopo.code.application import look
    from qtopo.importers.app import find

    known = frozenset(sys.modules)
    return look(find(app), app, known, folder)


def examine_project(
    loaded: Loaded,
    code: Survey,
    *,
    below: Layer | None = None,
    above: Layer | None = None,
    plugins: bool = True,
) -> ProjectExamination:
    """Hold what `survey_project` found against what was read.

    `below` and `above` are as for `examine`. A topology of broken shape is held
    against nothing: what could not be read of it would be missed in the code.
    """
    from qtopo.code.check import examine as examine_code
    from qtopo.code.report import report

    if loaded.broken:
        return ProjectExamination([], {}, 0)
    config = _config(
        loaded.topology.lint, os.path.dirname(loaded.source.file), below, above, plugins=plugins
    )[0]
    found = examine_code(loaded.topology, code)
    if config is not None:
        found = [
            one._replace(severity=config.severity.get(one.rule, one.severity))
            for one in found
            if one.rule not in config.off
        ]
    return ProjectExamination._make(report(found, code.project, loaded.source))


def app_tasks(name: str) -> tuple[str, ...]:
    """Return the names of the tasks of an application: `shop.celery:app`, as `celery -A` takes it.

    This imports the project, which runs its code; nothing connects to a broker.
    Raises UnreadableFileError where it cannot be loaded.
    """
    from qtopo.importers.app import find

    return tuple(sorted(one for one in find(name).tasks if not one.startswith("celery.")))


def _config(
    lint: Lint | None, folder: str, below: Layer | None, above: Layer | None, *, plugins: bool
) -> tuple[Config | None, list[Finding], tuple[Finding, ...]]:
    """Return what was decided about rules, and what is wrong with that: in the file, and below."""
    own = None
    if lint is None and below is None and above is None and not (plugins and may_be_installed()):
        return None, [], ()
    from qtopo.rules import configuration

    if lint is not None:
        own = configuration.Layer(lint, folder=folder)
    layers = [one for one in (below, own, above) if one is not None]
    config, problems = configuration.resolve(layers, plugins=plugins)
    unsound: list[Finding] = []
    elsewhere: list[Finding] = []
    for layer, findings in zip(layers, problems, strict=True):
        if layer is above and findings:
            raise UnknownNameError(findings[0].message, findings[0].help)
        (unsound if layer is own else elsewhere).extend(findings)
    return config, unsound, tuple(elsewhere)


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


class _Nowhere:
    """Places for a topology that came from no file."""

    def locate(self, spots: Sequence[At]) -> list[Place]:
        return [Place("<topology>", spot.path, None, None) for spot in spots]

    def resolve(self, fix: Fix) -> None:
        """There is no text to change."""
