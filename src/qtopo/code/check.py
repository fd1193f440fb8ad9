"""Holds a project against a topology: `qtopo check --project` and `--app`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.code import (
    about_app,
    about_calls,
    about_options,
    about_queues,
    about_routes,
    about_state,
    about_workers,
)
from qtopo.code.findings import CodeFinding, finding
from qtopo.code.looked import Looked
from qtopo.code.project import Spot

if TYPE_CHECKING:
    from qtopo.code.survey import Survey
    from qtopo.topology.topology import Topology

_RULES = (
    about_routes.check,
    about_calls.check,
    about_options.check,
    about_queues.check,
    about_workers.check,
    about_app.check,
    about_state.check,
)


def examine(topology: Topology, survey: Survey) -> list[CodeFinding]:
    """Return everything that is found, what could not be read first.

    The topology must be sound in its shape: what could not be read of it would
    be missed here. Nothing of the project is run or imported.
    """
    looked = Looked(topology, survey)
    found = [one for check in _RULES for one in check(looked)]
    unreadable = [
        finding(
            "code-unreadable",
            f"{problem.file} {problem.message}" if not problem.line else f"this {problem.message}",
            Spot(problem.file, problem.line, problem.column, problem.line, problem.column),
            help="what stands in it was not looked at",
        )
        for problem in survey.project.problems
    ]
    return [*unreadable, *found]
