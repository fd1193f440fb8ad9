"""Raw Celery settings read without Celery: what `qtopo.routing` is told of any application.

The rules are those of `celery.app.routes` and `celery.app.amqp`, written down a
second time on purpose: tests hold them against the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from typing import Any

from kombu import Queue
from kombu.common import Broadcast

from qtopo.routing.sending import QueueFacts, RouteValue, Sending
from qtopo.topology.patterns import Patterns


class MapRoute:
    """A router written as a table, or as a list of pairs."""

    def __init__(self, pairs: Any) -> None:
        self._exact: dict[Any, Any] = {}
        self._values: list[Any] = []
        self._order: Patterns[int] = Patterns()
        places: dict[tuple[str, int], int] = {}
        for key, value in pairs.items() if isinstance(pairs, Mapping) else pairs:
            if not isinstance(key, re.Pattern) and "*" not in key:
                self._exact[key] = value
                continue
            pattern = key if isinstance(key, re.Pattern) else re.compile(translate(key))
            place = places.setdefault((pattern.pattern, pattern.flags), len(self._values))
            if place < len(self._values):
                # Pattern objects that are equal share their place; the last value counts.
                self._values[place] = value
            else:
                self._values.append(value)
                self._order.add_regex(pattern, place)

    def find(self, name: str) -> RouteValue | None:
        if name in self._exact:
            return _value(self._exact[name])
        place = self._order.find(name)
        return None if place is None else _value(self._values[place])


class Constant:
    """A router function that answers every task alike."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def find(self, name: str) -> RouteValue | None:
        answer = self._answer
        if isinstance(answer, str):
            # A text is the queue's name; an empty one answers nothing.
            return RouteValue({"queue": answer} if answer else {})
        return None if answer is None else RouteValue(answer)


def _value(value: Any) -> RouteValue:
    try:
        return RouteValue(dict(value))
    except ValueError:
        return RouteValue({"queue": value})


def routers(routes: Any) -> tuple[Any, ...]:
    """Return the routers of `task_routes`; raises what Celery raises at the first publish."""
    if routes is None:
        return ()
    listed = routes if isinstance(routes, (list, tuple)) else (routes,)
    return tuple(
        MapRoute(one) if isinstance(one, (Mapping, list, tuple)) else Constant(one.answer)
        for one in listed
    )


def sending(conf: Mapping[str, Any], driver: str) -> Sending:
    """Return what a process with these settings knows; its `Queue` objects are only read."""
    default = conf.get("task_default_queue", "celery")
    kind = conf.get("task_default_exchange_type", "direct")
    exchange = conf.get("task_default_exchange") or default
    key = conf.get("task_default_routing_key") or default
    queues: dict[str, QueueFacts] = {}
    aliases: dict[str, QueueFacts] = {}
    declared = list(_queues(conf.get("task_queues"), default, conf))
    for queue in declared:
        own = queue.exchange if queue.exchange and queue.exchange.name else None
        facts = QueueFacts(
            queue.name,
            own.name if own else exchange,
            own.type if own else kind,
            queue.routing_key or key,
            own.delivery_mode if own else None,
            (queue.queue_arguments or {}).get("x-queue-type") == "quorum",
            isinstance(queue, Broadcast),
        )
        queues[queue.name] = facts
        if queue.alias:
            aliases[queue.alias] = facts
    annotations = conf.get("task_annotations") or ()
    return Sending(
        queues=queues,
        aliases=aliases,
        routers=routers(conf.get("task_routes")),
        default_queue=default,
        default_exchange=exchange,
        default_exchange_type=kind,
        default_routing_key=key,
        default_delivery_mode=conf.get("task_default_delivery_mode", 2),
        defaults={
            key: conf[name]
            for key, name in (
                ("priority", "task_default_priority"),
                ("time_limit", "task_time_limit"),
                ("soft_time_limit", "task_soft_time_limit"),
            )
            if conf.get(name) is not None
        },
        create_missing=conf.get("task_create_missing_queues", True),
        missing_exchange_type=conf.get("task_create_missing_queue_exchange_type"),
        missing_queue_type=conf.get("task_create_missing_queue_type", "classic"),
        annotations=tuple(annotations)
        if isinstance(annotations, (list, tuple))
        else (annotations,),
        inherit_parent_priority=conf.get("task_inherit_parent_priority", False),
        always_eager=conf.get("task_always_eager", False),
        driver=driver,
    )


def _queues(queues: Any, default: str, conf: Mapping[str, Any]) -> Iterable[Queue]:
    if not queues:
        quorum = conf.get("task_default_queue_type") == "quorum"
        return [Queue(default, queue_arguments={"x-queue-type": "quorum"} if quorum else None)]
    if isinstance(queues, Mapping):
        return [
            one if isinstance(one, Queue) else Queue.from_dict(name, **_with_key(name, one))
            for name, one in queues.items()
        ]
    # The last of several with one name counts; the others are never looked at.
    return {one.name: one for one in queues}.values()


def _with_key(name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a queue's table with its key: an empty one is filled later, with the default."""
    key = table.get("routing_key", table.get("binding_key"))
    return {**table, "routing_key": name if key is None else key}
