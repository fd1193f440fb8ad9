"""AsyncAPI documents: by AsyncAPI's own schema, and by the messages that Celery makes."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from deployed import TEXTS, job_of
from qtopo.api import load
from qtopo.emit import asyncapi
from qtopo.emit.asyncapi_messages import CONTENT_TYPES
from qtopo.emit.base import Job, emitter, target_of
from qtopo.routing.route import route_many
from qtopo.topology.kinds import printable
from schemas import FOLDER
from strategies import topologies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.topology.topology import Topology

ANYTHING = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
EXAMPLES = sorted((Path(__file__).parents[3] / "topologies").glob("*.toml"))
ODD = [
    *(one for one in TEXTS if one.strip() == one and one and printable(one) and "," not in one),
    "~0~1",
    "a/b",
    "%7e",
    "#/x",
]

SHOP: dict[str, Any] = {
    "app": {"name": "shop", "celery": "shop:app", "description": "sells"},
    "broker": {"transport": "rabbitmq", "url": "env:BROKER_URL"},
    "exchanges": {"events": {"type": "topic", "alternate": "lost"}, "lost": {"type": "fanout"}},
    "queues": {
        "mail": {
            "exchange": "events",
            "routing_key": "mail.#",
            "max_priority": 5,
            "owner": "growth",
            "slo": {"wait": "30s"},
        },
        "lost": {"exchange": "lost", "parking": True},
        "celery": {},
        "all": {"broadcast": True},
    },
    "routes": [
        {
            "task": "shop.mail",
            "queue": "mail",
            "routing_key": "mail.now",
            "priority": 5,
            "delivery_mode": "transient",
        },
        {"task": "shop.x.*", "queue": "celery"},
    ],
    "tasks": {"shop.mail": {"owner": "growth", "description": "sends"}, "shop.rest": {}},
    "workers": {
        "post": {"queues": ["mail", "all"], "concurrency": 4, "replicas": 2},
        "rest": {"queues": ["celery"], "scale": {"min": 0, "max": 3}},
        "off": {"queues": ["celery"], "replicas": 0},
    },
    "beat": {"schedule": {"now": {"task": "shop.mail", "every": "5m", "queue": "celery"}}},
}


@cache
def schema() -> Any:
    found = json.loads((FOLDER / "asyncapi-3.0.0.json").read_text("utf-8"))
    return jsonschema.Draft7Validator(found)


def document(data: dict[str, Any]) -> dict[str, Any]:
    return written(job_of(data, "asyncapi", "asyncapi.json"))


def written(job: Job) -> dict[str, Any]:
    """The document, which is valid, whose references lead somewhere, in both formats."""
    target = emitter("asyncapi")
    (file,) = target.emit(job)
    assert target.emit(job) == [file]
    assert target.summary(job)
    found: dict[str, Any] = json.loads(file.content)
    problems = [
        f"{'.'.join(map(str, one.absolute_path))}: {one.message[:300]}"
        for one in schema().iter_errors(found)
    ]
    assert problems == []
    holds(found, job.topology)
    (other,) = target.emit(Job(job.topology, "asyncapi.yaml", target="asyncapi"))
    assert yaml.safe_load(other.content) == found
    assert other.content.startswith("# Made by qtopo emit --target asyncapi:")
    return found


def holds(found: dict[str, Any], topology: Topology) -> None:
    """Every reference leads to what it is to; operations say what routing says."""
    for channel in found["channels"].values():
        # What is in braces is a parameter, and there is no other.
        told = re.findall(r"\{(.*?)\}", channel["address"] or "")
        assert told == list(channel.get("parameters", ()))
    for reference in references(found):
        assert resolved(found, reference) is not None
    for one in found["operations"].values():
        channel = resolved(found, one["channel"]["$ref"])
        assert channel["address"] is None or isinstance(channel["address"], str)
        for message in one.get("messages", ()):
            # The specification: of the operation's own channel.
            assert message["$ref"].startswith(one["channel"]["$ref"] + "/messages/")
            target = resolved(found, resolved(found, message["$ref"])["$ref"])
            assert target["headers"]["allOf"][1]["properties"]["task"] == {"const": target["name"]}
    by_task: dict[str, set[str]] = {}
    for one in found["operations"].values():
        if one["action"] == "receive":
            queue = one["title"].removeprefix(f"{one['x-worker']['name']} consumes ")
            for message in one.get("messages", ()):
                name = resolved(found, resolved(found, message["$ref"])["$ref"])["name"]
                by_task.setdefault(name, set()).add(queue)
    running = {one.name: one for one in topology.workers.values() if one.replicas or one.scale}
    consumed = {queue for one in running.values() for queue in one.queues}
    entries = topology.beat.schedule.values() if topology.beat else ()
    rerouted = {one.task for one in entries if one.queue or one.routing_key}
    for way in route_many(topology, topology.known_tasks()):
        if way.task not in rerouted:
            assert by_task.get(way.task, set()) == set(way.delivered_to) & consumed


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"$ref"}:
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def resolved(found: Any, reference: str) -> Any:
    """What a JSON pointer in a URI's fragment leads to (RFC 6901)."""
    assert reference.startswith("#/")
    for part in unquote(reference[2:]).split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_valid(file):
    written(Job(load(file), "asyncapi.json", source=file.name, target="asyncapi"))


@settings(max_examples=20, deadline=None, suppress_health_check=ANYTHING)
@given(data=topologies())
def test_any_topology_is_valid(data):
    document(data)


def test_names_of_any_content():
    data: dict[str, Any] = {
        "broker": {"transport": "rabbitmq"},
        "exchanges": {f"e{name}": {} for name in ODD},
        "queues": {name: {"owner": name} for name in ODD},
        "tasks": {name: {"queue": name, "owner": name} for name in ODD},
        "workers": {name: {"queues": [name], "owner": name} for name in ODD},
        "defaults": {"queue": ODD[0]},
    }
    found = document(data)
    queues = [
        one["bindings"]["amqp"]["queue"]["name"]
        for one in found["channels"].values()
        if one["bindings"]["amqp"]["is"] == "queue"
    ]
    assert queues == ODD
    defaults = [
        one["parameters"]["queue"]["default"]
        for one in found["channels"].values()
        if one["address"] == "{queue}"
    ]
    assert defaults == [name for name in ODD if {"{", "}"} & set(name)]
    messages = found["components"]["messages"].values()
    assert sorted(one["name"] for one in messages) == sorted(ODD)
    received = [one for one in found["operations"].values() if one["action"] == "receive"]
    assert [one["x-worker"]["name"] for one in received] == ODD


def test_exchanges_and_queues():
    found = document(SHOP)["channels"]
    assert set(found) == {
        "exchange_events",
        "exchange_lost",
        "exchange_celery",
        "exchange_all",
        "default-exchange",
        "queue_mail",
        "queue_lost",
        "queue_celery",
        "queue_all",
    }
    events = found["exchange_events"]
    assert events["bindings"]["amqp"] == {
        "is": "routingKey",
        "exchange": {
            "name": "events",
            "type": "topic",
            "durable": True,
            "autoDelete": False,
            "vhost": "/",
        },
        "bindingVersion": "0.3.0",
    }
    assert events["parameters"]["routingKey"]["examples"] == ["mail.now"]
    assert events["x-arguments"] == {"alternate-exchange": "lost"}
    assert found["default-exchange"]["bindings"]["amqp"]["exchange"]["type"] == "default"
    mail = found["queue_mail"]
    assert mail["address"] == "mail"
    assert mail["tags"] == [{"name": "growth", "description": "who answers for it"}]
    assert mail["x-arguments"] == {"x-max-priority": 5}
    assert mail["x-bindings"] == [{"exchange": "events", "routingKey": "mail.#"}]
    assert mail["x-slo"] == {"wait": 30.0}
    assert found["queue_lost"]["x-parking"] is True
    everyone = found["queue_all"]
    assert everyone["address"] is None
    assert everyone["x-broadcast"] is True
    assert everyone["bindings"]["amqp"]["queue"] == {
        "durable": False,
        "exclusive": False,
        "autoDelete": True,
        "vhost": "/",
    }


def test_what_is_sent_and_received():
    found = document(SHOP)["operations"]
    assert set(found) == {
        "send_shop-mail",
        "send_shop-rest",
        "schedule_now",
        "receive_post_mail",
        "receive_post_all",
        "receive_rest_celery",
    }
    mail = found["send_shop-mail"]
    assert mail["channel"] == {"$ref": "#/channels/exchange_events"}
    assert mail["messages"] == [{"$ref": "#/channels/exchange_events/messages/shop-mail"}]
    assert mail["bindings"]["amqp"] == {
        "cc": ["mail.now"],
        "deliveryMode": 1,
        # Of 0 to 5 on the wire, where the file has 0 to 9.
        "priority": 3,
        "bindingVersion": "0.3.0",
    }
    assert (mail["x-queue"], mail["x-delivered-to"]) == ("mail", ["mail"])
    beat = found["schedule_now"]
    assert beat["channel"] == {"$ref": "#/channels/default-exchange"}
    assert beat["x-schedule"] == {"every": 300.0}
    assert beat["x-delivered-to"] == ["celery"]
    post = found["receive_post_mail"]
    assert post["messages"] == [{"$ref": "#/channels/queue_mail/messages/shop-mail"}]
    assert post["x-worker"] == {"name": "post", "pool": "prefork", "replicas": 2, "concurrency": 4}
    assert found["receive_rest_celery"]["x-worker"]["scale"] == {"min": 0, "max": 3}


def test_elsewhere_tasks_are_sent_to_queues():
    data = {**SHOP, "broker": {"transport": "redis", "url": "env:BROKER_URL"}}
    data["exchanges"] = {"events": {"type": "topic"}, "lost": {"type": "fanout"}}
    found = document(data)
    assert all(key.startswith("queue_") for key in found["channels"])
    assert not any("bindings" in one for one in found["channels"].values())
    sent = found["operations"]["send_shop-mail"]
    assert sent["channel"] == {"$ref": "#/channels/queue_mail"}
    assert "bindings" not in sent


@pytest.mark.parametrize(
    ("transport", "url", "expected"),
    [
        ("rabbitmq", "amqp://me@mq:5671/shop?x=1", [("mq:5671", "amqp", "/shop")]),
        ("amqps", "amqps://mq", [("mq", "amqps", None)]),
        ("redis", "redis://[::1]:6379/3", [("[::1]:6379", "redis", "/3")]),
        (
            "sentinel",
            "sentinel://a:1;sentinel://b:2/1",
            [("a:1", "sentinel", None), ("b:2", "sentinel", "/1")],
        ),
        ("memory", "memory://", [("{broker}", "memory", None)]),
        ("pyamqp", "env:MQ", [("{broker}", "amqp", None)]),
        ("redis", None, [("{broker}", "redis", None)]),
    ],
)
def test_servers_tell_where_and_no_more(transport, url, expected):
    broker = {"transport": transport, **({} if url is None else {"url": url})}
    found = document(
        {**SHOP, "broker": broker, "exchanges": {}, "queues": {}, "routes": []}
        | {"workers": {}, "beat": {}}
    )["servers"]
    assert [
        (one["host"], one["protocol"], one.get("pathname")) for one in found.values()
    ] == expected
    for one in found.values():
        assert ("variables" in one) == (one["host"] == "{broker}")
    if url == "env:MQ":
        assert "MQ" in found["broker"]["variables"]["broker"]["description"]


def test_celery_makes_messages_of_that_shape():
    """What Celery puts on the wire fits the schemas, and what is none does not."""
    from celery import Celery, chain, group

    app = Celery("shop", broker="memory://", set_as_current=False)
    app.conf.task_ignore_result = True
    found: list[tuple[dict[str, Any], Any]] = []

    @app.task(name="shop.mail")
    def mail(*_: Any, **__: Any) -> None: ...

    with app.connection_for_write() as connection:
        channel = connection.default_channel
        queue = app.amqp.queues["celery"](channel)
        queue.declare()
        queue.purge()
        options: dict[str, Any] = {"connection": connection}
        mail.apply_async((1,), {"b": "c"}, **options)
        mail.apply_async(countdown=9, expires=99, time_limit=5, soft_time_limit=2, **options)
        mail.apply_async(link=mail.s(), link_error=mail.s(), shadow="other", **options)
        chain(mail.s(), mail.s(2), mail.s(3)).apply_async(**options)
        group(mail.s(), mail.s()).apply_async(**options)
        app.send_task("shop.mail", stamped_headers=["a"], a="1", **options)
        while (message := queue.get(no_ack=True)) is not None:
            found.append((message.headers, message.payload))
            assert message.properties["correlation_id"] == message.headers["id"]
    assert len(found) >= 7
    told = document(SHOP)
    assert told["defaultContentType"] == "application/json"
    message = told["components"]["messages"]["shop-mail"]
    headers, body = (
        jsonschema.Draft7Validator({**message[one], "components": told["components"]})
        for one in ("headers", "payload")
    )
    for given_, payload in found:
        assert [one.message for one in headers.iter_errors(given_)] == []
        assert [one.message for one in body.iter_errors(payload)] == []
        # Nothing that Celery sends is left undescribed.
        named = told["components"]["schemas"]["celeryHeaders"]["properties"]
        assert set(given_) - set(named) <= {"a"}
        assert set(payload[2]) == set(
            told["components"]["schemas"]["celeryBody"]["items"][2]["properties"]
        )
    assert not headers.is_valid({**found[0][0], "task": "shop.rest"})
    assert not headers.is_valid({})
    assert not body.is_valid([[], {}])


def test_content_types_are_kombus():
    from kombu.serialization import registry

    assert {name: registry.name_to_type[name] for name in CONTENT_TYPES} == CONTENT_TYPES
    assert "defaultContentType" not in document({**SHOP, "settings": {"task_serializer": "own"}})


def test_notes_and_names_of_files():
    (note,) = asyncapi.notes(job_of(SHOP, "asyncapi"))
    assert "pattern" in note
    assert asyncapi.notes(job_of({**SHOP, "routes": []}, "asyncapi")) == []
    for name in ("asyncapi.json", "asyncapi.yaml", "asyncapi-shop.yml"):
        assert target_of(name) == "asyncapi"
