"""Custom resources for RabbitMQ's messaging topology operator, one file for each kind.

The operator makes what is missing, and deletes from the broker what is deleted in
Kubernetes: queues and the virtual host are therefore retained. With `[deploy] broker_users` it
makes users, with passwords of its own making in Secrets of its own, and
gives them their permissions. Every flag is written: the operator takes what is not
for false, Celery for true.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from qtopo.emit.accounts import DEFAULT_VHOST, accounts, vhost
from qtopo.emit.base import Artifact, counted
from qtopo.emit.definitions import exclusive, importable
from qtopo.emit.kubernetes_objects import cluster, in_namespace, object_name
from qtopo.emit.launching import deploy, slugged
from qtopo.emit.yaml_ import commented, dump

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.compiler.broker import Binding
    from qtopo.emit.base import Job

_API = "rabbitmq.com/v1beta1"
_CLUSTER = "rabbitmq"
_UNCHANGED = (
    "the operator changes no exchange, queue or binding that is there: delete the resource and, "
    "for a queue, the queue itself"
)


def emit(job: Job) -> Sequence[Artifact]:
    """Return the files; raises EmitError for another broker than RabbitMQ."""
    header = commented(job.header())
    return [
        Artifact(job.file(f"{kind}.yaml"), header + dump(*documents))
        for kind, documents in _resources(job).items()
        if documents
    ]


def summary(job: Job) -> str:
    """Return how many resources there are."""
    return counted(sum(map(len, _resources(job).values())), "resource")


def notes(job: Job) -> Sequence[str]:
    """Return what is still to be filled in, and what the operator does not do."""
    found = [_UNCHANGED]
    if deploy(job).rabbitmq_cluster is None:
        found.append(
            f"the RabbitmqCluster is taken to be called {_CLUSTER!r}: say its name with "
            "rabbitmq_cluster in [deploy]"
        )
    alone = exclusive(job.topology)
    if alone:
        found.append(f"left out, being of one connection alone: {', '.join(map(repr, alone))}")
    return found


def _resources(job: Job) -> dict[str, list[dict[str, Any]]]:
    topology, place = job.topology, vhost(job.topology)
    there = importable(topology)
    exchanges = slugged([one.name for one in there.exchanges])
    queues = slugged([one.name for one in there.queues])
    hosts = [] if place == DEFAULT_VHOST else [place]
    found: dict[str, list[dict[str, Any]]] = {
        "vhosts": [
            _resource(job, "Vhost", slugged(hosts)[one], name=one, deletionPolicy="retain")
            for one in hosts
        ],
        "exchanges": [
            _resource(
                job,
                "Exchange",
                exchanges[one.name],
                name=one.name,
                vhost=place,
                type=one.type,
                durable=one.durable,
                autoDelete=one.auto_delete,
                arguments=dict(one.arguments),
            )
            for one in there.exchanges
        ],
        "queues": [
            _resource(
                job,
                "Queue",
                queues[one.name],
                name=one.name,
                vhost=place,
                durable=one.durable,
                autoDelete=one.auto_delete,
                deletionPolicy="retain",
                **_typed(dict(one.arguments)),
            )
            for one in there.queues
        ],
        "bindings": [
            _resource(
                job,
                "Binding",
                _binding_slug(one, (queues if one.kind == "queue" else exchanges)[one.name]),
                vhost=place,
                source=one.source,
                destination=one.name,
                destinationType=one.kind,
                routingKey=one.routing_key,
                arguments=dict(one.arguments),
            )
            for one in there.bindings
        ],
    }
    if deploy(job).broker_users:
        found |= _users(job, place)
    return found


def _typed(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments, and the type among them in the operator's own field as well."""
    kind = arguments.get("x-queue-type")
    typed = {"type": kind} if isinstance(kind, str) else {}
    return {**typed, "arguments": arguments}


def _users(job: Job, place: str) -> dict[str, list[dict[str, Any]]]:
    listed = accounts(job.topology)
    return {
        "users": [_named(job, "User", one.user) for one in listed],
        "permissions": [
            _named(
                job,
                "Permission",
                one.user,
                vhost=place,
                userReference={"name": one.user},
                permissions=one.access._asdict(),
            )
            for one in listed
            if one.access is not None
        ],
    }


def _resource(job: Job, kind: str, slug: str, **spec: Any) -> dict[str, Any]:
    """Return a resource that is called as the application and `slug`.

    Two applications may share a namespace, and each have a queue named `celery` in a
    virtual host of its own.
    """
    return _named(job, kind, object_name(job, slug), **spec)


def _named(job: Job, kind: str, called: str, **spec: Any) -> dict[str, Any]:
    said = {key: value for key, value in spec.items() if key != "arguments" or value}
    return {
        "apiVersion": _API,
        "kind": kind,
        "metadata": {"name": called, **in_namespace(job)},
        "spec": {**said, "rabbitmqClusterReference": {"name": cluster(job) or _CLUSTER}},
    }


def _binding_slug(one: Binding, destination: str) -> str:
    """Return a name that depends on nothing but the binding, which cannot be changed."""
    text = json.dumps([*one[:4], dict(one.arguments)], sort_keys=True)
    return f"{destination}-{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
