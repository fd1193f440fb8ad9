"""What KEDA watches for a worker: the lengths of its queues, as KEDA's scalers read them.

RabbitMQ is asked over HTTP: only there are messages counted that a worker has
taken and not acknowledged. On Redis a queue is one list, or one for each step
of priority, and nothing else is seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from qtopo.compiler.options import transport_options
from qtopo.emit.accounts import database
from qtopo.errors import EmitError
from qtopo.topology.priority import used

if TYPE_CHECKING:
    from qtopo.emit.base import Job
    from qtopo.topology.topology import Topology
    from qtopo.topology.workers import Worker

RABBITMQ, REDIS = "rabbitmq", "redis"

SEPARATOR = "\x06\x16"
"""What kombu puts between a queue and its step of priority, unless `sep` says otherwise."""

_PREFETCH = 4
"""Celery's own `worker_prefetch_multiplier`."""

_REDIS_PORT, _SENTINEL_PORT = 6379, 26379
_IDENTIFIER = re.compile(r"[^A-Za-z0-9]+")


class Trigger(NamedTuple):
    """A trigger: its name in a formula, KEDA's type, and its metadata."""

    name: str
    type: str
    metadata: dict[str, str]


class Key(NamedTuple):
    """A parameter of KEDA's that a key of the Secret holds; one that is optional may be absent."""

    parameter: str
    key: str
    optional: bool = False


def broker(job: Job) -> str:
    """Return `rabbitmq` or `redis`; EmitError for what KEDA's triggers here do not read."""
    kind = job.topology.broker.kind
    if kind.name in (RABBITMQ, REDIS):
        return kind.name
    raise EmitError(
        f"KEDA's queues are read for RabbitMQ and Redis, not for {kind.name!r}",
        "write the ScaledObject yourself, with KEDA's scaler for that broker",
    )


def keys(job: Job) -> list[Key]:
    """Return the parameters that the Secret has to give; none where the file says all.

    The names come from the variable of the broker's URL, which KEDA cannot use
    itself: it wants the management API of RabbitMQ, and an address without a
    scheme of Redis.
    """
    url = job.topology.broker.url
    base = url[len("env:") :] if url and url.startswith("env:") else "BROKER_URL"
    if broker(job) == RABBITMQ:
        return [Key("host", f"{base}_HTTP")]
    found = []
    if not _address(job.topology):
        found.append(Key("address", f"{base}_ADDRESS"))
    return [
        *found,
        Key("username", f"{base}_USERNAME", optional=True),
        Key("password", f"{base}_PASSWORD", optional=True),
    ]


def scaling_queues(job: Job, worker: Worker) -> list[str]:
    """Return the queues whose length says how much a worker has to do.

    A broadcast queue is each process's own, so more processes empty none of it;
    a stream keeps what was read.
    """
    topology = job.topology
    found = []
    for name in dict.fromkeys(worker.queues or ()):
        queue = topology.queues.get(name)
        if queue is not None and (queue.broadcast or is_stream(queue.type, queue.arguments)):
            continue
        if topology.broker.kind.virtual and is_fanned_out(topology, name):
            continue
        found.append(name)
    return found


def per_replica(topology: Topology, worker: Worker) -> int:
    """Return for how many messages there should be one process.

    RabbitMQ counts what a process has taken, so it is as many as it takes:
    another one would find nothing. Redis counts what nobody has taken: a
    message for each task that can run. EmitError where the file does not say.
    """
    places = _places(topology, worker)
    if topology.broker.kind.name == REDIS:
        return places
    prefetch = worker.prefetch_multiplier
    if prefetch is None:
        setting = topology.settings.get("worker_prefetch_multiplier", _PREFETCH)
        prefetch = setting if type(setting) is int else _PREFETCH
    # 0 takes without end.
    return places * max(prefetch, 1)


def triggers(job: Job, worker: Worker) -> list[Trigger]:
    """Return the triggers of a worker, in the order of its queues."""
    value = str(per_replica(job.topology, worker))
    found: list[tuple[str, str, dict[str, str]]] = []
    for queue in scaling_queues(job, worker):
        if broker(job) == RABBITMQ:
            found.append((queue, RABBITMQ, _rabbitmq(job.topology, queue, value)))
        else:
            kind, common = _redis(job)
            found += [
                (queue, kind, {**common, "listName": one, "listLength": value})
                for one in redis_lists(job.topology, queue)
            ]
    return [
        Trigger(f"q{number}_{_IDENTIFIER.sub('_', queue).strip('_')}".rstrip("_"), kind, metadata)
        for number, (queue, kind, metadata) in enumerate(found, 1)
    ]


def redis_lists(topology: Topology, queue: str) -> list[str]:
    """Return the keys of the lists in which kombu keeps a queue, the most urgent first."""
    options = transport_options(topology)
    prefix = str(options.get("global_keyprefix", ""))
    separator = str(options.get("sep", SEPARATOR))
    steps = options.get("priority_steps", [0]) if _has_steps(topology) else [0]
    return [f"{prefix}{queue}{separator}{step}" if step else f"{prefix}{queue}" for step in steps]


def _has_steps(topology: Topology) -> bool:
    return used(topology) or "priority_steps" in topology.broker.options


def is_stream(kind: str | None, arguments: Any) -> bool:
    """Whether a queue keeps what was read."""
    return (kind or arguments.get("x-queue-type")) == "stream"


def is_fanned_out(topology: Topology, queue: str) -> bool:
    """Whether kombu delivers to a queue by publishing, and keeps no list of it."""
    wiring = topology.wiring
    return any(
        exchange is not None and exchange.type == "fanout"
        for exchange in (
            wiring.exchanges.get(binding.exchange) for binding in wiring.bindings.get(queue, ())
        )
    )


def _places(topology: Topology, worker: Worker) -> int:
    places = worker.capacity
    if places is not None:
        return places
    machine = topology.machines.get(worker.machine or "")
    if machine is None or machine.cpus is None:
        raise EmitError(
            f"worker {worker.name!r} does not say how many tasks it runs at a time, and KEDA has "
            "to know for how many messages there should be one more",
            f"give [workers.{worker.name!r}] a concurrency",
        )
    return max(int(machine.cpus), 1)


def _rabbitmq(topology: Topology, queue: str, value: str) -> dict[str, str]:
    metadata = {
        "protocol": "http",
        "mode": "QueueLength",
        "value": value,
        "queueName": queue,
        # What workers have taken counts, else those that are busy would be stopped.
        "excludeUnacknowledged": "false",
    }
    if " " in queue or not queue.strip("."):
        # KEDA writes a space as + into a path, where RabbitMQ takes it for a plus.
        # As a pattern the name goes into the query, which RabbitMQ reads without
        # regard to case unless told otherwise.
        metadata |= {"queueName": f"^(?-i){_escaped(queue)}$", "useRegex": "true"}
    vhost = _vhost(topology)
    if vhost is not None:
        metadata["vhostName"] = vhost
    return metadata


def _escaped(text: str) -> str:
    """Return a pattern of PCRE that matches a text and nothing else."""
    return re.sub(r"[^A-Za-z0-9_\s\x80-\U0010ffff]", lambda found: "\\" + found[0], text)


def _vhost(topology: Topology) -> str | None:
    """Return the vhost where the file names one, by itself or in the URL; else the Secret does."""
    said = None if topology.deploy is None else topology.deploy.vhost
    if said is not None:
        return said
    url = topology.broker.url
    if url is None or url.startswith("env:"):
        return None
    return unquote(urlsplit(url).path[1:]) or None


def _redis(job: Job) -> tuple[str, dict[str, str]]:
    """Return KEDA's type of trigger, and what all of a topology's have in common."""
    topology = job.topology
    kind, common = REDIS, {}
    scheme = _scheme(topology)
    address = _address(topology)
    if address:
        common["address"] = address
    if scheme == "sentinel":
        kind = "redis-sentinel"
        master = topology.broker.options.get("master_name")
        if not isinstance(master, str):
            raise EmitError(
                "KEDA has to know which of the sentinel's masters is the broker",
                "write [broker.options] master_name",
            )
        common["sentinelMaster"] = master
    common["databaseIndex"] = str(database(topology))
    if scheme == "rediss" or topology.settings.get("broker_use_ssl"):
        common["enableTLS"] = "true"
    return kind, common


def _scheme(topology: Topology) -> str:
    url = topology.broker.url
    if url is None or url.startswith("env:"):
        return topology.broker.kind.scheme
    return urlsplit(url).scheme


def _address(topology: Topology) -> str:
    """Return the hosts with their ports where the file's own URL names them, else nothing.

    Raises EmitError where KEDA cannot reach them.
    """
    url = topology.broker.url
    if url is None or url.startswith("env:"):
        return ""
    port = _SENTINEL_PORT if _scheme(topology) == "sentinel" else _REDIS_PORT
    try:
        found = [urlsplit(one) for one in url.split(";")]
        hosts = [(one.hostname, one.port or port) for one in found]
    except ValueError as error:
        raise EmitError(f"broker.url is no address: {error}") from None
    if any(host is None for host, _ in hosts):
        raise EmitError(
            f"KEDA cannot reach {url!r}: it needs a host", "write redis://HOST:PORT/DATABASE"
        )
    return ",".join(f"[{host}]:{at}" if ":" in str(host) else f"{host}:{at}" for host, at in hosts)
