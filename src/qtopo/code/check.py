"""Holds a project against a topology: `qtopo check --project`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.code import about_calls, about_routes, about_state
from qtopo.code.findings import CodeFinding, finding
from qtopo.code.looked import Looked
from qtopo.code.project import Project, Spot
from qtopo.code.survey import survey

if TYPE_CHECKING:
    from qtopo.topology.topology import Topology


def examine(topology: Topology, project: Project) -> list[CodeFinding]:
    """Return everything that is found, what could not be read first.

    The topology must be sound in its shape: what could not be read of it would
    be missed here. Nothing of the project is run or imported.
    """
    looked = Looked(topology, survey(project))
    found = [
        *about_routes.check(looked),
        *about_calls.check(looked),
        *about_state.check(looked),
    ]
    unreadable = [
        finding(
            "code-unreadable",
            f"{problem.file} {problem.message}" if not problem.line else f"this {problem.message}",
            Spot(problem.file, problem.line, problem.column, problem.line, problem.column),
            help="what stands in it was not looked at",
        )
        for problem in project.problems
    ]
    return [*unreadable, *found]
