"""Hypothesis strategies: raw Celery settings of every form, registered tasks, and calls.

Small pools of names, so that they meet: a route names a queue that is there, or
nearly; a pattern and a name match the same task.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from hypothesis import strategies as st
from kombu import Exchange, Queue, binding
from kombu.common import Broadcast

TASKS = ("p.a", "p.b", "q.a", "x")
QUEUES = ("a", "b", "c", "celery", "main")
EXCHANGES = ("celery", "a", "tx", "ty", "fan")
KEYS = ("k", "k.one", "a", "feed.#", "0.1.k")
TYPES = ("direct", "topic", "fanout")
FATAL = ("expires", "countdown", "task_id", "args", "retries", "ignore_result", "errbacks", "chord")

_NAMES = st.sampled_from((*QUEUES, "nope"))
_MODES = st.sampled_from([None, 0, 1, 2, "persistent", "transient"])


class Settings(NamedTuple):
    """One application: what it is configured with, and the tasks registered in it."""

    conf: dict[str, Any]
    decorators: dict[str, dict[str, Any]]


class Answer:
    """A router function that always answers the same, with a new table each time."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __call__(self, name, args, kwargs, options, task=None):
        return dict(self.answer) if isinstance(self.answer, dict) else self.answer

    def __repr__(self) -> str:
        return f"Answer({self.answer!r})"


def some(chances: dict[str, tuple[int, st.SearchStrategy[Any]]]) -> st.SearchStrategy[Any]:
    """Return tables of some of the keys, each as often as its share of 100."""

    @st.composite
    def draw_some(draw: Any) -> dict[str, Any]:
        dice = {key: draw(st.integers(0, 99)) for key in chances}
        return {key: draw(of) for key, (chance, of) in chances.items() if dice[key] < chance}

    return draw_some()


def _options(*, wire: bool) -> dict[str, tuple[int, st.SearchStrategy[Any]]]:
    """Return the options that say where a message goes; `wire` adds what AMQP refuses."""
    priorities = [None, 0, 3, 9, 255] + ([256, -1, 2.5, "9"] if wire else [])
    modes = st.one_of(_MODES, st.sampled_from(["bogus", 300])) if wire else _MODES
    keys = st.sampled_from((*KEYS, "", None, "ü" * 200) if wire else (*KEYS, "", None))
    return {
        "queue": (50, st.one_of(_NAMES, st.sampled_from(["", None]))),
        "exchange": (25, st.sampled_from((*EXCHANGES, "", None))),
        "exchange_type": (15, st.sampled_from((*TYPES, None))),
        "routing_key": (35, keys),
        "priority": (30, st.sampled_from(priorities)),
        "delivery_mode": (20, modes),
        "headers": (
            15,
            st.sampled_from([{}, {"k": "v"}, {"n": 1, "t": True, "d": {"deep": [1, None]}}]),
        ),
    }


_RARE: dict[str, tuple[int, st.SearchStrategy[Any]]] = {
    "foo": (4, st.sampled_from(["bar", None])),
    "stamped_headers": (4, st.sampled_from([["foo"], ["foo", "foo"], [], None, ["queue"]])),
    "body": (1, st.just("b")),
    "application_headers": (1, st.just({})),
}


def route_options(*, wire: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """Return what a route may say, what breaks it included."""
    fatal = {key: (1, st.sampled_from([1, None])) for key in FATAL}
    return some({**_options(wire=wire), **_RARE, **fatal})


@st.composite
def routers(draw: Any, *, wire: bool = True) -> Any:
    """Draw one router: a table, a list of pairs, a function."""
    options = route_options(wire=wire)
    if draw(st.integers(0, 9)) == 0:
        answers = st.one_of(options, st.none(), _NAMES, st.just({}))
        return Answer(draw(answers))
    patterns = ["p.*", "*", "?.*", "p.[ab]*", "*.a", "q*", "p.?", "P.*", "x"]
    keys = st.sampled_from([*TASKS, *patterns, re.compile("p"), re.compile(r"[pq]\.A", re.I)])
    values = st.one_of(
        options,
        options,
        options,
        _NAMES,
        st.sampled_from(["", None, ("queue", "a"), [("queue", "b"), ("priority", 1)], 5, {}]),
    )
    pairs = draw(st.lists(st.tuples(keys, values), max_size=5))
    return dict(pairs) if draw(st.booleans()) else pairs


@st.composite
def queues(draw: Any, *, types: tuple[str, ...] = TYPES) -> Any:
    """Draw `task_queues` in one of its forms."""
    kinds = {name: draw(st.sampled_from(types)) for name in EXCHANGES}
    names = draw(st.lists(st.sampled_from(QUEUES), min_size=1, max_size=4))
    form = draw(st.sampled_from(["list", "list", "dict of tables", "dict of queues"]))
    if form == "dict of tables":
        return {name: _table(draw, kinds) for name in names}
    made = [_queue(draw, name, kinds) for name in names]
    if form == "dict of queues":
        return {f"key {index}": one for index, one in enumerate(made)}
    return made


def _table(draw: Any, kinds: dict[str, str]) -> dict[str, Any]:
    table = draw(
        some(
            {
                "exchange": (60, st.sampled_from(EXCHANGES)),
                "routing_key": (50, st.sampled_from([*KEYS, ""])),
                "binding_key": (20, st.sampled_from(KEYS)),
                "delivery_mode": (20, _MODES),
                "queue_arguments": (20, st.just({"x-queue-type": "quorum"})),
                "unknown": (5, st.just(1)),
            }
        )
    )
    if "exchange" in table:
        table["exchange_type"] = kinds[table["exchange"]]
    return table


def _queue(draw: Any, name: str, kinds: dict[str, str]) -> Queue:
    exchange = draw(st.sampled_from(EXCHANGES))
    mode = draw(st.one_of(st.none(), _MODES))
    kind = draw(st.sampled_from(["plain", "bare", "bare", "broadcast", "bindings", "anonymous"]))
    key = draw(st.sampled_from([*KEYS, ""]))
    quorum = draw(st.integers(0, 9)) < 3
    options: dict[str, Any] = {"alias": draw(st.sampled_from([None, None, None, "also", "b"]))}
    if quorum:
        options["queue_arguments"] = {"x-queue-type": "quorum"}
    own = Exchange(exchange, kinds[exchange], delivery_mode=mode)
    if kind == "broadcast":
        return Broadcast(name)
    if kind == "bindings":
        return Queue(name, [binding(own, routing_key=key)], **options)
    if kind == "bare":
        return Queue(name, routing_key=key, **options)
    if kind == "anonymous":
        return Queue(name, Exchange(""), routing_key=key, **options)
    return Queue(name, own, routing_key=key, **options)


@st.composite
def settings(draw: Any, *, wire: bool = True) -> Settings:
    """Draw an application's settings and tasks."""
    own = {key: of for key, of in _options(wire=wire).items() if key != "headers"}
    rare = {"expires": (5, st.just(60)), "serializer": (5, st.just("json"))}
    limits = {"time_limit": (8, st.sampled_from([5, 50])), "soft_time_limit": (8, st.just(10))}
    annotation = st.dictionaries(
        st.sampled_from([*TASKS, "*"]),
        some({**own, **limits}),
        max_size=2,
    )
    conf = draw(
        some(
            {
                "task_queues": (75, queues()),
                "task_routes": (75, _routes(wire)),
                "task_default_queue": (25, st.sampled_from(["main", "a", "elsewhere"])),
                "task_default_exchange": (15, st.sampled_from(EXCHANGES)),
                "task_default_exchange_type": (35, st.sampled_from(TYPES)),
                "task_default_routing_key": (20, st.sampled_from(KEYS)),
                "task_default_delivery_mode": (20, _MODES),
                "task_default_priority": (20, st.sampled_from([0, 5, 7])),
                "task_create_missing_queues": (50, st.booleans()),
                "task_create_missing_queue_type": (
                    15,
                    st.sampled_from(["classic", "quorum", "bogus"]),
                ),
                "task_create_missing_queue_exchange_type": (20, st.sampled_from(TYPES)),
                "task_default_queue_type": (15, st.sampled_from(["quorum", "classic", "bogus"])),
                "task_queue_max_priority": (10, st.just(10)),
                "task_annotations": (
                    40,
                    st.one_of(annotation, st.lists(annotation, max_size=3)),
                ),
                "task_inherit_parent_priority": (25, st.booleans()),
                "task_soft_time_limit": (5, st.just(20)),
                "task_time_limit": (5, st.just(15)),
            }
        )
    )
    decorators = draw(
        st.dictionaries(st.sampled_from(TASKS), some({**own, **limits, **rare}), max_size=3)
    )
    return Settings(conf, decorators)


def _routes(wire: bool) -> st.SearchStrategy[Any]:
    several = st.lists(routers(wire=wire), max_size=3)
    one = routers(wire=wire).filter(lambda router: not isinstance(router, list))
    return st.one_of(one, one, several, several, several.map(tuple))


def call_options(*, wire: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """Draw what a caller may say."""
    delays: list[Any] = [None, 0, 0.5, 1, 5.7, -3, 2**28 - 1, 2**28, 2**29 + 7, -(2**31) - 1]
    more = {
        "countdown": (20, st.sampled_from([*delays, 10**13, float("inf")])),
        "expires": (6, st.sampled_from([None, 0, 5, -5, 10**13, "2031-01-01T00:00:00"])),
        "route_name": (5, st.sampled_from(TASKS)),
        "ignore_result": (5, st.booleans()),
        "name": (1, st.just("x")),
        "callbacks": (1, st.just([])),
        "shadow": (2, st.just("s")),
        "root_id": (4, st.just("r")),
        "parent_id": (4, st.just("p")),
    }
    return some({**_options(wire=wire), **_RARE, **more})


@st.composite
def calls(draw: Any, *, wire: bool = True) -> tuple[str, dict[str, Any], str, int | None]:
    """Draw a call: the task, the options, the method, and its parent's priority."""
    return (
        draw(st.sampled_from((*TASKS, *TASKS, "celery.backend_cleanup"))),
        draw(st.one_of(call_options(wire=wire), st.just({}))),
        draw(st.sampled_from(["send_task", "apply_async"])),
        draw(st.sampled_from([None, None, None, 6])),
    )
