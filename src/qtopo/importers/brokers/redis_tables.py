"""Redis as a broker: kombu's tables of bindings, and the lists that messages wait in.

Only reads are sent (SCAN, SSCAN, LLEN and the like), all of them bounded. What
type an exchange has, and how a queue was declared, Redis does not keep: the type
is concluded, and said to be.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.errors import UnknownNameError, UnreadableFileError
from qtopo.importers.brokers.addresses import place
from qtopo.importers.declarations.internal import internal_exchange
from qtopo.importers.declarations.keep import inline, names
from qtopo.importers.declarations.objects import (
    BindingFound,
    ExchangeFound,
    Objects,
    QueueFound,
)
from qtopo.importers.draft import INFO, WARNING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.importers.brokers.addresses import Address
    from qtopo.importers.draft import Draft

_TABLE = "_kombu.binding."
_PERMANENT = "_kombu.binding_permanent."
_SEP = "\x06\x16"
_BROADCAST = "bcast."
_SECONDS = 10
_MOST_ROUNDS = 20_000
_AT_ONCE = 1_000
_MOST_ROWS = 200_000
_MOST_LISTS = 5_000
_MOST_BYTES = 1_000_000


class _Keys(NamedTuple):
    """The keys that matter: tables by prefix and exchange, lists, and whether that is all."""

    tables: dict[str, list[str]]
    lists: list[str]
    complete: bool


class _Lists(NamedTuple):
    """Lists under the prefix: of known queues their steps, of others those with messages."""

    waiting: dict[str, int]
    steps: set[int]
    unbound: list[str]


def read_tables(where: Address, prefix: str | None, draft: Draft) -> Objects:
    """Return the exchanges, queues and bindings of a database; odd things become notes.

    Raises UnreadableFileError where Redis does not answer, UnknownNameError where tables with
    several prefixes are there and none is chosen.
    """
    import redis

    try:
        client = redis.Redis.from_url(
            _as_redis(where.url),
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
            decode_responses=True,
            encoding_errors="surrogateescape",
        )
        with client:
            return _read(client, where, prefix, draft)
    except (redis.RedisError, OSError, ValueError) as error:
        raise UnreadableFileError(
            f"{place(where.url) if where.variable is None else where.shown} does not answer as "
            f"Redis does: {_said(error, where)}",
            "check host, port, database and password",
        ) from None


def _said(error: Exception, where: Address) -> str:
    text = str(error) or type(error).__name__
    for secret in (where.url, where.password):
        if secret:
            text = text.replace(secret, "***")
    return text[:300]


def _as_redis(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    # kombu's `redis+socket` is redis-py's `unix`.
    return f"{'unix' if scheme == 'redis+socket' else scheme}{separator}{rest}"


def _read(client: Any, where: Address, wanted: str | None, draft: Draft) -> Objects:
    keys = _keys(client)
    shown = where.shown
    if not keys.complete:
        draft.note(
            WARNING,
            f"the database has more keys than are looked through ({_MOST_ROUNDS * _AT_ONCE}): "
            "tables and queues may be missing",
            None,
            shown,
            "broker-not-seen",
        )
    prefix = _prefix(keys, wanted)
    if prefix:
        draft.put(("broker", "options", "global_keyprefix"), prefix)
        message = f"keys begin with {prefix!r}: global_keyprefix, as it is written"
        draft.note(INFO, message, None, shown, "key-prefix")
    objects = Objects(shown)
    odd: list[str] = []
    expiring: set[str] = set()
    for exchange in keys.tables.get(prefix, ()):
        rows = _rows(client, f"{prefix}{_TABLE}{exchange}", odd)
        permanent = _members(client, f"{prefix}{_PERMANENT}{exchange}")
        if permanent:
            expiring |= {row[2] for row in rows if _SEP.join(row) not in permanent}
        _add(objects, exchange, rows)
    lists = _lists(client, keys, prefix, objects)
    for name in lists.unbound:
        objects.queues[name] = QueueFound(name)
    _tell(objects, lists, expiring, odd, draft)
    return objects


def _keys(client: Any) -> _Keys:
    tables: dict[str, list[str]] = defaultdict(list)
    lists: list[str] = []
    rounds, complete = 0, True
    for kind in ("set", "list"):
        cursor = 0
        while True:
            pattern = f"*{_TABLE}*" if kind == "set" else "*"
            cursor, found = client.scan(cursor, match=pattern, count=_AT_ONCE, _type=kind)
            for key in found:
                if kind == "set":
                    prefix, _, exchange = key.partition(_TABLE)
                    tables[prefix].append(exchange)
                elif len(lists) < _MOST_LISTS:
                    lists.append(key)
                else:
                    complete = False
            rounds += 1
            if rounds > _MOST_ROUNDS:
                return _Keys(dict(tables), lists, False)
            if cursor == 0:
                break
    # SCAN may give a key twice.
    unique = {prefix: sorted(set(found)) for prefix, found in tables.items()}
    return _Keys(unique, sorted(set(lists)), complete)


def _prefix(keys: _Keys, wanted: str | None) -> str:
    if wanted is not None:
        if wanted not in keys.tables:
            raise UnknownNameError(
                f"no table of bindings has the prefix {wanted!r}: there are "
                f"{names(keys.tables) or 'none'}"
            )
        return wanted
    if len(keys.tables) > 1:
        raise UnknownNameError(
            f"the database has tables of bindings with several prefixes: {names(keys.tables)}",
            "choose one: --key-prefix PREFIX (the global_keyprefix of that application)",
        )
    return next(iter(keys.tables), "")


def _members(client: Any, key: str) -> set[str]:
    found: set[str] = set()
    for member in client.sscan_iter(key, count=_AT_ONCE):
        found.add(member)
        if len(found) > _MOST_ROWS:
            raise UnreadableFileError(f"{key} has more than {_MOST_ROWS} members")
    return found


def _rows(client: Any, key: str, odd: list[str]) -> list[tuple[str, str, str]]:
    """Return the rows of a table: key, pattern (empty but on topic exchanges), queue."""
    rows = []
    for member in sorted(_members(client, key)):
        parts = member.split(_SEP)
        if len(parts) == 3 and parts[2]:
            rows.append((parts[0], parts[1], parts[2]))
        else:
            odd.append(f"{key}: {member}")
    return rows


def _add(objects: Objects, exchange: str, rows: Iterable[tuple[str, str, str]]) -> None:
    rows = list(rows)
    kind = _kind(exchange, rows)
    objects.exchanges[exchange] = ExchangeFound(exchange, kind)
    for key, _, queue in rows:
        objects.queues.setdefault(queue, QueueFound(queue, auto_delete=_made_up(queue)))
        objects.bindings.append(BindingFound(exchange, queue, False, key))


def _kind(exchange: str, rows: list[tuple[str, str, str]]) -> str:
    """Conclude the type of an exchange: only topic exchanges have patterns in their rows."""
    if any(pattern for _, pattern, _ in rows):
        return "topic"
    if exchange.endswith(".pidbox") and not exchange.startswith("reply."):
        return "fanout"
    if rows and all(_made_up(queue) or not key for key, _, queue in rows):
        return "fanout"
    return "direct"


def _made_up(queue: str) -> bool:
    return queue.startswith(_BROADCAST)


def _lists(client: Any, keys: _Keys, prefix: str, objects: Objects) -> _Lists:
    waiting: dict[str, int] = defaultdict(int)
    steps: set[int] = set()
    unbound: list[str] = []
    for key in keys.lists:
        if not key.startswith(prefix):
            continue
        name, separator, step = key.removeprefix(prefix).rpartition(_SEP)
        if not separator:
            name = step
        elif step.isdecimal():
            steps.add(int(step[:4]))
        if name in objects.queues:
            waiting[name] += client.llen(key)
        elif _holds_messages(client, key):
            waiting[name] += client.llen(key)
            unbound.append(name)
    return _Lists(dict(waiting), steps, sorted(set(unbound)))


def _holds_messages(client: Any, key: str) -> bool:
    """Whether a list holds what kombu sends: its last item is looked at, if it is short."""
    import json

    length = client.llen(key)
    usage = client.memory_usage(key, samples=5) or 0
    if not length or usage / length > _MOST_BYTES:
        return False
    item = client.lindex(key, -1)
    try:
        message = json.loads(item or "")
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and {"body", "headers", "properties"} <= message.keys()


def _tell(
    objects: Objects, lists: _Lists, expiring: set[str], odd: list[str], draft: Draft
) -> None:
    def note(severity: str, message: str, trap: str | None = None) -> None:
        draft.note(severity, message, None, objects.where, trap)

    concluded = {
        name: one for name, one in objects.exchanges.items() if internal_exchange(one) is None
    }
    for kind, why in (
        ("topic", "their rows have patterns"),
        ("direct", "their rows have keys and no patterns; a fanout exchange's look the same"),
        ("fanout", "their queues have made-up names, or no keys"),
    ):
        found = [name for name, one in concluded.items() if one.type == kind]
        if found:
            severity = WARNING if kind == "direct" else INFO
            message = f"exchanges taken for {kind}, {why}: {names(found)}"
            note(severity, message, "exchange-type-concluded")
    note(
        INFO,
        "Redis keeps neither exchanges' types nor options of queues, and rows of queues that "
        "nobody uses any more; arguments, priorities and headers exchanges are not seen",
        "broker-not-seen",
    )
    if lists.unbound:
        note(
            WARNING,
            f"lists hold messages of queues that no table binds: {names(lists.unbound)}",
            "unbound-queue",
        )
    if expiring:
        note(
            WARNING,
            f"queues that were declared with expires, for how long is not kept: {names(expiring)}",
            "broker-not-seen",
        )
    if lists.steps:
        note(
            INFO,
            f"messages wait with priority steps {sorted(lists.steps)}: priorities are in use",
            "priority-steps",
        )
    waiting = {name: count for name, count in lists.waiting.items() if count}
    if waiting:
        note(INFO, f"messages wait in {names(waiting)}: {sum(waiting.values())} in all")
    if odd:
        note(
            WARNING,
            f"{len(odd)} rows of tables are not kombu's with its own separator (transport option "
            "sep?), and are kept as comments",
            "unreadable-record",
        )
        draft.leave("rows of tables", *map(inline, odd))
