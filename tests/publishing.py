"""Celery publishing for real, up to the wire: what reaches kombu's channel is kept.

`Wire` is py-amqp's own channel without a socket: it puts everything into the
bytes that would go out, so that what py-amqp refuses is refused. On the memory
transport the message really gets into the queues.
"""

from __future__ import annotations

import struct
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from amqp import spec
from amqp.serialization import dumps
from celery._state import _task_stack
from kombu import Connection, Producer
from kombu.transport import memory, pyamqp

from qtopo.routing.call import Call, Refusal, Resolved
from qtopo.routing.sending import MADE_UP_NAME

if TYPE_CHECKING:
    from celery import Celery


class Seen(NamedTuple):
    """What went out: `declared` are the queues that were declared on the way."""

    exchange: str
    routing_key: str
    priority: int
    delivery_mode: int
    headers: dict[str, Any]
    declared: tuple[str, ...]


class Wire(pyamqp.Channel):
    """A channel of py-amqp that goes nowhere."""

    def __init__(self, client: Connection) -> None:
        self.client = client
        self.connection = SimpleNamespace(
            client=client,
            client_properties={},
            transport=SimpleNamespace(having_timeout=lambda _timeout: _nothing()),
        )
        self.channel_id = 1
        self.published: list[Seen] = []
        self.declared: list[str] = []

    def send_method(self, sig, format=None, args=None, content=None, **_options):
        if format:
            dumps(format, args)
        if sig == spec.Queue.Declare:
            self.declared.append(args[1])
        if sig == spec.Basic.Publish:
            content._serialize_properties()
            self.published.append(_seen(args[1], args[2], content.properties))
        return

    def wait(self, method, callback=None, timeout=None, returns_tuple=False):
        return (self.declared[-1], 0, 0)

    def __del__(self):
        """Nothing was opened."""


@contextmanager
def _nothing():
    yield


def _seen(exchange, key, properties) -> Seen:
    return Seen(
        exchange,
        key or "",
        properties.get("priority") or 0,
        properties["delivery_mode"],
        dict(properties.get("application_headers") or {}),
        (),
    )


def producer(transport: str) -> tuple[Producer, Any]:
    """Return a producer on a channel that keeps what it publishes, in `published`."""
    if transport == "amqp":
        channel: Any = Wire(Connection("amqp://nowhere.invalid"))
    else:
        memory.Transport.global_state.clear()
        memory.Channel.queues.clear()
        channel = Connection("memory://").channel()
        keep(channel)
    return Producer(channel, auto_declare=False), channel


def keep(channel: Any) -> None:
    """Keep what a channel publishes and declares, and let it through."""
    channel.published, channel.declared = [], []
    publish, declare = channel.basic_publish, channel.queue_declare

    def basic_publish(message, exchange, routing_key, **options):
        if isinstance(message, dict):
            properties = {**message["properties"], "application_headers": message["headers"]}
        else:
            properties = message.properties
        seen = _seen(exchange, routing_key, properties)
        result = publish(message, exchange, routing_key, **options)
        channel.published.append(seen)
        return result

    def queue_declare(queue=None, **options):
        channel.declared.append(queue)
        return declare(queue, **options)

    channel.basic_publish, channel.queue_declare = basic_publish, queue_declare


def publish(app: Celery, sender: Producer, call: Call) -> Seen | str | None:
    """Let Celery make a call: what went out, the exception's name, or None where nothing did."""
    channel = sender.channel
    channel.published.clear()
    channel.declared.clear()
    sender.connection.declared_entities.clear()
    try:
        with _parent(app, call.parent_priority):
            if call.method == "send_task":
                app.send_task(call.task, producer=sender, **call.options)
            else:
                app.tasks[call.task].apply_async(producer=sender, **call.options)
    except Exception as error:  # the name of any of them is what is asked for
        return error_name(error)
    if not channel.published:
        return None
    (seen,) = channel.published
    return seen._replace(declared=tuple(channel.declared))


def error_name(error: BaseException) -> str:
    """Return the name that a `Refusal` gives an exception."""
    return "struct.error" if isinstance(error, struct.error) else type(error).__name__


def predicted(found: Resolved | Refusal) -> Seen | str:
    """Return what a prediction says of the wire."""
    if isinstance(found, Refusal):
        return found.error
    return Seen(
        found.wire_exchange,
        found.wire_key or "",
        found.priority or 0,
        found.delivery_mode,
        dict(found.headers),
        found.declares,
    )


def differs(seen: Seen | str | None, expected: Seen | str) -> str:
    """Return in what the two differ, or nothing; Celery's own headers are not predicted."""
    if isinstance(seen, Seen) and isinstance(expected, Seen):
        made_up = seen.exchange == "" and seen.routing_key.startswith("bcast.")
        if made_up and expected.routing_key == MADE_UP_NAME:
            seen = seen._replace(routing_key=MADE_UP_NAME)
        seen = seen._replace(headers={key: seen.headers.get(key) for key in expected.headers})
    return "" if seen == expected else f"Celery: {seen}\n  said: {expected}"


@contextmanager
def _parent(app: Celery, priority: int | None):
    """Make calls come from a task whose message had a priority."""
    if priority is None:
        yield
        return
    task = app.tasks["celery.accumulate"]
    task.push_request(
        called_directly=False, id="parent", root_id="root", delivery_info={"priority": priority}
    )
    _task_stack.push(task)
    try:
        yield
    finally:
        _task_stack.pop()
        task.pop_request()
