"""A task's options before routing: decorator, annotations and call, the call strongest.

This is `Task.apply_async` and the beginning of `Celery.send_task`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.routing.call import ANNOTATION, CALL, DECORATOR, SETTING, Lost, Refusal, Taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qtopo.routing.call import Call
    from qtopo.routing.sending import Sending
    from qtopo.topology.finding import Path

OWN = (
    "queue",
    "routing_key",
    "exchange",
    "priority",
    "expires",
    "serializer",
    "delivery_mode",
    "compression",
    "time_limit",
    "soft_time_limit",
    "immediate",
    "mandatory",
)
"""The attributes of a task that become options of its messages (`extract_exec_options`)."""

NAMED = frozenset(
    {
        "add_to_parent",
        "args",
        "chain",
        "chord",
        "connection",
        "countdown",
        "eta",
        "expires",
        "group_id",
        "group_index",
        "ignore_result",
        "kwargs",
        "link",
        "link_error",
        "parent_id",
        "producer",
        "publisher",
        "replaced_task_nesting",
        "reply_to",
        "result_cls",
        "retries",
        "root_id",
        "route_name",
        "router",
        "shadow",
        "soft_time_limit",
        "task_id",
        "task_type",
        "time_limit",
    }
)
"""Parameters of `send_task`: from a call they never meet the route's options."""

_TWICE = {"send_task": {"name", "self"}, "apply_async": {"name", "result_cls", "self", "task_type"}}
"""What a call cannot give, since Celery gives it itself."""

WHOSE = {
    CALL: "the call's",
    ANNOTATION: "the annotation's",
    DECORATOR: "the decorator's",
    SETTING: "the setting's",
}


class Sourced(NamedTuple):
    """A value and where it came from."""

    value: Any
    source: str
    path: Path | None = None


class RefusedError(Exception):
    """Celery would raise here; `error` is its exception's name."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


class Way:
    """What is found out on the way: what counted, what was lost."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.lost: list[Lost] = []

    def lose(self, key: str, one: Sourced, why: str) -> None:
        """Note a value that does not count."""
        self.lost.append(Lost(key, one.value, one.source, why, one.path))

    def beat(self, key: str, weaker: Sourced, stronger: Sourced) -> None:
        """Note a value that a stronger one replaced, where they differ."""
        if weaker.value != stronger.value:
            whose = WHOSE.get(stronger.source, f"the {stronger.source}'s")
            self.lose(key, weaker, f"{whose} {key} is stronger")

    def refusal(self, refused: RefusedError) -> Refusal:
        """Return the end of the way where Celery raises."""
        return Refusal(refused.error, str(refused), tuple(self.taken), tuple(self.lost))


def options(sending: Sending, call: Call, way: Way) -> dict[str, Sourced]:
    """Return the options that meet the route: those of the task under those of the call.

    Values of None are kept where Celery keeps them: they count for nothing, but
    Celery looks whether the key is there.
    """
    merged: dict[str, Sourced] = {}
    if call.method == "send_task":
        _check_twice(call)
    if call.registered:
        own = attributes(sending, call, way)
        if call.method == "apply_async":
            _check_limits(own)
            _check_twice(call)
            merged = {key: own.get(key, Sourced(None, DECORATOR)) for key in OWN}
        else:
            merged = {key: one for key, one in own.items() if key in OWN and one.value is not None}
    elif call.method == "apply_async":
        raise RefusedError(
            "NotRegistered", f"task {call.task!r} is not registered in the process that sends"
        )
    else:
        for key, value in call.decorator.items():
            way.lose(
                key,
                Sourced(value, DECORATOR),
                "the task is not registered in the process that sends",
            )
    for key, value in call.options.items():
        said = Sourced(value, CALL)
        before = merged.get(key)
        if before is not None and before.value is not None:
            if value is None:
                whose = WHOSE[before.source].removesuffix("'s")
                way.lose(key, before, f"the call says None, which takes back what {whose} says")
            else:
                way.beat(key, before, said)
        merged[key] = said
    return merged


def annotated(sending: Sending, call: Call) -> Iterator[tuple[str, Any, Path | None]]:
    """Yield what annotations set on a task, in order: `*` comes after the task's name.

    Of several annotations the first that has an answer counts, for each of the two.
    """
    for name in (call.task, "*"):
        for one in sending.annotations:
            if name in one:
                # Only `[settings]` has a path: facts of `[tasks]` do not route.
                for key, value in _table(one[name], name).items():
                    if not key.startswith("@"):
                        yield key, value, ("settings", "task_annotations", name)
                break
    for key, value in call.annotation.items():
        yield key, value, None


def attributes(sending: Sending, call: Call, way: Way) -> dict[str, Sourced]:
    """Return a registered task's attributes: decorator, settings that fill, annotations."""
    own: dict[str, Sourced] = {}
    for key, value in call.decorator.items():
        own[key] = Sourced(value, DECORATOR)
    _fill(sending, own, way)
    for key, value, path in annotated(sending, call):
        said = Sourced(value, ANNOTATION, path)
        if key in own and own[key].value is not None:
            way.beat(key, own[key], said)
        own[key] = said
    # Celery binds a task twice: what an annotation empties is filled again.
    _fill(sending, own, None)
    if "exchange_type" in own and own["exchange_type"].value is not None:
        way.lose("exchange_type", own["exchange_type"], "Celery reads no exchange_type from a task")
    return own


def _fill(sending: Sending, own: dict[str, Sourced], way: Way | None) -> None:
    """Put what the settings say where the task says nothing."""
    for key, value in sending.defaults.items():
        setting = "task_default_priority" if key == "priority" else f"task_{key}"
        filled = Sourced(value, SETTING, ("settings", setting))
        if key not in own or own[key].value is None:
            own[key] = filled
        elif way is not None:
            way.beat(key, filled, own[key])


def _table(value: Any, name: str) -> dict[str, Any]:
    try:
        return dict(value)
    except (TypeError, ValueError) as error:
        raise RefusedError(
            type(error).__name__, f"the annotation of {name!r} is no table: {error}"
        ) from None


def _check_twice(call: Call) -> None:
    twice = _TWICE.get(call.method, set()) & call.options.keys()
    if twice:
        names = ", ".join(sorted(twice))
        raise RefusedError("TypeError", f"Celery itself gives {names}: the call cannot")


def _check_limits(own: Mapping[str, Sourced]) -> None:
    """Raise as `apply_async` does; `send_task` does not look."""
    soft, hard = (own.get(key) for key in ("soft_time_limit", "time_limit"))
    if not (soft and hard and soft.value and hard.value):
        return
    try:
        if soft.value > hard.value:
            raise RefusedError("ValueError", "soft_time_limit is greater than time_limit")
    except TypeError as error:
        raise RefusedError("TypeError", f"time limits are numbers: {error}") from None
