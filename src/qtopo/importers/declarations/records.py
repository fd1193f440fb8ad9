"""Records of JSON, of an export or the management API, as values; what is none is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.importers.declarations.keep import inline, names
from qtopo.importers.declarations.objects import (
    BindingFound,
    ExchangeFound,
    Objects,
    Policy,
    QueueFound,
)
from qtopo.importers.draft import WARNING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from qtopo.importers.draft import Draft

Record = dict[str, Any]


class UnreadableRecordError(Exception):
    """A record lacks what it needs, or has it of another type; the text names it."""


def objects_of(tables: Mapping[str, Any], where: str, draft: Draft, *, live: bool) -> Objects:
    """Return the objects of the lists `exchanges`, `queues`, `bindings` and policies.

    A record that cannot be read is kept as a comment, with a note; of two with the same
    name the first counts.
    """
    objects = Objects(where, live)
    reader = _Reader(where, draft)
    for exchange in reader.read(tables, "exchanges", _exchange):
        if not reader.twice(exchange.name in objects.exchanges, "exchanges", exchange.name):
            objects.exchanges[exchange.name] = exchange
    for queue in reader.read(tables, "queues", _queue):
        if not reader.twice(queue.name in objects.queues, "queues", queue.name):
            objects.queues[queue.name] = queue
    # The default exchange binds every queue, by itself.
    objects.bindings = [one for one in reader.read(tables, "bindings", _binding) if one.source]
    objects.policies += reader.read(tables, "policies", _policy)
    objects.policies += reader.read(tables, "operator_policies", _operator_policy)
    reader.tell()
    return objects


class _Reader:
    """Reads lists of records; gathers what is wrong with them for one note each."""

    def __init__(self, where: str, draft: Draft) -> None:
        self.where = where
        self.draft = draft
        self.wrong: dict[str, list[str]] = {}
        self.again: dict[str, list[str]] = {}

    def read(
        self, tables: Mapping[str, Any], name: str, make: Callable[[Record], Any]
    ) -> list[Any]:
        found = []
        for record in listed(tables, name, self.draft, self.where):
            try:
                if not isinstance(record, dict):
                    raise UnreadableRecordError("it is no table")
                found.append(make(record))
            except UnreadableRecordError as error:
                self.wrong.setdefault(name, []).append(f"{inline(record)} ({error})")
        return found

    def twice(self, is_again: bool, section: str, name: str) -> bool:
        if is_again:
            self.again.setdefault(section, []).append(name)
        return is_again

    def tell(self) -> None:
        for section, lines in self.wrong.items():
            self.draft.note(
                WARNING,
                f"{len(lines)} of the {section} cannot be read: {lines[0][:200]}",
                None,
                self.where,
                "unreadable-record",
            )
            self.draft.leave(section, *lines)
        for section, found in self.again.items():
            self.draft.note(
                WARNING,
                f"{section} that come twice, of which the first is taken: {names(found)}",
                None,
                self.where,
                "declared-twice",
            )


def listed(tables: Mapping[str, Any], name: str, draft: Draft, where: str) -> Iterable[Any]:
    """Return a list of an export by its name, empty where there is none or something else."""
    value = tables.get(name)
    if value is None:
        return []
    if isinstance(value, list):
        return value
    draft.note(WARNING, f"{name} is no list of tables", None, where, "unreadable-record")
    draft.leave(name, inline(value))
    return []


def _exchange(record: Record) -> ExchangeFound:
    return ExchangeFound(
        _text(record, "name"),
        _text(record, "type", "direct"),
        _flag(record, "durable", True),
        _flag(record, "auto_delete", False),
        _flag(record, "internal", False),
        _table(record, "arguments"),
    )


def _queue(record: Record) -> QueueFound:
    consumers = record.get("consumers")
    return QueueFound(
        _text(record, "name"),
        _text(record, "type", "") or None,
        _flag(record, "durable", True),
        _flag(record, "auto_delete", False),
        _flag(record, "exclusive", False),
        _table(record, "arguments"),
        consumers if type(consumers) is int else None,
        _text(record, "policy", "") or None,
        _text(record, "operator_policy", "") or None,
    )


def _binding(record: Record) -> BindingFound:
    kind = _text(record, "destination_type", "queue")
    if kind not in ("queue", "exchange"):
        raise UnreadableRecordError("destination_type is neither queue nor exchange")
    return BindingFound(
        _text(record, "source"),
        _text(record, "destination"),
        kind == "exchange",
        _text(record, "routing_key", ""),
        _table(record, "arguments"),
    )


def _policy(record: Record, operator: bool = False) -> Policy:
    return Policy(
        _text(record, "name"),
        _text(record, "pattern"),
        _text(record, "apply-to", "all"),
        _number(record, "priority"),
        _table(record, "definition"),
        operator,
    )


def _operator_policy(record: Record) -> Policy:
    return _policy(record, operator=True)


def _text(record: Record, key: str, default: str | None = None) -> str:
    value = record.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise UnreadableRecordError(f"{key} is {'missing' if value is None else 'no text'}")
    return value


def _flag(record: Record, key: str, default: bool) -> bool:
    value = record.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise UnreadableRecordError(f"{key} is neither true nor false")
    return value


def _number(record: Record, key: str) -> int:
    value = record.get(key, 0)
    if type(value) is not int:
        raise UnreadableRecordError(f"{key} is no whole number")
    return value


def _table(record: Record, key: str) -> Record:
    value = record.get(key)
    # An empty table is an empty list to older versions of RabbitMQ.
    if value is None or value == []:
        return {}
    if not isinstance(value, dict):
        raise UnreadableRecordError(f"{key} is no table")
    return value
