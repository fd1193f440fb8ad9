"""Celery's routing of one call, key by key: `send_task`, its router, its message sender.

Each step says what it took and what lost. Measured on Celery 5.7 and kombu 5.7;
random settings and calls hold it against them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.routing.call import CELERY, QUEUE, ROUTE, SETTING, Resolved, Taken
from qtopo.routing.delayed import delay_of
from qtopo.routing.message import (
    check_builder,
    check_declared,
    check_free,
    check_times,
    check_wire,
    delivery_mode,
    expiry,
    header_table,
    stamps,
)
from qtopo.routing.options import NAMED, RefusedError, Sourced, Way, options
from qtopo.routing.queues import Queues
from qtopo.routing.sending import AMQP, MADE_UP_NAME, QueueFacts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from qtopo.routing.call import Call, Delay, Refusal
    from qtopo.routing.sending import Sending

Options = dict[str, Sourced]

_NOTHING = Sourced(None, CELERY)


def resolve(sending: Sending, call: Call, *, now: datetime | None = None) -> Resolved | Refusal:
    """Return what Celery makes of a call, or what it raises instead of sending.

    `now` is what an `eta` is measured from; without it the clock's time.
    """
    way = Way()
    try:
        return _resolve(sending, call, way, now)
    except RefusedError as refused:
        return way.refusal(refused)


def message_headers(call: Call, resolved: Resolved) -> dict[str, Any]:
    """Return the headers a headers exchange sees: Celery's own that are known, then the given."""
    own = {"lang": "py", "task": call.task, "retries": call.options.get("retries", 0)}
    return {**own, **resolved.headers}


def routed(sending: Sending, name: str) -> str:
    """Return the queue a name is routed to, as Celery asks for it when a chord begins.

    Raises `RefusedError` where its route names none.
    """
    found = _route(sending, Queues(sending), Way(), {}, name).get("queue")
    if found is None:
        raise RefusedError("KeyError", f"the route of {name!r} names no queue")
    queue: str = found.value.name
    return queue


def _resolve(sending: Sending, call: Call, way: Way, now: datetime | None) -> Resolved:
    said = options(sending, call, way)
    if sending.always_eager and call.method == "apply_async":
        raise RefusedError("", "task_always_eager runs it in the process that calls: nothing sent")
    # These are parameters of `send_task`: no route comes near them.
    named = {key: one.value for key, one in said.items() if key in NAMED}
    given = {key: one for key, one in said.items() if key not in NAMED}
    queues = Queues(sending)
    merged = _route(sending, queues, way, given, named.get("route_name") or call.task)
    delay = delay_of(named, merged, queues, way, now)
    expiry(named.get("expires"))
    _inherit(sending, call, named, merged)
    check_builder(merged)
    check_times(named)
    stamped = stamps(merged)
    check_free(merged, "message", "producer")
    return _Sender(sending, queues, way, merged, delay).send(stamped)


def _expand(queues: Queues, values: Options) -> Options:
    """Put the queue in place of its name; an empty name is no queue."""
    expanded = dict(values)
    named = expanded.pop("queue", _NOTHING)
    if not named.value:
        return expanded
    try:
        found = queues.find(named.value)
    except KeyError:
        raise RefusedError(
            "QueueNotFound", f"queue {named.value!r} is not in task_queues"
        ) from None
    except TypeError as error:
        raise RefusedError("TypeError", f"a queue's name is text: {error}") from None
    expanded["queue"] = named._replace(value=found)
    return expanded


def _route(sending: Sending, queues: Queues, way: Way, given: Options, name: str) -> Options:
    """Return the options with the route, or the default queue, under them."""
    stronger = _expand(queues, given)
    for router in sending.routers:
        route = router.find(name)
        if route is None:
            continue
        if not route.options:
            break
        values = {key: Sourced(one, ROUTE, route.path) for key, one in route.options.items()}
        return _overlay(way, _expand(queues, values), stronger)
    if "queue" in stronger:
        return stronger
    default = Sourced(sending.default_queue, SETTING, sending.default_path)
    return _overlay(way, _expand(queues, {"queue": default}), stronger)


def _overlay(way: Way, base: Options, stronger: Options) -> Options:
    merged = dict(base)
    for key, one in stronger.items():
        if one.value is None:
            continue
        before = merged.get(key)
        if before is not None and before.value is not None:
            way.beat(key, _plain(before), _plain(one))
        merged[key] = one
    return merged


def _plain(one: Sourced) -> Sourced:
    return one._replace(value=one.value.name) if isinstance(one.value, QueueFacts) else one


def _inherit(sending: Sending, call: Call, named: Mapping[str, Any], merged: Options) -> None:
    inside = call.parent_priority is not None
    known = named.get("root_id") and named.get("parent_id")
    if sending.inherit_parent_priority and inside and not known:
        setting = ("settings", "task_inherit_parent_priority")
        merged.setdefault("priority", Sourced(call.parent_priority, SETTING, setting))


class _Sender:
    """`amqp.send_task_message`: which exchange, which key."""

    def __init__(
        self,
        sending: Sending,
        queues: Queues,
        way: Way,
        merged: Options,
        delay: Delay | None,
    ) -> None:
        self.sending, self.way, self.merged, self.delay = sending, way, merged, delay
        self.ignored: set[str] = set()
        self.headers = header_table(self._value("headers"))
        self.queue: Sourced | None = None
        queue = merged.get("queue", _NOTHING)
        if queue.value is not None:
            self.queue = queue
        elif delay is None and self._value("exchange") is None:
            self.queue = self._default(queues)

    def _value(self, key: str) -> Any:
        return self.merged.get(key, _NOTHING).value

    def _default(self, queues: Queues) -> Sourced:
        name = self.sending.default_queue
        try:
            found = queues.find(name)
        except KeyError:
            raise RefusedError(
                "KeyError", f"the default queue {name!r} is not in task_queues"
            ) from None
        return Sourced(found, SETTING, self.sending.default_path)

    def send(self, stamped: Mapping[str, Any]) -> Resolved:
        """Return where it goes; raises where the client library refuses."""
        facts: QueueFacts | None = None if self.queue is None else self.queue.value
        # A delayed message leaves without its queue.
        leaving = None if self.delay is not None else facts
        exchange_type = self._exchange_type(facts)
        wire_exchange, wire_key = self._wire(leaving, exchange_type)
        exchange, key = self._meant(facts)
        check_free(self.merged, "body")
        mode = delivery_mode(self._mode(leaving))
        if self.sending.driver == AMQP:
            check_free(self.merged, "application_headers")
        declares: tuple[QueueFacts, ...] = ()
        if leaving is not None and not leaving.broadcast and self._value("declare") is None:
            declares = (leaving,)
        headers, priority = self.headers, self._value("priority")
        taken = {
            "queue": None if facts is None else facts.name,
            "exchange": exchange,
            "exchange_type": exchange_type,
            "routing_key": key,
            "priority": priority,
            "delivery_mode": mode,
            "headers": headers or None,
        }
        self._take(taken, leaving)
        check_declared(declares)
        if self.sending.driver == AMQP:
            table = {"stamps": stamped, **headers}
            check_wire((wire_exchange, wire_key), declares, priority, mode, table)
        return Resolved(
            queue=None if facts is None else facts.name,
            exchange=exchange,
            exchange_type=exchange_type,
            routing_key=key,
            wire_exchange=wire_exchange,
            wire_key=wire_key,
            priority=priority,
            delivery_mode=mode,
            headers=headers,
            declares=tuple(one.name for one in declares),
            delay=self.delay,
            taken=tuple(self.way.taken),
            lost=tuple(self.way.lost),
        )

    def _mode(self, leaving: QueueFacts | None) -> Any:
        said = self._value("delivery_mode")
        if said is not None:
            return said
        own = None if leaving is None else leaving.delivery_mode
        return own or self.sending.default_delivery_mode

    def _exchange_type(self, facts: QueueFacts | None) -> Any:
        said = self._value("exchange_type")
        if said is not None:
            return said
        return "direct" if facts is None else facts.exchange_type

    def _meant(self, facts: QueueFacts | None) -> tuple[str | None, str | None]:
        """Return the exchange and key that the message is meant for: those not ignored."""
        exchange, key = self._counting("exchange"), self._counting("routing_key")
        if facts is None:
            return exchange, key
        return (
            exchange or facts.exchange or self.sending.default_exchange,
            key or facts.routing_key or self.sending.default_routing_key,
        )

    def _counting(self, key: str) -> Any:
        return None if key in self.ignored else self._value(key)

    def _wire(
        self, leaving: QueueFacts | None, exchange_type: str | None
    ) -> tuple[str, str | None]:
        """Return the exchange and key that go out."""
        if self.delay is not None:
            self.ignored = {"exchange", "routing_key"}
            return self.delay.exchange, self.delay.routing_key
        exchange, key = self._value("exchange"), self._value("routing_key")
        if (not exchange or not key) and exchange_type == "direct":
            self._anonymous(leaving)
            if leaving is None:
                return "", None
            return "", MADE_UP_NAME if leaving.broadcast else leaving.name
        if exchange is None:
            if leaving is None:
                # Only where a stamp took the queue away that a default would have been.
                raise RefusedError("AttributeError", "there is no queue and no exchange")
            return (
                leaving.exchange or self.sending.default_exchange,
                key or leaving.routing_key or self.sending.default_routing_key,
            )
        if self.queue is not None and leaving is not None and exchange != leaving.exchange:
            self.way.lose(
                "queue",
                _plain(self.queue),
                f"the message goes to exchange {exchange!r}; the queue is only declared",
            )
        return exchange, key

    def _anonymous(self, leaving: QueueFacts | None) -> None:
        """Note what an exchange that counts as direct ignores."""
        self.ignored = {"exchange", "routing_key"}
        where = "nowhere" if leaving is None else f"to the queue {leaving.name!r} by its name"
        for key, other in (("exchange", "routing key"), ("routing_key", "exchange")):
            one = self.merged.get(key, _NOTHING)
            if one.value:
                why = f"no {other} goes with it and the exchange counts as direct: "
                self.way.lose(key, one, f"{why}the message goes {where}")

    def _take(self, values: dict[str, Any], leaving: QueueFacts | None) -> None:
        """Note what counted, and where it came from."""
        add = self.way.taken.append
        for name, value in values.items():
            if value is None:
                continue
            said = self.queue if name == "queue" else self.merged.get(name)
            if said is None or said.value is None or name in self.ignored:
                add(self._derived(name, value, leaving))
            else:
                add(Taken(name, value, said.source, said.path))
        for name, one in self.merged.items():
            if name not in values and one.value is not None:
                add(Taken(name, one.value, one.source, one.path))

    def _derived(self, name: str, value: Any, leaving: QueueFacts | None) -> Taken:
        """Return a value that no option gave: the queue's, a default's, or Celery's own."""
        if name == "delivery_mode" and (leaving is None or not leaving.delivery_mode):
            return Taken(name, value, SETTING)
        if self.queue is None:
            return Taken(name, value, CELERY)
        return Taken(name, value, QUEUE, self.queue.value.path)
