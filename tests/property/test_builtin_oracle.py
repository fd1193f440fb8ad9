"""Celery is the oracle for what it sends by itself: retries, chords, maps, chunks, groups.

Celery makes the call for real, up to the wire; ours goes through `resolve`.
"""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from celery.app.task import Context
from celery.backends.base import BaseBackend
from celery.backends.cache import CacheBackend
from celery.canvas import chunks, xmap, xstarmap
from celery.exceptions import Reject
from celery.utils import uuid
from hypothesis import given
from hypothesis import strategies as st
from test_call_oracle import application, call_of, examples, expected

import calls
import publishing
import raw_settings
from qtopo.routing import builtin
from qtopo.routing.call import Call, Refusal
from qtopo.routing.resolve import resolve

EXAMPLES = examples(800)
TRANSPORTS = pytest.mark.parametrize("transport", ["amqp", "memory"])

members = calls.calls(wire=False).map(lambda drawn: (drawn[0], _plain(drawn[1]), drawn[2], None))
"""What a signature may say: what its own machinery takes for itself is left out."""

ROUTED = (
    "countdown",
    "delivery_mode",
    "exchange",
    "exchange_type",
    "headers",
    "priority",
    "queue",
    "routing_key",
)


def _plain(options):
    # A signature leaves out what is None in the options of its call, not in its own.
    return {key: value for key, value in options.items() if key in ROUTED}


def signature(app, call: Call):
    return app.signature(call.task, options=dict(call.options))


def agree(app, drawn, transport, ours, act):
    """Celery does `act` with a producer, and publishes what `ours` are said to come to."""
    sender, channel = publishing.producer(transport)
    app.producer_or_acquire = lambda producer=None: nullcontext(sender)
    error = None
    try:
        act()
    except Exception as raised:  # the name of any of them is what is asked for
        error = publishing.error_name(raised)
    said = []
    for one in ours:
        said.append(one.error if isinstance(one, Refusal) else expected(drawn.conf, transport, one))
        if isinstance(said[-1], str):
            break
    published = [seen._replace(declared=()) for seen in channel.published]
    seen = [*published, *([error] if error else [])]
    said = [one if isinstance(one, str) else one._replace(declared=()) for one in said]
    assert len(seen) == len(said), f"{seen}\n{said}"
    for got, wanted in zip(seen, said, strict=True):
        difference = publishing.differs(got, wanted)
        assert not difference, difference


@TRANSPORTS
@EXAMPLES
@given(drawn=calls.settings(wire=False), member=members, star=st.booleans())
def test_map_goes_where_the_inner_task_is_routed(transport, drawn, member, star):
    with application(drawn.conf, drawn.decorators, transport) as app:
        call = call_of(app.tasks, drawn.decorators, member)
        inner = app.signature(call.task)
        canvas = xstarmap(inner, [(1,)], app=app) if star else xmap(inner, [1], app=app)
        options = {k: v for k, v in call.options.items() if v is not None}
        ours = builtin.map_call(call.task, options, star=star)
        agree(app, drawn, transport, [ours], lambda: canvas.apply_async(**options))


@TRANSPORTS
@EXAMPLES
@given(drawn=calls.settings(wire=False), member=members)
def test_chunks_are_starmaps(transport, drawn, member):
    with application(drawn.conf, drawn.decorators, transport) as app:
        call = call_of(app.tasks, drawn.decorators, member)
        canvas = chunks(app.signature(call.task), [(1,), (2,), (3,)], 2, app=app)
        options = {k: v for k, v in call.options.items() if v is not None}
        ours = builtin.chunk_call(options)
        act = lambda: canvas.apply_async(**options)  # noqa: E731
        agree(app, drawn, transport, [ours, ours], act)


@TRANSPORTS
@EXAMPLES
@given(drawn=calls.settings(wire=False))
def test_tasks_of_celery_itself_are_routed_by_name(transport, drawn):
    with application(drawn.conf, drawn.decorators, transport) as app:
        for name in ("celery.backend_cleanup", "celery.accumulate"):
            act = app.tasks[name].apply_async
            agree(app, drawn, transport, [builtin.builtin_call(name)], act)


@TRANSPORTS
@EXAMPLES
@given(drawn=calls.settings(wire=False), member=members)
def test_chord_unlock_goes_where_the_body_goes(transport, drawn, member):
    with application(drawn.conf, drawn.decorators, transport) as app:
        call = call_of(app.tasks, drawn.decorators, member)
        try:
            known = raw_settings.sending(drawn.conf, transport)
            ours = builtin.chord_unlock(known, call)
        except (TypeError, ValueError) as error:
            ours = Refusal(publishing.error_name(error), "")
        header = app.GroupResult("header", [app.AsyncResult("one")])

        def act():
            BaseBackend(app=app, url="disabled://").apply_chord(
                (header.id, header.results), signature(app, call)
            )

        agree(app, drawn, transport, [ours], act)


@TRANSPORTS
@EXAMPLES
@given(drawn=calls.settings(wire=False), member=members)
def test_a_backend_that_counts_sends_the_body_itself(transport, drawn, member):
    with application(drawn.conf, drawn.decorators, transport) as app:
        call = call_of(app.tasks, drawn.decorators, member)
        backend = app._local.backend = CacheBackend(app=app, backend="memory://")
        # Immutable, since the tasks take no arguments.
        body = signature(app, call).set(immutable=True)
        # What it holds outlives the application: names that were never used.
        one = app.AsyncResult(uuid(), backend=backend)
        header = app.GroupResult(uuid(), [one])
        request = Context(id=one.id, group=header.id, chord=body)

        def failed(callback, exc):
            raise exc.__cause__ or exc

        backend.chord_error_from_stack = failed

        def act():
            # The header is done: its only task has left its result.
            backend.apply_chord((header.id, header.results), body)
            backend.store_result(one.id, 1, "SUCCESS", request=request)
            backend.on_chord_part_return(request, "SUCCESS", 1)

        agree(app, drawn, transport, [builtin.chord_body(call)], act)


@TRANSPORTS
@EXAMPLES
@given(
    drawn=calls.settings(wire=False),
    member=members,
    options=calls.call_options(wire=False).map(_plain),
)
def test_a_retry_repeats_what_was_published(transport, drawn, member, options):
    with application(drawn.conf, drawn.decorators, transport) as app:
        call = call_of(app.tasks, drawn.decorators, member)
        known = raw_settings.sending(drawn.conf, transport)
        if not call.registered:
            return
        try:
            first = resolve(known, call)
        except (TypeError, ValueError):
            return
        if isinstance(first, Refusal):
            return
        countdown = options.pop("countdown", None)
        ours = builtin.retry_call(
            call, first, countdown=180 if countdown is None else countdown, options=options
        )
        task = app.tasks[call.task]
        exchange, key = first.wire_exchange, first.wire_key or ""
        if first.delay is not None:
            exchange = "celery_delayed_delivery"
        task.push_request(
            id="one",
            called_directly=False,
            headers=dict(first.headers),
            delivery_info={
                "exchange": exchange,
                "routing_key": key,
                "priority": first.priority or 0,
                "redelivered": False,
            },
        )

        def act():
            try:
                task.retry(throw=False, countdown=countdown, **options)
            except Reject as rejected:
                raise rejected.reason from None

        try:
            agree(app, drawn, transport, [ours], act)
        finally:
            task.pop_request()
