"""Alert rules for Prometheus: of queues, of tasks, and of beat.

The promises of the file (`slo`, `replicas`, `duration`, `every`) are what alerts
measure; a rule carries the owner as a label. The comment at the beginning says
which exporters the rules need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.emit.base import Artifact, counted
from qtopo.emit.prometheus_metrics import exporters, nothing_measured, splits, watchable
from qtopo.emit.prometheus_queues import CRITICAL, FINEST, WARNING, Rule, common, queue_rules
from qtopo.emit.prometheus_text import LONGEST, figure, selected, span
from qtopo.emit.yaml_ import commented, dump
from qtopo.errors import EmitError
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qtopo.emit.base import Job
    from qtopo.topology.beat import Entry
    from qtopo.topology.topology import Topology

QUEUES, TASKS = "Celery's queues", "Celery's tasks"

_HALF_HOUR, _HOUR = 1800, 3600
_FAILING = 0.1
"""The share of failed tasks that is worth a look."""

_SLOW = 2
"""How many times its declared mean a task may take, before the file is out of date."""

_MISSED = 3
"""How many of beat's turns may pass without a message."""


def emit(job: Job) -> Sequence[Artifact]:
    """Return the file of rules; raises EmitError where there is nothing to watch."""
    groups = _groups(job.topology)
    if not groups:
        raise EmitError("there is no queue to watch", "declare queues and workers")
    needed = [f"Needs {one}" for one in _needed(job.topology)]
    head = commented([*job.header(), *needed])
    written = {
        "groups": [
            {"name": name, "rules": [one.plain() for one in rules]}
            for name, rules in groups.items()
        ]
    }
    return [Artifact(job.output, head + dump(written))]


def summary(job: Job) -> str:
    """Return how many rules there are."""
    count = sum(map(len, _groups(job.topology).values()))
    return counted(count, "alert rule")


def notes(job: Job) -> Sequence[str]:
    """Return what has to be scraped, and what alerts cannot see."""
    topology = job.topology
    found = [f"the rules need {one}" for one in _needed(topology) if not one.startswith("--")]
    if watchable(topology) == "redis" and not topology.settings.get("task_send_sent_event"):
        found.append(
            "without task_send_sent_event = true in [settings] celery-exporter takes every task "
            "for one of queue 'celery', and alerts of a wait go by nothing"
        )
    silent = beat_entry(topology) is None and topology.beat is not None and topology.beat.schedule
    if silent:
        found.append(
            "no alert says that beat has stopped: no entry of its schedule has `every`, and beat "
            "tells nobody by itself"
        )
    odd = [name for name in topology.queues if '"' in name or "\\" in name]
    if odd and watchable(topology) == "rabbitmq":
        found.append(
            f"RabbitMQ 3.10 does not escape {', '.join(map(repr, odd))} in its metrics, so "
            "Prometheus can read none of them: name the queues without quotes and backslashes"
        )
    return found


def beat_entry(topology: Topology) -> tuple[str, Entry] | None:
    """Return the entry of beat's that is sent most often, by which its life shows."""
    beat = topology.beat
    if beat is None or beat.replicas == 0:
        return None
    regular = [
        (entry.every, name, entry)
        for name, entry in beat.schedule.items()
        if entry.every is not None and entry.every * _MISSED <= LONGEST
    ]
    if not regular:
        return None
    _, name, entry = min(regular, key=lambda one: one[:2])
    return name, entry


def _needed(topology: Topology) -> list[str]:
    lines = exporters(topology)
    if watchable(topology) == "rabbitmq" and list(_task_rules(topology)):
        lines.append(
            f"celery-exporter (danihodovic/celery-exporter) for {TASKS}, and "
            "worker_send_task_events and task_send_sent_event in the settings"
        )
    return lines


def _groups(topology: Topology) -> dict[str, list[Rule]]:
    watchable(topology)
    queues = list(queue_rules(topology))
    if queues:
        queues.insert(0, _unmeasured(topology))
    found = {QUEUES: queues, TASKS: list(_task_rules(topology))}
    return {name: rules for name, rules in found.items() if rules}


def _unmeasured(topology: Topology) -> Rule:
    expr = nothing_measured(topology)
    if splits(topology):
        expr += " or absent(redis_key_size)"
    return Rule(
        "CeleryQueuesNotMeasured",
        expr,
        600,
        CRITICAL,
        common(topology),
        "no queue is measured",
        "no metric of any queue is there: no other alert of queues can fire.",
    )


def _task_rules(topology: Topology) -> Iterator[Rule]:
    for name, task in topology.tasks.items():
        labels = {**common(topology), "task": name, "owner": task.owner or ""}
        failed = _total("celery_task_failed_total", name, _HALF_HOUR)
        done = _total("celery_task_succeeded_total", name, _HALF_HOUR)
        yield Rule(
            "CeleryTaskFails",
            # `or` for what has only ever failed.
            f"{failed} > {figure(_FAILING)} * ({failed} + ({done} or 0 * {failed}))",
            300,
            WARNING,
            labels,
            f"task '{name}' fails",
            f"more than {_FAILING:.0%} of the runs of '{name}' in half an hour failed.",
        )
        if task.duration is not None and task.duration.mean:
            mean = task.duration.mean
            ran = _rate("celery_task_runtime_sum", name)
            times = _rate("celery_task_runtime_count", name)
            yield Rule(
                "CeleryTaskSlow",
                f"{ran} > {figure(mean * _SLOW)} * {times}",
                900,
                WARNING,
                labels,
                f"task '{name}' takes more than twice the time it is declared with",
                f"the file says a mean of {format_duration(mean)} for '{name}'; workers, grace "
                "and limits were chosen by that.",
            )
    found = beat_entry(topology)
    if found is not None:
        yield _beat_rule(topology, *found)


def _beat_rule(topology: Topology, name: str, entry: Entry) -> Rule:
    every = entry.every or 0.0
    within = max(_MISSED * every, 5 * FINEST)
    sent = selected("celery_task_sent_total", name=entry.task)
    return Rule(
        "CeleryBeatSilent",
        # While the exporter is there: else it would be the one that is silent.
        f"(sum(increase({sent}[{span(within)}])) or vector(0)) == 0 "
        "and on () count(celery_worker_up) > 0",
        300,
        CRITICAL,
        {**common(topology), "task": entry.task},
        "beat sends nothing",
        f"entry '{name}' is due every {format_duration(every)}, and '{entry.task}' was not sent "
        f"for {format_duration(within)}.",
    )


def _total(metric: str, task: str, seconds: float) -> str:
    return f"sum by (job) (increase({selected(metric, name=task)}[{span(seconds)}]))"


def _rate(metric: str, task: str) -> str:
    return f"sum by (job) (rate({selected(metric, name=task)}[{span(_HOUR)}]))"
