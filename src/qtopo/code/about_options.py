"""Rules about options of decorators and calls: names Celery lacks, priorities out of range."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.code.findings import CodeFinding, finding
from qtopo.code.tasks import class_of
from qtopo.topology.finding import ERROR, At
from qtopo.topology.misspelling import Misspellings
from qtopo.topology.priority import HIGHEST, levels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qtopo.code.looked import Looked
    from qtopo.code.project import Spot
    from qtopo.code.tasks import Task

OPTIONS = frozenset(
    (
        *("abstract", "acks_late", "acks_on_failure", "acks_on_failure_or_timeout"),
        *("acks_on_timeout", "app", "autoretry_for", "backend", "base", "bind", "compression"),
        *("default_retry_delay", "delivery_mode", "dont_autoretry_for", "exchange"),
        *("exchange_type", "expires", "filter", "ignore_result", "immediate", "lazy", "mandatory"),
        *("max_retries", "name", "priority", "pydantic", "pydantic_context"),
        *("pydantic_dump_kwargs", "pydantic_strict", "queue", "rate_limit"),
        *("reject_on_worker_lost", "resultrepr_maxsize", "retry_backoff", "retry_backoff_max"),
        *("retry_jitter", "retry_kwargs", "retry_on_worker_lost", "routing_key", "send_events"),
        *("serializer", "shadow_name", "shared", "soft_time_limit"),
        *("store_errors_even_if_ignored", "throws", "time_limit", "track_started", "trail"),
        "typing",
    )
)
"""What Celery reads of a decorator's options; others become attributes that nothing reads."""

_AROUND = re.compile(
    r"(?:task_|celery_|default_)?(queue|exchange|routing_key|priority|rate_limit|time_limit"
    r"|soft_time_limit|max_retries|ignore_result|acks_late)(?:_name|_key|_id|s)?"
)
"""A name of Celery's with a word around it that people add."""
_SAID = {
    "autoretry": "autoretry_for",
    "autoretry_on": "autoretry_for",
    "max_retry": "max_retries",
    "max_tries": "max_retries",
    "retries": "max_retries",
    "retry_delay": "default_retry_delay",
    "soft_timeout": "soft_time_limit",
    "timeout": "time_limit",
}
"""What people say for it."""
_NEAR = Misspellings(OPTIONS)
_WIRE = 255


def check(looked: Looked) -> Iterator[CodeFinding]:
    """Yield what is wrong with options, of decorators first."""
    for task in looked.survey.tasks:
        yield from _unknown(looked, task)
        priority = task.option("priority")
        if isinstance(priority, int):
            at = task.places.get("priority", task.spot)
            yield from _priority(looked, task.name, {}, priority, at)
    for call in looked.survey.calls:
        priority = call.options.get("priority")
        if isinstance(priority, int):
            at = call.places.get("priority", call.spot)
            yield from _priority(looked, call.task, call.options, priority, at)


def _unknown(looked: Looked, task: Task) -> Iterator[CodeFinding]:
    for name in task.written:
        near = None if name in OPTIONS else _meant(name)
        if near is None or near in task.written or _has(looked, task, name):
            continue
        yield finding(
            "decorator-option-unknown",
            f"the decorator of task {task.name!r} says {name!r}: Celery reads no such option, and "
            "drops it without a word",
            task.places.get(name, task.spot),
            help=f"did you mean {near!r}?",
        )


def _meant(name: str) -> str | None:
    """Return the option that was probably meant; None for an attribute of the project's own."""
    around = _AROUND.fullmatch(name)
    return around[1] if around else _SAID.get(name) or _NEAR.find(name)


def _has(looked: Looked, task: Task, name: str) -> bool:
    """Whether the task's own class has an attribute of that name, or any code reads one."""
    project = looked.survey.project
    if any(f".{name}" in (project.text(one) or "") for one in project):
        return True
    names = [task.cls] if task.cls else []
    for _ in range(10):
        if not names:
            return False
        one = class_of(project, names.pop(0))
        if one is None:
            # A class from elsewhere may have anything.
            return True
        if name in one.attributes or name in one.own:
            return True
        names.extend(base for base in one.bases if not base.startswith("celery."))
    return True


def _priority(
    looked: Looked, task: str | None, options: Mapping[str, object], priority: int, at: Spot
) -> Iterator[CodeFinding]:
    """Say what becomes of a priority that the broker, or the task's queue, does not have."""
    kind = looked.topology.broker.kind.priorities
    if kind == "inverted" and not 0 <= priority <= HIGHEST:
        least = "the least urgent there is" if priority > 0 else "the most urgent there is"
        yield finding(
            "priority-out-of-range",
            f"priority {priority} is out of range: on this broker it counts as "
            f"{HIGHEST if priority > 0 else 0}, {least}",
            at,
            help=f"give it 0 to {HIGHEST}; here 0 is the most urgent",
        )
    elif kind == "native" and not 0 <= priority <= _WIRE:
        yield finding(
            "priority-out-of-range",
            f"priority {priority} is out of range: the message cannot be sent",
            at,
            help=f"give it 0 to {HIGHEST}",
            severity=ERROR,
        )
    elif kind == "native":
        yield from _above(looked, task, options, priority, at)


def _above(
    looked: Looked, task: str | None, options: Mapping[str, object], priority: int, at: Spot
) -> Iterator[CodeFinding]:
    queue = options.get("queue")
    names = looked.where(task, options).delivered_to if task else ()
    if not names and isinstance(queue, str):
        names = (queue,)
    for name in names:
        most = levels(looked.topology.queues.get(name))
        if 0 < most < priority:
            yield finding(
                "priority-out-of-range",
                f"priority {priority} is more than queue {name!r} has: it counts as {most}",
                at,
                help=f"give it 0 to {most}, or the queue more levels",
                related=(("the queue is declared here", At(("queues", name), "table")),),
            )
            return
