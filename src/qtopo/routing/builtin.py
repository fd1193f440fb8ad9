"""What Celery itself sends: retries, and the tasks behind canvases.

Each function returns the call that Celery really makes; `resolve` says where it
goes. Measured on Celery 5.7.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.routing.call import Call, Refusal
from qtopo.routing.delayed import DELIVERY
from qtopo.routing.options import RefusedError, Way, attributes
from qtopo.routing.queues import Queues
from qtopo.routing.resolve import routed
from qtopo.topology.backends import COUNTS, POLLS, REFUSES, chords_of
from qtopo.topology.common import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.routing.call import Resolved
    from qtopo.routing.sending import Sending
    from qtopo.topology.app import Results

ALWAYS_REGISTERED = (
    "celery.accumulate",
    "celery.backend_cleanup",
    "celery.chain",
    "celery.chord",
    "celery.chord_unlock",
    "celery.chunks",
    "celery.group",
    "celery.map",
    "celery.starmap",
)
"""Tasks of every application: decorator options of their own they have none."""

UNLOCK_COUNTDOWN = 1
"""Seconds before a chord is looked at for the first time."""

RETRY_COUNTDOWN = 180
"""Seconds until a retry, where neither the task nor `retry` says it."""

_CARRIED = ("exchange", "exchange_type", "routing_key", "headers")
_IF_COUNTING = "the result backend counts what came back, as redis does"
_IF_POLLING = "the result backend has to be asked, as a database has"


class Chorded(NamedTuple):
    """A message about a chord, and on which result backends it is sent (None: on the file's)."""

    sent: Call | Refusal
    only_if: str | None = None


def builtin_call(task: str, options: Mapping[str, Any] = EMPTY) -> Call:
    """Return the call of a built-in task: it is registered everywhere, without options."""
    return Call(task, dict(options), registered=True, method="apply_async")


def map_call(task: str, options: Mapping[str, Any] = EMPTY, *, star: bool = False) -> Call:
    """Return what `task.map()` or `.starmap()` sends: routed by the inner task's name.

    The inner task's decorator and signature count for nothing.
    """
    name = "celery.starmap" if star else "celery.map"
    return builtin_call(name, {"route_name": task, **options})


def chunk_call(options: Mapping[str, Any] = EMPTY) -> Call:
    """Return what `task.chunks()` sends once for each chunk, when it is applied.

    Unlike `starmap` it is routed by its own name: what the inner task says, and
    its route, count for nothing.
    """
    kept = {key: value for key, value in options.items() if key != "route_name"}
    return builtin_call("celery.starmap", kept)


def chord_calls(results: Results | None, sending: Sending, body: Call) -> list[Chorded]:
    """Return what is sent when the header of a chord with this body is done.

    One, or both where the file does not tell the kind of the result backend.
    """
    how = chords_of(results)
    if how == REFUSES:
        return [Chorded(_no_chords(results))]
    found = []
    if how != POLLS:
        found.append(Chorded(chord_body(body), None if how else _IF_COUNTING))
    if how != COUNTS:
        found.append(Chorded(chord_unlock(sending, body), None if how else _IF_POLLING))
    return found


def _no_chords(results: Results | None) -> Refusal:
    what = "there is no result backend" if results is None else f"{results.kind!r} has no chords"
    return Refusal("NotImplementedError", f"{what}: Celery refuses to start the chord")


def chord_body(body: Call) -> Call:
    """Return the call of a chord's body, made by the worker that ends the header."""
    return body._replace(method="apply_async" if body.registered else "send_task")


def chord_unlock(
    sending: Sending, body: Call, *, countdown: float | None = UNLOCK_COUNTDOWN
) -> Call | Refusal:
    """Return the call of `celery.chord_unlock` that waits for a chord with this body.

    Its queue is the body's own, or its task's, or that of the body's route; since
    it is given with the call, no route of `celery.chord_unlock` changes it.
    """
    way = Way()
    try:
        return _unlock(sending, body, way, countdown)
    except RefusedError as refused:
        return way.refusal(refused)


def _unlock(sending: Sending, body: Call, way: Way, countdown: float | None) -> Call:
    given = body.options
    own = attributes(sending, body, way) if body.registered else {}
    task_queue = own.get("queue")
    queue = given.get("queue", task_queue and task_queue.value)
    if queue is None:
        queue = routed(sending, body.task)
    # A task has a priority of None where none is given; an unknown one counts as 0.
    priority: Any = 0
    if body.registered:
        priority = own["priority"].value if "priority" in own else None
    priority = given.get("priority", priority)
    stamped = given.get("stamped_headers") or ()
    options: dict[str, Any] = {
        "queue": queue,
        "priority": priority,
        "countdown": countdown,
    }
    for key in _CARRIED:
        if key not in stamped and given.get(key) is not None:
            options[key] = given[key]
    if "exchange_type" not in options:
        # Where it is not there Celery goes on, and refuses it when it sends.
        with suppress(KeyError):
            options["exchange_type"] = Queues(sending).find(queue).exchange_type
    return builtin_call("celery.chord_unlock", options)


def retry_call(
    call: Call,
    published: Resolved,
    *,
    countdown: float | None = RETRY_COUNTDOWN,
    options: Mapping[str, Any] = EMPTY,
) -> Call:
    """Return the call that `Task.retry` makes for a message that was published so.

    What came through the anonymous exchange names its queue again; anything else
    goes to the same exchange with the same key, so a broadcast is broadcast again.
    `options` are those of `retry` itself.
    """
    came: dict[str, Any] = {"headers": dict(published.headers), "countdown": countdown}
    # A message without a priority is written with 0, and comes back with it.
    came["priority"] = published.priority or 0
    exchange, key = published.wire_exchange, published.wire_key or ""
    if published.delay is not None:
        exchange, key = DELIVERY, published.delay.arrives_with
    if not options.get("queue"):
        if exchange == "" and key:
            came["queue"] = key
        else:
            came |= {"exchange": exchange, "routing_key": key, "redelivered": False}
    said = {key: value for key, value in options.items() if key != "queue" or value}
    return call._replace(
        options={**came, **said}, registered=True, method="apply_async", parent_priority=None
    )
