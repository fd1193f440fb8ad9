"""Policies: which one counts for a queue or an exchange, as RabbitMQ decides it.

Of those that match the highest priority counts, one policy and one operator policy;
where they speak of the same key the operator's limits the other's.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.importers.declarations.objects import Policy, QueueFound

_LEAST = frozenset(
    {
        "message-ttl",
        "max-length",
        "max-length-bytes",
        "max-in-memory-length",
        "max-in-memory-bytes",
        "expires",
        "delivery-limit",
    }
)
_MIRRORS = (
    "ha-mode",
    "ha-params",
    "ha-sync-mode",
    "ha-promote-on-shutdown",
    "ha-promote-on-failure",
    "queue-master-locator",
)
_STREAMS = ("max-age", "stream-max-segment-size-bytes", "initial-cluster-size")
_IN_MEMORY = ("max-in-memory-length", "max-in-memory-bytes")
_REFUSED = {
    "classic": frozenset(
        (*_STREAMS, "delivery-limit", "dead-letter-strategy", *_IN_MEMORY, "target-group-size")
    ),
    "quorum": frozenset(("max-priority", "queue-mode", *_MIRRORS, *_STREAMS)),
    "stream": frozenset(
        (
            *("expires", "message-ttl", "dead-letter-exchange", "dead-letter-routing-key"),
            *("max-length", *_IN_MEMORY, "max-priority", "overflow", "queue-mode"),
            *("delivery-limit", *_MIRRORS, "dead-letter-strategy", "target-group-size"),
        )
    ),
}
"""A policy that says one of these passes over every queue of that type."""

_APPLIES = {
    "classic": ("all", "queues", "classic_queues"),
    "quorum": ("all", "queues", "quorum_queues"),
    "stream": ("all", "queues", "streams"),
    "exchange": ("all", "exchanges"),
}
_LONGEST = 400
_LONGEST_NAME = 255
_REPEATS = 2


class UnsureError(Exception):
    """A pattern is not tried: it may be read otherwise here, or take for ever."""


def counting(
    policies: Sequence[Policy], name: str, kind: str, operator: bool
) -> tuple[Policy | None, bool]:
    """Return the policy that counts for a name, and whether another has the same priority.

    `kind` is `exchange`, or the type of the queue. Raises UnsureError where a pattern
    that may decide it is not tried.
    """
    applies = _APPLIES.get(kind, ("all", "queues"))
    refused = _REFUSED.get(kind, frozenset())
    best: list[Policy] = []
    for policy in sorted(policies, key=lambda one: -one.priority):
        if policy.operator is not operator or policy.apply_to not in applies:
            continue
        if best and policy.priority < best[0].priority:
            break
        if refused.isdisjoint(policy.definition) and matches(policy.pattern, name):
            best.append(policy)
    return (best[0], len(best) > 1) if best else (None, False)


def merged(policy: Policy | None, operator: Policy | None) -> dict[str, Any]:
    """Return what a policy and an operator's policy do together."""
    found = dict(policy.definition) if policy else {}
    for key, value in (operator.definition if operator else {}).items():
        mine = found.get(key)
        if key not in found:
            found[key] = value
        elif key == "delivery-limit" and _number(mine) and _number(value) and min(mine, value) < 0:
            # Below zero there is none.
            found[key] = max(mine, value)
        elif key in _LEAST and _number(mine) and _number(value):
            found[key] = min(mine, value)
        elif key in ("overflow", "queue-version") or isinstance(value, bool):
            found[key] = value
    return found


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def type_of(queue: QueueFound) -> str:
    """Return the type of a queue: what the broker says, else its argument."""
    kind = queue.type or queue.arguments.get("x-queue-type")
    return kind if isinstance(kind, str) else "classic"


def matches(pattern: str, name: str) -> bool:
    """Whether a policy's pattern matches a name, anywhere in it and byte by byte.

    Raises UnsureError for a pattern that Python may read otherwise than Erlang, or that
    could be tried in too many ways, and for a name longer than names can be.
    """
    raw = name.encode("utf-8", "surrogatepass")
    if len(raw) > _LONGEST_NAME:
        raise UnsureError
    return _compiled(pattern).search(raw) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[bytes]:
    if len(pattern) > _LONGEST or not _tame(pattern):
        raise UnsureError
    try:
        with warnings.catch_warnings():
            # What Python warns of, it may read otherwise one day.
            warnings.simplefilter("error")
            return re.compile(pattern.encode("utf-8", "surrogatepass"))
    except (re.error, Warning, RecursionError, OverflowError, MemoryError):
        raise UnsureError from None


_PARTS = re.compile(
    r"\\(?P<escape>.)"
    r"|\[\^?\]?(?:\\.|[^\]\\])*\]"
    r"|(?P<group>\((?:\?(?:[:!=]|<[!=])?)?)"
    r"|(?P<close>\))(?P<again>[*+?{])?"
    r"|(?P<repeat>[*+?]|\{[0-9]+(?:,[0-9]*)?\})(?P<twice>[*+?{])?"
    r"|(?P<brace>\{)"
    r"|[^\\\[]",
    re.DOTALL,
)
_KNOWN_ESCAPES = frozenset("dDwWsSbBnrtf")


def _tame(pattern: str) -> bool:
    """Whether a pattern says the same to Python and Erlang, and cannot be tried for ever.

    Few repetitions, of single characters alone: at worst the square of a name's length.
    """
    repeats = at = 0
    while at < len(pattern):
        part = _PARTS.match(pattern, at)
        if part is None:
            return False
        at = part.end()
        escape, group = part["escape"], part["group"]
        if escape is not None and (escape.isalnum() or not escape.isascii()):
            if escape not in _KNOWN_ESCAPES:
                return False
        elif (
            part["again"] or part["twice"] or part["brace"] or (group is not None and group == "(?")
        ):
            return False
        elif part["repeat"]:
            repeats += 1
    return repeats <= _REPEATS
