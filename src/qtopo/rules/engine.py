"""Runs the rules: all of them, in order, none hidden by the crash of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.rules import registry
from qtopo.rules.base import Context
from qtopo.topology.finding import ERROR

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.rules.base import Rule
    from qtopo.topology.finding import Finding
    from qtopo.topology.topology import Topology


class Fault(NamedTuple):
    """A rule that raised: a fault of qtopo's, never a finding of the user's."""

    rule: str
    traceback: str


class Outcome(NamedTuple):
    """What the rules found, and which of them failed."""

    findings: list[Finding]
    faults: list[Fault]


def run(
    topology: Topology, shape: Iterable[Finding] = (), rules: Sequence[type[Rule]] | None = None
) -> Outcome:
    """Run `rules` (default: all that can matter) over a topology.

    `shape` are the errors of shape of the same file: the topology is then only
    what could be read, and rules that need what is broken stay silent.
    """
    context = Context(topology, [one.at.path for one in shape if one.severity == ERROR])
    outcome = Outcome([], [])
    for rule in registry.rules(topology) if rules is None else rules:
        if not all(context.is_whole(part) for part in rule.needs):
            continue
        found: list[Finding] = []
        try:
            # A rule may have found something before it raised: keep it.
            for finding in rule().check(context):
                found.append(finding)  # noqa: PERF402
        except Exception:
            import traceback

            outcome.faults.append(Fault(rule.name, traceback.format_exc()))
        outcome.findings.extend(found)
    return outcome
