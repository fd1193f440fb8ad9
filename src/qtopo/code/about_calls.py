"""Rules about what code, the schedule and workflows send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.code.about_routes import unknown_exchange, unknown_queue
from qtopo.code.calls import BULK, SCHEDULED, Canvas, has_chord, tasks_of
from qtopo.code.findings import CodeFinding, finding
from qtopo.code.index import UNTOLD, Missing
from qtopo.routing.route import imitated
from qtopo.topology.finding import At
from qtopo.topology.workflows import steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.code.calls import Call, Step
    from qtopo.code.looked import Looked
    from qtopo.code.project import Spot

_NO_CHORDS = ("disabled", "rpc", "amqp")


def check(looked: Looked) -> Iterator[CodeFinding]:
    """Yield what is wrong with what is sent."""
    yield from _unknown_tasks(looked)
    for call in looked.survey.calls:
        yield from _options(looked, call)
        if call.method in BULK:
            yield from _bulk(looked, call)
    yield from _retries(looked)
    yield from _canvases(looked)


def _unknown_tasks(looked: Looked) -> Iterator[CodeFinding]:
    topology = looked.topology
    if not looked.survey.tasks:
        return
    if topology.beat is not None:
        for name, entry in topology.beat.schedule.items():
            if entry.task:
                at = At(("beat", "schedule", name, "task"))
                yield from _unknown(looked, entry.task, at, f"schedule entry {name!r} sends")
    for name, workflow in topology.workflows.items():
        for path, task in steps(workflow, ("workflows", name)):
            yield from _unknown(looked, task, At(path), f"workflow {name!r} sends")
    ours = {entry.task for entry in topology.beat.schedule.values()} if topology.beat else set()
    for call in looked.survey.calls:
        # An entry that the file has as well is told once, in the file.
        told = call.method == SCHEDULED and call.task in ours
        if call.spelled is not None and call.task and not told:
            yield from _unknown(looked, call.task, call.spelled, f"{call.method} names")


def _unknown(looked: Looked, name: str, at: Spot | At, who: str) -> Iterator[CodeFinding]:
    if looked.has(name) or looked.is_foreign(name):
        return
    yield finding(
        "unknown-task-sent",
        f"{who} task {name!r}, which the project does not have: a worker throws it away",
        at,
        help=looked.hint(name) or "mend the name, or register the task",
    )


def _options(looked: Looked, call: Call) -> Iterator[CodeFinding]:
    topology = looked.topology
    queue, exchange = call.options.get("queue"), call.options.get("exchange")
    if isinstance(queue, Missing):
        yield _missing(queue, call.places["queue"], f"{call.method} names")
    if isinstance(queue, str) and queue and queue not in topology.queues:
        yield unknown_queue(looked, queue, call.places["queue"], f"{call.method} names")
    if isinstance(exchange, str) and exchange and exchange not in topology.wiring.exchanges:
        yield unknown_exchange(looked, exchange, call.places["exchange"], f"{call.method} names")


def _missing(queue: Missing, at: Spot, who: str) -> CodeFinding:
    """Return the finding about a queue whose name is an attribute that is gone."""
    return finding(
        "unknown-queue-sent",
        f"{who} queue {queue.owner}.{queue.name}, and class {queue.owner!r} has no such "
        "attribute: it raises AttributeError",
        at,
        help="mend the name, or give the class the attribute",
    )


def _bulk(looked: Looked, call: Call) -> Iterator[CodeFinding]:
    if call.task is None or any(
        call.options.get(key) for key in ("queue", "exchange", "routing_key")
    ):
        return
    task = looked.where(call.task)
    (bulk,) = imitated(looked.topology, call.task, looked.call(call.task, {}), call.method)
    if task.refused or bulk.refused or task.delivered_to == bulk.delivered_to:
        return
    goes = ", ".join(map(repr, bulk.delivered_to)) or "nowhere"
    yield finding(
        "bulk-call-leaves-route",
        f"{call.method} of task {call.task!r} goes to {goes}, not to {task.queue!r} as the task "
        "itself does",
        call.spot,
        help=f"say where: .apply_async(queue={task.queue!r})",
    )


def _retries(looked: Looked) -> Iterator[CodeFinding]:
    topology = looked.topology
    if not any(one.broadcast for one in topology.queues.values()):
        return
    spots = {one.task: one.spot for one in looked.survey.calls if one.method == "retry"}
    for task in looked.survey.tasks:
        declared = topology.tasks.get(task.name)
        if task.option("max_retries") == 0 or (declared and declared.max_retries is not None):
            # What the file says of retries, its own rule judges.
            continue
        at = task.places.get("autoretry_for") or spots.get(task.name)
        if at is None:
            continue
        queues = [
            name
            for name in looked.where(task.name).delivered_to
            if name in topology.queues and topology.queues[name].broadcast
        ]
        if queues:
            yield finding(
                "broadcast-task-retries",
                f"task {task.name!r} goes to every worker, and so does each of its retries",
                at,
                help="do not retry it, or send it to a queue of its own",
                related=(("its queue is declared here", At(("queues", queues[0]), "table")),),
            )


def _canvases(looked: Looked) -> Iterator[CodeFinding]:
    results = looked.topology.results
    kind = "disabled" if results is None else results.kind
    chords = [one for one in looked.survey.canvases if has_chord(one)]
    if chords and kind in _NO_CHORDS:
        more = f" (and {len(chords) - 1} more)" if len(chords) > 1 else ""
        what = "there is no result backend" if kind == "disabled" else f"{kind!r} runs no chords"
        yield finding(
            "chord-in-code-without-backend",
            f"a chord is made here{more}, and {what}",
            chords[0].spot,
            help="declare a backend that runs chords: [results]",
            related=tuple(("this is a chord too", one.spot) for one in chords[1:4]),
        )
    for canvas in looked.survey.canvases:
        for call in tasks_of(canvas):
            yield from _step(looked, call)
        yield from _headers(looked, canvas)


def _step(looked: Looked, call: Call) -> Iterator[CodeFinding]:
    if call.task is None or not looked.has(call.task) or call.options.get("queue") is UNTOLD:
        return
    routed = looked.where(call.task, call.options)
    if routed.refused or routed.workers or not routed.delivered_to:
        return
    queue = routed.delivered_to[0]
    yield finding(
        "canvas-through-unconsumed-queue",
        f"task {call.task!r} waits in queue {queue!r}, which nobody consumes: what comes after it "
        "in the canvas never runs",
        call.places.get("queue", call.spot),
        help="let a worker consume the queue, or send the step elsewhere",
        related=(("the queue is declared here", At(("queues", queue), "table")),),
    )


def _headers(looked: Looked, step: Step | None) -> Iterator[CodeFinding]:
    """Look at the headers of chords: what throws its result away leaves the body waiting."""
    if not isinstance(step, Canvas):
        return
    header = step.steps if step.kind == "chord" else ()
    for one in header:
        for call in tasks_of(one):
            task = looked.survey.by_name.get(call.task or "")
            if task is not None and task.option("ignore_result") is True:
                yield finding(
                    "chord-header-without-result",
                    f"task {task.name!r} in the header of a chord throws its result away: the "
                    "body never gets it",
                    call.spot,
                    help="take ignore_result out of the task, or the task out of the header",
                    related=(("the task is here", task.spot),),
                )
    for below in (*step.steps, step.body):
        yield from _headers(looked, below)
