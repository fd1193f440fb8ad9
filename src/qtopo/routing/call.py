"""A call and what becomes of it: the words between Celery's algorithm and who asks.

The algorithm itself is `routing.resolve`; what the sending side knows is
`routing.sending`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.topology.common import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.topology.finding import Path

CALL = "call"
ANNOTATION = "annotation"
DECORATOR = "decorator"
ROUTE = "route"
QUEUE = "queue"
SETTING = "setting"
CELERY = "celery"
"""Where a value may come from, the strongest first.

`call` the options of the call, `annotation` Celery's `task_annotations`,
`decorator` the task's own options, `route` the route that decided, `queue` the
declared queue, `setting` a default among the settings (`task_default_queue`,
`task_default_priority`, ...), `celery` what Celery does by itself.
"""


class Call(NamedTuple):
    """How a task is sent, in Celery's own words.

    `options` are those of `apply_async` or `send_task` as the caller writes them
    (`queue`, `exchange`, `routing_key`, `priority` as it goes on the wire,
    `countdown` in seconds, `headers`, ...); `decorator` the options of the
    task's decorator or class; `annotation` what `task_annotations` gives the
    task. The last two count only where the task is `registered` in the process
    that sends. `method` is `send_task` or `apply_async` (`delay` is the latter
    without options), which needs the task registered. `parent_priority` is that of
    the message whose task makes the call, as on the wire (None: no task does, or
    it had none).
    """

    task: str
    options: Mapping[str, Any] = EMPTY
    decorator: Mapping[str, Any] = EMPTY
    annotation: Mapping[str, Any] = EMPTY
    registered: bool = False
    method: str = "send_task"
    parent_priority: int | None = None


class Taken(NamedTuple):
    """One value on the message's way, and where it came from.

    `key` is `queue`, `exchange`, `exchange_type`, `routing_key`, `priority`,
    `delivery_mode`, `headers`, ...; `source` one of the words above; `path` the
    key path in the file, where it has one.
    """

    key: str
    value: Any
    source: str
    path: Path | None = None


class Lost(NamedTuple):
    """One value that was there and did not count: `why` says what was stronger."""

    key: str
    value: Any
    source: str
    why: str
    path: Path | None = None


class Delay(NamedTuple):
    """RabbitMQ's native delayed delivery: the message's way until it is due.

    It goes to `exchange` with `routing_key`, waits there for `seconds`, and then
    comes out of `celery_delayed_delivery` with the key `arrives_with`.
    """

    seconds: int
    exchange: str
    routing_key: str
    arrives_with: str


class Resolved(NamedTuple):
    """What Celery makes of a call.

    `queue` is the queue's name (None: the message is sent to an exchange alone);
    `exchange`, `exchange_type`, `routing_key` what Celery resolves; `wire_exchange`
    and `wire_key` what goes out (`""` is the anonymous exchange; a key of None
    goes out as the empty one); `priority` as on the wire; `delivery_mode` 1
    (transient) or 2 (persistent); `declares` the queues the sender declares first;
    `delay` the detour of a countdown, None where it waits in a worker.
    """

    queue: str | None
    exchange: str | None
    exchange_type: str | None
    routing_key: str | None
    wire_exchange: str
    wire_key: str | None
    priority: int | None
    delivery_mode: int
    headers: Mapping[str, Any]
    declares: tuple[str, ...]
    delay: Delay | None
    taken: tuple[Taken, ...]
    lost: tuple[Lost, ...]


class Refusal(NamedTuple):
    """What Celery or the client library refuses to send: the exception's name and why.

    `error` is the class's name as the caller sees it (`QueueNotFound`,
    `TypeError`, `KeyError`, `ValueError`, `struct.error`, ...); it is empty where
    nothing is wrong but nothing is sent either (`task_always_eager`). `taken` and
    `lost` as far as it got.
    """

    error: str
    message: str
    taken: tuple[Taken, ...] = ()
    lost: tuple[Lost, ...] = ()
