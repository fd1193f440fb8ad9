"""The rules that hold code against a topology: what `qtopo check --project` and `--app` find.

The table stands here, below those who judge, because names of rules are known to all:
`[lint]`, `--select` and comments.
"""

from __future__ import annotations

from typing import NamedTuple

from qtopo.topology.finding import ERROR, INFO, WARNING

FAMILY = "code"
ABOUT = "The project's code, held against the topology by `--project` or `--app`."
"""What the family is about."""


class CodeRule(NamedTuple):
    """A kind of finding: its stable code, its severity, and what it means."""

    code: str
    severity: str
    summary: str


RULES = {
    "code-unreadable": CodeRule("QT960", WARNING, "A Python file cannot be read or parsed."),
    "task-without-route": CodeRule("QT961", INFO, "No route is for a task: the default queue is."),
    "route-without-task": CodeRule("QT962", WARNING, "A route matches no task of the project."),
    "decorator-beats-route": CodeRule(
        "QT963", WARNING, "A task's decorator sends it otherwise than its route says."
    ),
    "unknown-task-sent": CodeRule(
        "QT964", WARNING, "A task is sent by a name that no task of the project has."
    ),
    "unknown-queue-sent": CodeRule(
        "QT965", ERROR, "Code names a queue or an exchange that is not declared."
    ),
    "broadcast-task-retries": CodeRule(
        "QT966", ERROR, "A task that goes to every worker retries in its code."
    ),
    "bulk-call-leaves-route": CodeRule(
        "QT967", WARNING, "`chunks`, `map` or `starmap` of a task go elsewhere than the task."
    ),
    "chord-in-code-without-backend": CodeRule(
        "QT968", ERROR, "Code has a chord, and no result backend can run it."
    ),
    "canvas-through-unconsumed-queue": CodeRule(
        "QT969", WARNING, "A step of a canvas in code waits in a queue that nobody consumes."
    ),
    "shared-state": CodeRule(
        "QT970", WARNING, "A task changes state that outlives it, in the memory of its process."
    ),
    "chord-header-without-result": CodeRule(
        "QT971", ERROR, "A step of a chord's header in code throws its result away."
    ),
    "task-not-imported": CodeRule(
        "QT972", WARNING, "A worker gets a task of a module that nothing it imports brings in."
    ),
    "decorator-option-unknown": CodeRule(
        "QT973", WARNING, "A task's decorator has an option that Celery does not read."
    ),
    "app-routes-otherwise": CodeRule(
        "QT974", WARNING, "The loaded application sends a task to another queue than the file."
    ),
    "priority-out-of-range": CodeRule(
        "QT975", WARNING, "Code gives a priority that the broker or the queue does not have."
    ),
    "queue-without-sender": CodeRule("QT976", INFO, "Nothing of the project is sent to a queue."),
}
