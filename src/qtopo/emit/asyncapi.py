"""The topology as an AsyncAPI 3.0 document, for the tools that draw and check such.

It tells the whole system: applications and beat send, workers receive. What
AsyncAPI has no word for is in fields that begin with `x-`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qtopo.emit.asyncapi_channels import BINDING, Channels, Sending, sendings
from qtopo.emit.asyncapi_messages import content_type, message, owner, schemas
from qtopo.emit.base import Artifact, counted
from qtopo.emit.launching import slugged
from qtopo.emit.yaml_ import commented, dump
from qtopo.topology.routes import Regex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.emit.base import Job
    from qtopo.topology.beat import Entry
    from qtopo.topology.topology import Topology
    from qtopo.topology.workers import Worker

VERSION = "3.0.0"

_UNVERSIONED = "unversioned"
"""AsyncAPI wants a version of the application, and the file has none."""

_MODES = {"transient": 1, "persistent": 2}


def emit(job: Job) -> Sequence[Artifact]:
    """Return the document: YAML where the file's name says so, else JSON."""
    found = document(job.topology)
    if job.output.lower().endswith((".yaml", ".yml")):
        return [Artifact(job.output, commented(job.header()) + dump(found))]
    return [Artifact(job.output, json.dumps(found, indent=2, ensure_ascii=False) + "\n")]


def summary(job: Job) -> str:
    """Return how much there is."""
    found = document(job.topology)
    parts = [
        counted(len(found["channels"]), "channel"),
        counted(len(found["operations"]), "operation"),
        counted(len(found["components"]["messages"]), "message"),
    ]
    return ", ".join(parts)


def notes(job: Job) -> Sequence[str]:
    """Return what the document leaves out."""
    unknown = any(any(one.globs) or isinstance(one.task, Regex) for one in job.topology.routes)
    if not unknown:
        return []
    return [
        "messages are those of tasks that the file names: what only a pattern takes is left out"
    ]


def document(topology: Topology) -> dict[str, Any]:
    """Return the AsyncAPI document."""
    channels = Channels(topology, sendings(topology))
    found: dict[str, Any] = {"asyncapi": VERSION, "info": _info(topology)}
    kind = content_type(topology)
    if kind is not None:
        found["defaultContentType"] = kind
    return found | {
        "servers": _servers(topology),
        "channels": channels.written(),
        "operations": _operations(channels),
        "components": {
            "messages": {
                slug: message(topology, task) for task, slug in sorted(channels.tasks.items())
            },
            "schemas": schemas(),
        },
    }


def _info(topology: Topology) -> dict[str, Any]:
    app = topology.app
    found: dict[str, Any] = {"title": app.name or app.celery or "celery", "version": _UNVERSIONED}
    if app.description:
        found["description"] = app.description
    if topology.environment is not None:
        found["x-environment"] = topology.environment
    return found


def _servers(topology: Topology) -> dict[str, Any]:
    """Return the broker: a server for each address, and no more of a URL than that."""
    url = topology.broker.url
    scheme = topology.broker.kind.scheme
    if url is not None and url.startswith("env:"):
        return {"broker": _variable(scheme, f"in environment variable {url[len('env:') :]}")}
    addresses = [] if url is None else [_address(one, scheme) for one in url.split(";")]
    if not addresses or not all(addresses):
        return {"broker": _variable(scheme, "said by the application")}
    return {
        "broker" if number == 1 else f"broker{number}": one
        for number, one in enumerate(addresses, 1)
        if one is not None
    }


def _variable(scheme: str, where: str) -> dict[str, Any]:
    return {
        "host": "{broker}",
        "protocol": _protocol(scheme),
        "variables": {"broker": {"description": f"Host and port: {where}."}},
    }


def _address(url: str, scheme: str) -> dict[str, Any] | None:
    try:
        found = urlsplit(url)
    except ValueError:
        return None
    # Neither who logs in nor options, which may hold a secret.
    host = found.netloc.rpartition("@")[2]
    if not host or "{" in host:
        return None
    server: dict[str, Any] = {"host": host, "protocol": _protocol(found.scheme or scheme)}
    if len(found.path) > 1 and "{" not in found.path:
        server["pathname"] = found.path
    return server


def _protocol(scheme: str) -> str:
    return "amqp" if scheme == "pyamqp" else scheme


def _operations(channels: Channels) -> dict[str, Any]:
    topology = channels.topology
    entries = slugged(one.entry for one in channels.sent if one.entry is not None)
    found: dict[str, Any] = {}
    for one in channels.sent:
        into = channels.into(one)
        name = f"send_{channels.tasks[one.task]}"
        if one.entry is not None:
            name = f"schedule_{entries[one.entry]}"
        for number, channel in enumerate(into, 1):
            numbered = name if number == 1 else f"{name}_{number}"
            found[numbered] = _send(channels, one, channel)
    running = [one for one in topology.workers.values() if one.replicas or one.scale]
    workers = slugged(one.name for one in running)
    for worker in running:
        for queue in dict.fromkeys(worker.queues):
            if queue in channels.queues:
                channel = channels.queues[queue]
                key = f"receive_{workers[worker.name]}_{channel.removeprefix('queue_')}"
                found[key] = _receive(channels, worker, queue, channel)
    return found


def _send(channels: Channels, one: Sending, channel: str) -> dict[str, Any]:
    topology, sent = channels.topology, one.published
    found: dict[str, Any] = {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "title": f"send {one.task}",
    }
    if one.entry is not None and topology.beat is not None:
        entry = topology.beat.schedule[one.entry]
        found["title"] = f"beat sends {one.task}: {one.entry}"
        if entry.description:
            found["description"] = entry.description
        found["x-schedule"] = _schedule(entry)
    task = topology.tasks.get(one.task)
    if task is not None and task.owner:
        found["tags"] = owner(task.owner)
    found["messages"] = [channels.reference(channel, one.task)]
    if channels.amqp:
        binding: dict[str, Any] = {"cc": [sent.wire_key or ""]}
        if sent.delivery_mode is not None:
            binding["deliveryMode"] = _MODES[sent.delivery_mode]
        if sent.wire_priority is not None:
            binding["priority"] = sent.wire_priority
        found["bindings"] = {"amqp": {**binding, "bindingVersion": BINDING}}
    found["x-queue"] = sent.queue
    found["x-delivered-to"] = list(one.queues)
    return found


def _schedule(entry: Entry) -> dict[str, Any]:
    if entry.every is not None:
        return {"every": entry.every}
    if entry.crontab is not None:
        return {"crontab": entry.crontab}
    if entry.solar is None:
        return {}
    solar = entry.solar
    return {"event": solar.event, "latitude": solar.latitude, "longitude": solar.longitude}


def _receive(channels: Channels, worker: Worker, queue: str, channel: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{channel}"},
        "title": f"{worker.name} consumes {queue}",
    }
    if worker.description:
        found["description"] = worker.description
    if worker.owner:
        found["tags"] = owner(worker.owner)
    tasks = channels.received(queue)
    if tasks:
        found["messages"] = [channels.reference(channel, one) for one in tasks]
    if channels.amqp:
        found["bindings"] = {"amqp": {"ack": True, "bindingVersion": BINDING}}
    processes: dict[str, Any] = {"replicas": worker.replicas}
    if worker.scale is not None:
        processes = {"scale": {"min": worker.scale.min, "max": worker.scale.max}}
    found["x-worker"] = {"name": worker.name, "pool": worker.pool, **processes}
    if worker.capacity is not None:
        found["x-worker"]["concurrency"] = worker.capacity
    return found
