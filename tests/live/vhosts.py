"""A vhost for tests of imports: what it holds, emptied, declared into, imported."""

from __future__ import annotations

import base64
import json
import os
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
import tomli
from kombu import Connection

from brokers import MANAGEMENT
from qtopo.compiler.live import celery_settings, to_live
from qtopo.compiler.queues import compile_declared
from qtopo.importers.complete import complete
from qtopo.importers.merge import merge
from qtopo.importers.sound import make_sound
from qtopo.importers.sources import Options, read
from qtopo.importers.write import write
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.importers.draft import Draft


def api(url: str, path: str, method: str = "GET", body: object = None) -> Any:
    """Ask the management API about the vhost of a URL; `{}` in the path is the vhost."""
    parts = urlsplit(url)
    account = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    request = urllib.request.Request(
        f"{MANAGEMENT.rstrip('/')}/api/{path.format(parts.path[1:])}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Basic {account}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{method} {path}: {error.read()!r}") from error


@pytest.fixture
def vhost(rabbitmq_url: str) -> Iterator[str]:
    """The URL of a vhost that the management API answers for, emptied afterwards."""
    try:
        api(rabbitmq_url, "overview")
    except (OSError, AssertionError) as error:
        if os.environ.get("CI"):
            pytest.fail(f"no management API: {error}")
        pytest.skip(f"no management API: {error}")
    yield rabbitmq_url
    empty(rabbitmq_url)


def management(url: str) -> str:
    """The URL of the vhost's management."""
    parts = urlsplit(url)
    server = urlsplit(MANAGEMENT)
    return f"{server.scheme}://{parts.username}:{parts.password}@{server.netloc}{parts.path}"


def held(url: str) -> dict[str, Any]:
    """What a vhost holds, as the API says it, without what every vhost has."""
    exchanges = {
        one["name"]: (one["type"], one["durable"], one["auto_delete"], one["arguments"])
        for one in api(url, "exchanges/{}")
        if one["name"] and not one["name"].startswith("amq.")
    }
    queues = {
        one["name"]: (one["durable"], one["auto_delete"], one["arguments"])
        for one in api(url, "queues/{}?disable_stats=true")
    }
    bindings = sorted(
        repr((one["source"], one["destination"], one["routing_key"], one["arguments"]))
        for one in api(url, "bindings/{}")
        if one["source"]
    )
    return {"exchanges": exchanges, "queues": queues, "bindings": bindings}


def empty(url: str) -> None:
    """Delete everything a vhost holds, over AMQP."""
    with Connection(url) as connection, connection.channel() as channel:
        found = held(url)
        for name in found["queues"]:
            channel.queue_delete(name)
        for name in found["exchanges"]:
            channel.exchange_delete(name)
    for kind in ("policies", "operator-policies"):
        for one in api(url, f"{kind}/{{}}"):
            api(url, f"{kind}/{{}}/{quote(one['name'], safe='')}", "DELETE")


def declare(url: str, topology: Topology) -> None:
    """Declare a topology as the workers of its emitted settings do."""
    with Connection(url) as connection, connection.channel() as channel:
        for queue in celery_settings(topology)["task_queues"]:
            queue(channel).declare()
        declared = compile_declared(topology)
        for exchange in declared.exchanges:
            to_live(exchange)(channel).declare()
        for one in declared.bindings:
            bound, source = to_live(one.exchange)(channel), to_live(one.source)(channel)
            source.declare()
            bound.declare()
            bound.bind_to(source, one.routing_key, dict(one.arguments))


def imported(kind: str, named: str, options: Options | None = None) -> tuple[Topology, Draft]:
    """What a source gives, through the text that would be written."""
    draft = merge([read(kind, (named,), options)])
    complete(draft)
    make_sound(draft)
    topology, wrong = Topology.from_data(tomli.loads(write(draft)))
    assert wrong == []
    return topology, draft
