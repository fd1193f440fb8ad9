"""Runs the rules: all of them, in order, none hidden by the crash of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.rules import registry
from qtopo.rules.base import Context
from qtopo.topology.finding import ERROR, SEVERITIES, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.rules.base import Rule
    from qtopo.rules.configuration import Config
    from qtopo.topology.topology import Topology


class Fault(NamedTuple):
    """A rule that raised: a fault of qtopo's or of a plugin, never a finding of the user's."""

    rule: str
    traceback: str
    plugin: bool = False


class Outcome(NamedTuple):
    """What the rules found, and which of them failed."""

    findings: list[Finding]
    faults: list[Fault]


def run(
    topology: Topology,
    shape: Iterable[Finding] = (),
    rules: Sequence[type[Rule]] | None = None,
    config: Config | None = None,
    *,
    errors_only: bool = False,
) -> Outcome:
    """Run `rules` (default: all that can matter, and those of plugins) over a topology.

    `shape` are the errors of shape of the same file: the topology is then only
    what could be read, and rules that need what is broken stay silent. Rules
    that `config` turns off are not run; without it all are as they are. With
    `errors_only` those are left out that can find no error, which is most of the
    work: warnings and infos may still be among the findings.
    """
    broken = [one.at.path for one in shape if one.severity == ERROR]
    context = (
        Context(topology, broken) if config is None else Context(topology, broken, config.options)
    )
    outcome = Outcome([], [])
    extra = () if config is None else config.extra
    chosen = registry.rules(topology) if rules is None else rules
    if config is not None:
        chosen = [
            rule
            for rule in dict.fromkeys((*chosen, *config.tuned, *extra))
            if rule.name not in config.off
        ]
    for rule in chosen:
        if errors_only and not _may_err(rule, config):
            continue
        if not all(context.is_whole(part) for part in rule.needs):
            continue
        found: list[Finding] = []
        plugin = rule in extra
        try:
            # A rule may have found something before it raised: keep it.
            for finding in rule().check(context) or ():
                if plugin and not _is_sane(finding, rule):
                    raise TypeError(f"{finding!r} is no finding of {rule.name!r}")
                found.append(finding)
        except Exception:
            import traceback

            outcome.faults.append(Fault(rule.name, traceback.format_exc(), plugin))
        outcome.findings.extend(found if config is None else config.apply(found))
    return outcome


def _may_err(rule: type[Rule], config: Config | None) -> bool:
    """Whether a rule may find an error; what a stranger's rule may find is not known."""
    if config is not None:
        if rule in config.extra:
            return True
        decided = config.severity.get(rule.name)
        if decided is not None:
            return decided == ERROR
    return ERROR in (rule.severity, rule.worst)


def _is_sane(finding: object, rule: type[Rule]) -> bool:
    """Whether what a stranger's rule yields can be placed and shown."""
    return (
        isinstance(finding, Finding)
        and (finding.rule, finding.code) == (rule.name, rule.code)
        and isinstance(finding.message, str)
        and finding.severity in SEVERITIES
        and all(
            isinstance(at.path, tuple) and all(isinstance(part, (str, int)) for part in at.path)
            for at in (finding.at, *(at for _, at in finding.related))
        )
    )
