"""Commands of a roll-out: what declaring cannot do, for a POSIX shell and the broker at hand.

They are kombu's own calls, so that nothing else has to be installed; on Redis,
where kombu cannot take a binding out of the table, they are redis-cli's. All
are safe to run twice, and delete nothing that is used or holds messages.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from qtopo.compiler.processes import WORKER, worker_processes
from qtopo.compiler.shell import quote, shell_line
from qtopo.diagnostics.secrets import masked
from qtopo.routing.topics import virtual_pattern
from qtopo.topology.priority import STEPS, used
from qtopo.topology.wiring import EXCHANGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.changes.declared import Tie
    from qtopo.topology.topology import Topology

_SEPARATOR = r"\006\026"
"""What kombu puts between the parts of a binding in Redis, as printf writes it."""


def start(topology: Topology, names: Iterable[str]) -> list[str]:
    """Return the commands of workers, one replica each, without their environment."""
    wanted = set(names)
    return [
        masked(shell_line(one.argv))
        for one in worker_processes(topology)
        if one.kind == WORKER and one.replicas and one.name in wanted
    ]


def waiting(topology: Topology, queues: Iterable[str]) -> list[str]:
    """Return what shows how many messages wait in queues."""
    names = list(queues)
    if not names:
        return []
    if topology.broker.kind.name == "rabbitmq":
        return ["rabbitmqctl list_queues name messages consumers"]
    client = _redis(topology)
    if client is None:
        return []
    prefix = _prefix(topology)
    return [
        _lengths(client, [quote(prefix + name) for name in names], _steps(topology)),
        f"{client} HLEN {quote(prefix + 'unacked')}",
    ]


def _lengths(client: str, names: list[str], steps: list[int]) -> str:
    """Return a loop over queues, and over the lists of their priorities where there are any."""
    show = f'echo "$list: $({client} LLEN "$list")"'
    if not steps:
        return f"for list in {' '.join(names)}; do {show}; done"
    step = f"${{step:+$(printf '{_SEPARATOR}')$step}}"
    inner = f'for step in "" {" ".join(map(str, steps))}; do list="$queue{step}"; {show}; done'
    return f"for queue in {' '.join(names)}; do {inner}; done"


def _steps(topology: Topology) -> list[int]:
    """Return the priorities that Redis keeps lists of their own for."""
    given = topology.broker.options.get("priority_steps")
    steps = given if isinstance(given, tuple) else STEPS if used(topology) else ()
    return [one for one in steps if type(one) is int and one]


def unbind(topology: Topology, ties: Iterable[Tie]) -> list[str]:
    """Return what takes bindings away."""
    found = []
    for one in ties:
        if not topology.broker.kind.virtual:
            verb = "exchange_unbind" if one.kind == EXCHANGE else "queue_unbind"
            words = ", ".join(map(_literal, (one.name, one.source, one.key)))
            if one.arguments != "{}":
                words += f", arguments={json.loads(one.arguments)!r}"
            found.append(_kombu(topology, f"{verb}({words})"))
        elif client := _redis(topology):
            found += _forget(topology, client, one)
    return found


def _forget(topology: Topology, client: str, one: Tie) -> list[str]:
    exchange = topology.wiring.exchanges.get(one.source)
    topic = exchange is not None and exchange.type == "topic"
    parts = (one.key, virtual_pattern(one.key) if topic else "", one.name)
    form = _SEPARATOR.join(["%s"] * len(parts))
    member = f"\"$(printf '{form}' {' '.join(map(quote, parts))})\""
    prefix = _prefix(topology)
    return [
        f"{client} SREM {quote(f'{prefix}{table}.{one.source}')} {member}"
        for table in ("_kombu.binding", "_kombu.binding_permanent")
    ]


def delete(
    topology: Topology, kind: str, names: Iterable[str], *, bound: bool = False
) -> list[str]:
    """Return what deletes exchanges or queues that are not used and hold nothing.

    Where they may still be `bound`, exchanges go with their bindings.
    """
    if topology.broker.kind.virtual:
        # On Redis a queue without messages does not exist.
        return []
    return [
        _kombu(topology, f"exchange_delete({_literal(name)}, if_unused={not bound})")
        if kind == EXCHANGE
        else _kombu(topology, f"queue_delete({_literal(name)}, if_unused=True, if_empty=True)")
        for name in names
    ]


def _literal(text: str) -> str:
    """Return a text as Python reads it, in double quotes: single ones are the shell's."""
    return json.dumps(text, ensure_ascii=False)


def _kombu(topology: Topology, call: str) -> str:
    url = topology.broker.url
    if url is None:
        where = json.dumps(f"{topology.broker.kind.scheme}://")
    elif url.startswith("env:"):
        where = f'os.environ["{url[len("env:") :]}"]'
    else:
        where = json.dumps(masked(url))
    names = "import os; " if where.startswith("os.") else ""
    code = f"{names}from kombu import Connection; Connection({where}).default_channel.{call}"
    return shell_line(["python", "-c", code])


def _redis(topology: Topology) -> str | None:
    """Return how redis-cli is called; None where we cannot know the broker or its names."""
    kind, url = topology.broker.kind, topology.broker.url
    options = topology.broker.options
    if kind.scheme not in ("redis", "rediss") or {"sep", "keyprefix_queue"} & options.keys():
        return None
    if url is None:
        return "redis-cli"
    if url.startswith("env:"):
        return f'redis-cli -u "${url[len("env:") :]}"'
    return f"redis-cli -u {quote(masked(url))}"


def _prefix(topology: Topology) -> str:
    given = topology.broker.options.get("global_keyprefix", "")
    return given if isinstance(given, str) else ""
