"""The least that each principal needs on Redis, as rules of its access lists (Redis 6.2 on).

Redis knows no queues: whoever consumes also gives back what others did not
acknowledge, out of one hash for all queues, so it has to push to every queue; and
whoever publishes to an exchange pushes to each queue bound to it. The
commands are those that kombu and Celery were seen to use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.compiler.broker import control_exchange, event_exchange
from qtopo.compiler.principals import BEAT, CONTROL, PRODUCER, WORKER
from qtopo.topology.wiring import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.compiler.principals import Principal
    from qtopo.topology.topology import Topology

_UUID = "-".join("?" * length for length in (8, 4, 4, 4, 12))
_CONNECT = ("multi", "exec", "ping", "select")
_PUBLISH = ("llen", "lpush", "publish", "sadd", "smembers")
_EXPIRE = ("evalsha", "pexpire", "script|load", "time", "zadd")
_CONSUME = (
    *_EXPIRE,
    *("brpop", "del", "discard", "exists", "get", "hdel", "hget", "hset", "psubscribe"),
    *("punsubscribe", "rpop", "rpush", "set", "srem", "unwatch", "watch", "zrange"),
    *("script|exists", "zrangebyscore", "zrem", "zrevrangebyscore"),
)
_ASK = ("del", "get", "mget", "publish", "set", "setex", "subscribe", "unsubscribe")
_KEEP = (
    *_ASK,
    *("evalsha", "exists", "expire", "incr", "llen", "lrange", "rpush", "sadd", "script|exists"),
    *("script|load", "sismember", "time", "zadd", "zcount", "zrange"),
)


class Rules(NamedTuple):
    """What a user may do: `keys` and `channels` as Redis' patterns, `commands` by name."""

    keys: tuple[str, ...]
    channels: tuple[str, ...]
    commands: tuple[str, ...]

    def words(self) -> tuple[str, ...]:
        """Return the arguments of `ACL SETUSER NAME`; passwords, and whether it is on, stay."""
        return (
            *("resetkeys", "resetchannels", "-@all"),
            *(f"~{one}" for one in self.keys),
            *(f"&{one}" for one in self.channels),
            *(f"+{one}" for one in self.commands),
        )


def results_rules(topology: Topology, principal: Principal) -> Rules | None:
    """Return what a principal needs where results are kept in Redis; None where it needs nothing.

    Beat leaves no results, and what watches asks for none.
    """
    results = topology.results
    if results is None or results.kind != "redis" or principal.kind in (BEAT, CONTROL):
        return None
    options = topology.settings.get("result_backend_transport_options") or {}
    prefix = str(options.get("global_keyprefix") or "")
    if prefix and prefix[-1] not in ":_-.":
        prefix += "_"
    kept = tuple(f"{escape(prefix)}celery-{kind}-meta-*" for kind in ("task", "taskset"))
    commands = _KEEP if principal.kind == WORKER else _ASK
    return Rules(kept, kept, tuple(sorted({*_CONNECT, *commands})))


class BrokerRules:
    """What a topology's principals need on the Redis that is its broker.

    `database` is its number, which is part of every channel's name.
    """

    def __init__(self, topology: Topology, database: int) -> None:
        self._topology = topology
        options = topology.broker.options
        self._prefix = str(options.get("global_keyprefix") or "")
        self._separator = str(options.get("sep") or "\x06\x16")
        fanout = options.get("fanout_prefix", True)
        self._fanout = fanout if isinstance(fanout, str) else "/{db}." if fanout else ""
        self._fanout = self._fanout.format(db=database)
        self._patterns = bool(options.get("fanout_patterns", True))
        self._unacked = [
            str(options.get(key) or default)
            for key, default in (
                ("unacked_key", "unacked"),
                ("unacked_index_key", "unacked_index"),
                ("unacked_mutex_key", "unacked_mutex"),
            )
        ]

    def of(self, principal: Principal) -> Rules:
        """Return what one principal needs."""
        need = _Need(self._prefix)
        commands: set[str] = {*_CONNECT, *_PUBLISH}
        queues = {sent.queue for sent in principal.sends} | set(principal.consumes)
        consumes = bool(principal.consumes) or principal.kind == CONTROL
        if consumes:
            commands.update(_CONSUME)
            need.keys.update(escape(self._prefix + one) for one in self._unacked)
            # What others took and did not acknowledge goes back where it was.
            queues |= self._consumed()
        for sent in principal.sends:
            if sent.exchange:
                queues |= self._bound(sent.exchange)
        if any(self._expires(name) for name in queues):
            commands.update(_EXPIRE)
            need.keys.add(escape(f"{self._prefix}_kombu.binding_deadlines"))
        for name in queues:
            self._queue(need, name, lasting=consumes or not self._expires(name))
        for name in principal.consumes:
            self._subscribe(need, name)
        self._control(need, principal)
        self._replies(need, principal)
        return Rules(
            tuple(sorted(need.keys)), tuple(sorted(need.channels)), tuple(sorted(commands))
        )

    def _consumed(self) -> set[str]:
        return {name for name in self._topology.queues if self._topology.wiring.consumers.get(name)}

    def _bound(self, exchange: str) -> set[str]:
        bound = self._topology.wiring.bound.get(exchange, ())
        return {one.name for one in bound if one.kind == QUEUE}

    def _expires(self, name: str) -> bool:
        queue = self._topology.queues.get(name)
        return queue is not None and (queue.expires is not None or "x-expires" in queue.arguments)

    def _queue(self, need: _Need, name: str, *, lasting: bool) -> None:
        """A queue's lists, one for each level of priority, and where its bindings are kept."""
        need.list(escape(name), escape(self._separator))
        for binding in self._topology.wiring.bindings.get(name, ()):
            need.bound(escape(binding.exchange), lasting=lasting)
            if self._topology.wiring.exchange_type(binding.exchange) == "fanout":
                # Celery gives every message a key, which kombu makes part of the channel.
                below = "/*" if self._patterns else ""
                need.channels.add(escape(self._channel(binding.exchange)) + below)

    def _subscribe(self, need: _Need, name: str) -> None:
        for binding in self._topology.wiring.bindings.get(name, ()):
            if self._topology.wiring.exchange_type(binding.exchange) == "fanout":
                need.channels.add(self._topic(binding.exchange, binding.routing_key))

    def _channel(self, exchange: str) -> str:
        return f"{self._prefix}{self._fanout}{exchange}"

    def _topic(self, exchange: str, key: str) -> str:
        """Return what a consumer subscribes to: Redis wants this very text among the rules."""
        topic = self._channel(exchange)
        if key and self._patterns:
            topic += "/" + key.replace("#", "*")
        return unspaced(topic)

    def _control(self, need: _Need, principal: Principal) -> None:
        stem, events = control_exchange(self._topology), event_exchange(self._topology)
        separator = escape(self._separator)
        watches = principal.kind == CONTROL
        if watches or principal.kind == WORKER:
            for name in (f"{stem}.pidbox", f"reply.{stem}.pidbox", events):
                need.bound(escape(name))
            need.keys.add(escape(f"{self._prefix}_kombu.binding_deadlines"))
            need.list(f"{_UUID}.reply.{escape(stem)}.pidbox", separator)
            need.channels.add(self._topic(f"{stem}.pidbox", ""))
        if principal.remote and principal.node is not None:
            name, several = principal.node
            for node in (f"{escape(name)}@*", f"{escape(name)}-[0-9]*@*")[: 1 + several]:
                need.list(f"{node}.{escape(stem)}.pidbox", separator)
        if principal.events or watches:
            need.channels.add(f"{escape(self._channel(events))}/*")
        if principal.gossip or watches:
            prefix = self._topology.settings.get("event_queue_prefix") or "celeryev"
            need.list(f"{escape(str(prefix))}.{_UUID}", separator)
            need.channels.add(self._topic(events, "worker.#" if principal.gossip else "#"))

    def _replies(self, need: _Need, principal: Principal) -> None:
        results = self._topology.results
        if results is not None and results.kind == "rpc" and principal.kind in (WORKER, PRODUCER):
            need.list(_UUID, escape(self._separator))


class _Need:
    """Patterns of keys and channels; keys begin with the prefix of all keys."""

    def __init__(self, prefix: str) -> None:
        self._prefix = escape(prefix)
        self.keys: set[str] = set()
        self.channels: set[str] = set()

    def list(self, pattern: str, separator: str) -> None:
        """Add a queue: a list, and one more for each further level of priority."""
        self.keys |= {
            f"{self._prefix}{pattern}",
            f"{self._prefix}{pattern}{separator}[1-9]",
        }

    def bound(self, exchange: str, *, lasting: bool = True) -> None:
        """Add the sets of an exchange's bindings: all of them, and those that do not expire."""
        for table in ("_kombu.binding.", "_kombu.binding_permanent.")[: 1 + lasting]:
            self.keys.add(f"{self._prefix}{table}{exchange}")


def escape(text: str) -> str:
    """Return a pattern that matches a text; Redis takes no white space in one."""
    return unspaced("".join(f"\\{one}" if one in "\\*?[]" else one for one in text))


def unspaced(pattern: str) -> str:
    """Return a pattern with `?` where there is white space."""
    return "".join("?" if one in " \t\n\r\v\f\0" else one for one in pattern)


def quoted(words: Iterable[str]) -> str:
    """Return words as redis-cli reads them: other than plain ones in double quotes."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if word and all(one.isprintable() and one not in "\"'\\ " for one in word):
        return word
    inner = "".join(
        f"\\{one}"
        if one in '"\\'
        else one
        if one.isprintable()
        else "".join(f"\\x{byte:02x}" for byte in one.encode())
        for one in word
    )
    return f'"{inner}"'
