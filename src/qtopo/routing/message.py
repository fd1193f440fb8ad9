"""What is refused once it is clear where a message goes: by Celery, kombu and py-amqp."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

from qtopo.routing.options import RefusedError, Sourced
from qtopo.routing.sending import QueueFacts
from qtopo.topology.common import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterable

TEXT_LIMIT = 255
"""AMQP's short strings: names and keys, in bytes of UTF-8."""

OCTET = 255

BUILDER = frozenset(
    {
        "args",
        "callbacks",
        "chain",
        "chord",
        "countdown",
        "create_sent_event",
        "errbacks",
        "eta",
        "expires",
        "group_id",
        "group_index",
        "ignore_result",
        "kwargs",
        "name",
        "parent_id",
        "replaced_task_nesting",
        "reply_to",
        "retries",
        "root_id",
        "self",
        "shadow",
        "soft_time_limit",
        "task_id",
        "time_limit",
    }
)
"""Parameters of Celery's message builder: an option of that name is given twice."""

_MODES = {"transient": 1, "persistent": 2}
_LOWEST_SECONDS = -2147483648
_UNTIL_YEAR_10000 = 253402300800
"""Seconds from 1970 to the year that Python's datetime does not know."""


def check_builder(merged: Mapping[str, Sourced]) -> None:
    """Raise where an option has the name of a parameter that Celery fills itself."""
    for key, one in merged.items():
        if key in BUILDER:
            raise RefusedError(
                "TypeError", f"a {one.source} cannot give {key!r}: Celery gives it itself"
            )


def expiry(value: Any) -> None:
    """Raise where `expires` is no time: Celery makes seconds of it before anything else."""
    if isinstance(value, str):
        try:
            datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError as error:
            raise RefusedError("ValueError", f"expires is no time: {error}") from None
    elif value is not None and not isinstance(value, (Real, datetime)):
        raise RefusedError("TypeError", f"expires is neither seconds nor a time: {value!r}")


def check_times(named: Mapping[str, Any]) -> None:
    """Raise where a countdown or an expiry is beyond what Celery counts."""
    for key in ("countdown", "expires"):
        value = named.get(key)
        if not value or (isinstance(value, (str, datetime)) and key == "expires"):
            continue
        if not isinstance(value, (int, float)):
            raise RefusedError("TypeError", f"{key} is no number: {value!r}")
        if value < _LOWEST_SECONDS or value != value:
            raise RefusedError("ValueError", f"{key} is out of range: {value!r}")
        if value > _UNTIL_YEAR_10000:
            raise RefusedError("OverflowError", f"{key} {value!r} is beyond the year 9999")


def stamps(merged: dict[str, Sourced]) -> dict[str, Any]:
    """Take out the stamps that `stamped_headers` names and return them, as Celery does."""
    named = merged.get("stamped_headers")
    if named is None:
        return {}
    try:
        names = list(named.value or ())
        missing = [name for name in names if name not in merged]
    except TypeError as error:
        raise RefusedError("TypeError", f"stamped_headers is a list of names: {error}") from None
    if missing:
        raise RefusedError("KeyError", f"stamped_headers names {missing[0]!r}, which is not given")
    del merged["stamped_headers"]
    if named.value is None:
        raise RefusedError("TypeError", "stamped_headers is None")
    taken: dict[str, Any] = {}
    for name in names:
        if name not in merged:
            raise RefusedError("KeyError", f"stamped_headers names {name!r} twice")
        taken[name] = merged.pop(name).value
    return taken


def check_free(merged: Mapping[str, Sourced], *names: str) -> None:
    """Raise where an option has one of the names that the step gives itself."""
    for name in names:
        if name in merged:
            raise RefusedError("TypeError", f"{name!r} cannot be an option: it is given twice")


def header_table(said: Any) -> Mapping[str, Any]:
    """Return the headers that are given; raises where they are no table."""
    if not said:
        return EMPTY
    try:
        return dict(said)
    except (TypeError, ValueError) as error:
        raise RefusedError(type(error).__name__, f"headers are a table: {error}") from None


def delivery_mode(said: Any) -> int:
    """Return the delivery mode as kombu writes it: names have numbers, nothing is persistent."""
    if not said:
        return 2
    if isinstance(said, int):
        return int(said)
    try:
        return _MODES[said]
    except (KeyError, TypeError) as error:
        raise RefusedError(
            type(error).__name__, f"delivery_mode {said!r} is neither persistent nor transient"
        ) from None


def check_declared(queues: Iterable[QueueFacts]) -> None:
    """Raise where kombu cannot declare a queue that Celery made from a name that is no text."""
    for queue in queues:
        if queue.exchange and not isinstance(queue.exchange, str):
            raise RefusedError("AttributeError", f"a queue cannot be called {queue.name!r}")


def check_wire(
    names: Iterable[Any],
    declares: Iterable[QueueFacts],
    priority: Any,
    mode: int,
    headers: Mapping[str, Any],
) -> None:
    """Raise where py-amqp cannot write it: names of 256 bytes, a priority of no octet."""
    for queue in declares:
        for name in (queue.exchange, queue.name, queue.routing_key):
            _check_text(name)
    for name in names:
        _check_text(name)
    _check_table(headers)
    if not 0 <= mode <= OCTET:
        raise RefusedError("struct.error", f"delivery_mode {mode!r} is not a number from 0 to 255")
    if priority is not None and not (isinstance(priority, int) and 0 <= priority <= OCTET):
        raise RefusedError("struct.error", f"priority {priority!r} is not a number from 0 to 255")


def _check_text(text: Any) -> None:
    if not text:
        return
    if not isinstance(text, (str, bytes)):
        raise RefusedError("TypeError", f"{text!r} is not text")
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > TEXT_LIMIT:
        raise RefusedError(
            "struct.error", f"{text[:40]!r}... has {len(raw)} bytes: AMQP takes {TEXT_LIMIT}"
        )


def _check_table(value: Any) -> None:
    """Raise where a header is nothing that an AMQP table holds."""
    if isinstance(value, QueueFacts):
        raise RefusedError("FrameSyntaxError", "a stamp named 'queue' takes the queue for itself")
    if isinstance(value, Mapping):
        for key, one in value.items():
            _check_text(key)
            _check_table(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            _check_table(one)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise RefusedError("struct.error", f"header {value!r} does not fit 64 bits")
    elif value is not None and not isinstance(
        value, (str, bytes, bool, int, float, Decimal, datetime)
    ):
        raise RefusedError("FrameSyntaxError", f"a header cannot be {value!r}")
