"""RabbitMQ's definitions: what `rabbitmqctl import_definitions` and the HTTP API take.

Arguments are those that Celery declares with, so that it finds what it expects.
There are no policies: what a policy sets, Celery would declare without, and the file
says nothing that only a policy can. There are no topic permissions: a
caller may give any routing key. With `[deploy] broker_users` there are users, without
passwords: an import gives the empty one to users that are there already.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qtopo.compiler.broker import on_rabbitmq
from qtopo.emit.accounts import DEFAULT_VHOST, accounts, vhost
from qtopo.emit.base import Artifact, counted
from qtopo.emit.launching import deploy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.compiler.broker import Binding, Exchange, Objects, Queue
    from qtopo.emit.base import Job
    from qtopo.topology.topology import Topology

_IMPORT = (
    "importing creates what is missing and changes nothing that is there: what the broker holds "
    "with other arguments stays so, without an error"
)
_USERS = (
    "an import takes the password of every user in it that is there already: afterwards give "
    "each one again, with rabbitmqctl change_password"
)


def emit(job: Job) -> Sequence[Artifact]:
    """Return the document; raises EmitError for another broker than RabbitMQ."""
    text = json.dumps(_document(job), indent=2, ensure_ascii=False)
    return [Artifact(job.output, text + "\n")]


def summary(job: Job) -> str:
    """Return how much there is."""
    there = importable(job.topology)
    parts = [
        counted(len(there.exchanges), "exchange"),
        counted(len(there.queues), "queue"),
        counted(len(there.bindings), "binding"),
    ]
    if deploy(job).broker_users:
        parts.append(counted(len(accounts(job.topology)), "user"))
    return ", ".join(parts)


def notes(job: Job) -> Sequence[str]:
    """Return what an import does not do, and what it does to users."""
    found = [_IMPORT]
    alone = exclusive(job.topology)
    if alone:
        found.append(f"left out, being of one connection alone: {', '.join(map(repr, alone))}")
    if deploy(job).broker_users:
        found.append(_USERS)
    return found


def importable(topology: Topology) -> Objects:
    """Return what can be there before anything connects.

    The detour of delayed messages is: whoever sends first would lose a message
    without it. What remote control needs is not durable, and each worker makes it.
    """
    there = on_rabbitmq(topology)
    declared, delayed = there.declared, there.delayed
    alone = set(exclusive(topology))
    return type(declared)(
        tuple(
            one
            for one in (*declared.exchanges, *delayed.exchanges)
            if not one.name.startswith("amq.")
        ),
        tuple(one for one in (*declared.queues, *delayed.queues) if one.name not in alone),
        tuple(one for one in (*declared.bindings, *delayed.bindings) if one.name not in alone),
    )


def exclusive(topology: Topology) -> list[str]:
    """Return the queues that only the connection that declares them can have."""
    return [one.name for one in on_rabbitmq(topology).declared.queues if one.exclusive]


def plain(objects: Objects, host: str) -> dict[str, Any]:
    """Return objects of a virtual host as RabbitMQ exports them."""
    return {
        "exchanges": [_exchange(one, host) for one in objects.exchanges],
        "queues": [_queue(one, host) for one in objects.queues],
        "bindings": [_binding(one, host) for one in objects.bindings],
    }


def _document(job: Job) -> dict[str, Any]:
    topology = job.topology
    there, host = importable(topology), vhost(topology)
    document: dict[str, Any] = {}
    if host != DEFAULT_VHOST:
        document["vhosts"] = [{"name": host}]
    if deploy(job).broker_users:
        document |= _users(topology, host)
    return document | plain(there, host)


def _users(topology: Topology, host: str) -> dict[str, Any]:
    listed = accounts(topology)
    return {
        "users": [
            {
                "name": one.user,
                # Nobody can log in with this one.
                "password_hash": "",
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": [],
            }
            for one in listed
        ],
        "permissions": [
            {"user": one.user, "vhost": host, **one.access._asdict()}
            for one in listed
            if one.access is not None
        ],
    }


def _exchange(one: Exchange, host: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "vhost": host,
        "type": one.type,
        "durable": one.durable,
        "auto_delete": one.auto_delete,
        "internal": False,
        "arguments": dict(one.arguments),
    }


def _queue(one: Queue, host: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "vhost": host,
        "durable": one.durable,
        "auto_delete": one.auto_delete,
        "arguments": dict(one.arguments),
    }


def _binding(one: Binding, host: str) -> dict[str, Any]:
    return {
        "source": one.source,
        "vhost": host,
        "destination": one.name,
        "destination_type": one.kind,
        "routing_key": one.routing_key,
        "arguments": dict(one.arguments),
    }
