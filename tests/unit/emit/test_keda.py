"""KEDA objects: by KEDA's own definitions, and by what RabbitMQ and kombu make of the names."""

from __future__ import annotations

import base64
import json
import os
import re
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlsplit

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokers import MANAGEMENT, RABBITMQ, rabbitmq_url, redis_url  # noqa: F401  fixtures
from deployed import TEXTS, deployed, emitted, job_of
from qtopo.api import load
from qtopo.emit import keda, keda_triggers, kubernetes
from qtopo.emit.base import Job
from qtopo.errors import EmitError
from qtopo.topology.deploy import Deploy
from qtopo.topology.workers import Scale
from read_back_kubernetes import objects
from schemas import keda_problems
from strategies import HOSTILE

if TYPE_CHECKING:
    from qtopo.topology.topology import Topology

# Whole topologies are large, and much that is drawn for one does not fit together.
ANYTHING = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
EXAMPLES = sorted((Path(__file__).parents[3] / "topologies").glob("*.toml"))
SCALED = {"queues": ["celery"], "concurrency": 4, "scale": {"min": 1, "max": 20}}
RABBIT: dict[str, Any] = {
    "app": {"name": "shop", "celery": "shop:app"},
    "broker": {"transport": "rabbitmq", "url": "env:BROKER"},
    "queues": {"celery": {}},
    "workers": {"mail": SCALED},
    "deploy": {"secret": "shop"},
}
REDIS: dict[str, Any] = {**RABBIT, "broker": {"transport": "redis", "url": "env:BROKER"}}
IDENTIFIER = re.compile(r"q[0-9]+(_[A-Za-z0-9]+)*")


def scaled(data: dict[str, Any]) -> dict[str, Any]:
    """The spec of the one ScaledObject."""
    (found,) = objects(emitted(job_of(data, "keda")), "ScaledObject")
    spec: dict[str, Any] = found["spec"]
    return spec


def worker(**changes: Any) -> dict[str, Any]:
    return {"mail": {**SCALED, **changes}}


def notes(data: dict[str, Any]) -> str:
    return "\n".join(keda.notes(job_of(data, "keda")))


def holds(job: Job) -> None:
    """The objects are valid, name Deployments that are there, and sum what they name."""
    artifacts = emitted(job)
    found = objects(artifacts)
    assert [one for file in artifacts for one in yaml.safe_load_all(file.content)] == found
    assert [problem for one in found for problem in keda_problems(one)] == []
    deployments = kubernetes.emit(
        Job(job.topology, "other", source=job.source, target="kubernetes")
    )
    names = {one["metadata"]["name"]: one for one in objects(deployments, "Deployment")}
    paths = [one.path for one in (*artifacts, *deployments)]
    assert len(set(paths)) == len(paths)
    secrets = {one["metadata"]["name"] for one in found if one["kind"] == "TriggerAuthentication"}
    for one in found:
        if one["kind"] != "ScaledObject":
            continue
        spec = one["spec"]
        target = names[spec["scaleTargetRef"]["name"]]
        assert "replicas" not in target["spec"]
        assert target["metadata"]["name"] == one["metadata"]["name"]
        # CEL rules of the definition that JSON Schema does not know.
        assert spec["minReplicaCount"] <= spec["maxReplicaCount"]
        window = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        assert window["stabilizationWindowSeconds"] <= 3600
        triggers = spec["triggers"]
        wanted = [trigger["name"] for trigger in triggers]
        assert len(set(wanted)) == len(wanted)
        assert all(IDENTIFIER.fullmatch(name) for name in wanted)
        modifiers = spec["advanced"].get("scalingModifiers")
        if modifiers is None:
            assert len(triggers) == 1
        else:
            assert modifiers["formula"].split(" + ") == wanted
            # KEDA takes a fallback only with a whole number here (fallback.go, HasValidFallback).
            assert int(modifiers["target"]) > 0
        for trigger in triggers:
            assert all(type(value) is str for value in trigger["metadata"].values())
            assert trigger["authenticationRef"]["name"] in secrets


@settings(max_examples=20, deadline=None, suppress_health_check=ANYTHING)
@given(deployed(scaled=True))
def test_any_topology_comes_through_unharmed(data):
    job = job_of(data, "keda")
    idle = [
        name
        for name, one in job.topology.workers.items()
        if not keda_triggers.scaling_queues(job, one)
    ]
    if idle:
        with pytest.raises(EmitError, match="broadcast"):
            keda.emit(job)
    else:
        holds(job)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_scaled_are_valid(path):
    topology = load(str(path))
    workers = {
        name: one.replace(scale=Scale(min=0, max=9), concurrency=one.concurrency or 2)
        for name, one in topology.workers.items()
    }
    topology = topology.replace(
        workers=workers, deploy=topology.deploy or Deploy(image="shop:1", secret="shop")
    )
    holds(Job(topology, "out", source=path.name, target="keda"))


def test_a_queue_of_rabbitmq():
    spec = scaled(RABBIT)
    assert spec["triggers"] == [
        {
            "type": "rabbitmq",
            "name": "q1_celery",
            "metadata": {
                "protocol": "http",
                "mode": "QueueLength",
                "value": "16",
                "queueName": "celery",
                "excludeUnacknowledged": "false",
            },
            "authenticationRef": {"name": "shop-broker"},
        }
    ]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (1, 20)
    assert "scalingModifiers" not in spec["advanced"]


def test_the_secret_tells_where_the_management_api_is():
    (found,) = objects(emitted(job_of(RABBIT, "keda")), "TriggerAuthentication")
    assert found["spec"] == {
        "secretTargetRef": [{"parameter": "host", "name": "shop", "key": "BROKER_HTTP"}]
    }
    assert "BROKER_HTTP" in notes(RABBIT)


def test_several_queues_are_added_up():
    data = {
        **RABBIT,
        "queues": {"celery": {}, "a-b": {}, "news": {"broadcast": True}, "log": {"type": "stream"}},
        "workers": worker(queues=["celery", "a-b", "news", "log"], prefetch_multiplier=1),
    }
    spec = scaled(data)
    assert spec["advanced"]["scalingModifiers"] == {
        "formula": "q1_celery + q2_a_b",
        "target": "4",
        "metricType": "AverageValue",
    }


@pytest.mark.parametrize(
    ("worker_says", "setting", "value"),
    [
        ({}, {}, "16"),
        ({"prefetch_multiplier": 2}, {}, "8"),
        ({}, {"worker_prefetch_multiplier": 1}, "4"),
        ({}, {"worker_prefetch_multiplier": 0}, "4"),
        ({"pool": "solo"}, {}, "4"),
    ],
)
def test_a_process_more_for_what_one_takes(worker_says, setting, value):
    data = {**RABBIT, "workers": worker(**worker_says), "settings": setting}
    assert scaled(data)["triggers"][0]["metadata"]["value"] == value


def test_the_cores_of_a_machine_are_its_concurrency():
    one = {"queues": ["celery"], "scale": {"min": 1, "max": 2}, "machine": "big"}
    data = {**RABBIT, "workers": {"mail": one}, "machines": {"big": {"cpus": 8.5}}}
    assert scaled(data)["triggers"][0]["metadata"]["value"] == "32"


def test_a_long_task_keeps_its_worker():
    task = {"queue": "celery", "duration": {"mean": "1m", "p99": "20m"}}
    spec = scaled({**RABBIT, "tasks": {"a": task}})
    assert spec["cooldownPeriod"] == 1200
    down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    assert down["stabilizationWindowSeconds"] == 1200
    task["time_limit"] = "2h"
    assert scaled({**RABBIT, "tasks": {"a": task}})["cooldownPeriod"] == 7200
    assert scaled({**RABBIT, "settings": {"task_time_limit": 900}})["cooldownPeriod"] == 900


def test_what_cannot_be_read_stops_nobody():
    data = {**RABBIT, "workers": worker(scale={"min": 0, "max": 5})}
    assert scaled(data)["fallback"] == {
        "failureThreshold": 3,
        "replicas": 1,
        "behavior": "currentReplicasIfHigher",
    }
    assert "no process" in notes(data)


def test_a_url_of_the_file_names_the_vhost():
    data = {**RABBIT, "broker": {"transport": "rabbitmq", "url": "amqp://rabbit:5672/a%2Fb"}}
    assert scaled(data)["triggers"][0]["metadata"]["vhostName"] == "a/b"


def test_the_file_names_the_vhost_by_itself():
    data = {**RABBIT, "deploy": {"secret": "shop", "vhost": "shop"}}
    assert scaled(data)["triggers"][0]["metadata"]["vhostName"] == "shop"


def test_redis_with_one_list():
    (trigger,) = scaled(REDIS)["triggers"]
    assert trigger["type"] == "redis"
    assert trigger["metadata"] == {"databaseIndex": "0", "listName": "celery", "listLength": "4"}
    (found,) = objects(emitted(job_of(REDIS, "keda")), "TriggerAuthentication")
    assert [(one["parameter"], one["key"]) for one in found["spec"]["secretTargetRef"]] == [
        ("address", "BROKER_ADDRESS"),
        ("username", "BROKER_USERNAME"),
        ("password", "BROKER_PASSWORD"),
    ]
    said = notes(REDIS)
    assert "ahead of time" in said
    assert "redis_database" in said


def test_redis_by_the_url_of_the_file():
    data = {
        **REDIS,
        "broker": {"transport": "rediss", "url": "rediss://cache.internal/3"},
        "workers": worker(prefetch_multiplier=1),
        "deploy": {},
    }
    spec = scaled(data)
    assert spec["triggers"] == [
        {
            "type": "redis",
            "name": "q1_celery",
            "metadata": {
                "address": "cache.internal:6379",
                "databaseIndex": "3",
                "enableTLS": "true",
                "listName": "celery",
                "listLength": "4",
            },
        }
    ]
    assert len(emitted(job_of(data, "keda"))) == 1
    assert "ahead of time" not in notes(data)


def test_sentinels():
    broker = {
        "transport": "sentinel",
        "url": "sentinel://[::1]:26379/0;sentinel://b",
        "options": {"master_name": "main"},
    }
    (trigger,) = scaled({**REDIS, "broker": broker, "deploy": {"secret": "s"}})["triggers"]
    assert trigger["type"] == "redis-sentinel"
    assert trigger["metadata"]["address"] == "[::1]:26379,b:26379"
    assert trigger["metadata"]["sentinelMaster"] == "main"


def test_the_database_of_redis_can_be_said():
    data = {**REDIS, "deploy": {"secret": "shop", "redis_database": 7}}
    assert scaled(data)["triggers"][0]["metadata"]["databaseIndex"] == "7"
    assert "redis_database" not in notes(data)


def test_a_fanout_on_redis_has_no_list():
    data = {
        **REDIS,
        "exchanges": {"all": {"type": "fanout"}},
        "queues": {"celery": {}, "news": {"exchange": "all"}},
        "workers": worker(queues=["celery", "news"]),
    }
    assert [one["name"] for one in scaled(data)["triggers"]] == ["q1_celery"]


def test_two_workers_of_one_queue_know_nothing_of_each_other():
    data = {**RABBIT, "workers": {"a": SCALED, "b": SCALED}}
    assert "'a' and 'b'" in notes(data)


@pytest.mark.parametrize(
    ("changes", "message", "help"),
    [
        ({"workers": {"mail": {"queues": ["celery"]}}}, "no worker is scaled", "scale = "),
        ({"workers": worker(scale={"min": 3, "max": 2})}, "between 3 and 2", "at most"),
        ({"workers": {"mail": {"queues": ["celery"], "scale": {"min": 1, "max": 2}}}},
         "how many tasks", "concurrency"),
        ({"deploy": {}}, "no Secret", "secret = "),
        ({"broker": {"transport": "sqs"}}, "not for 'sqs'", "yourself"),
        ({"queues": {"celery": {"broadcast": True}}}, "broadcast", "scale"),
        ({"broker": {"transport": "sentinel", "url": "env:X"}}, "masters", "master_name"),
        ({"broker": {"transport": "redis", "url": "redis+socket:///run/redis"}}, "host", "redis://"),
        ({"broker": {"transport": "redis", "url": "redis://h:port/"}}, "no address", ""),
    ],
)  # fmt: skip
def test_what_keda_could_not_do_is_said(changes, message, help):
    with pytest.raises(EmitError, match=message) as caught:
        keda.emit(job_of({**RABBIT, **changes}, "keda"))
    assert help in (caught.value.help or "")


# --- what the brokers make of it ---------------------------------------------


def topology_of(data: dict[str, Any]) -> Topology:
    return job_of(data, "keda").topology


@pytest.mark.broker
@pytest.mark.parametrize(
    "options", [{}, {"global_keyprefix": "a:{b}"}, {"sep": ":", "priority_steps": [0, 3, 6]}],
    ids=["plain", "prefix", "own-steps"],
)  # fmt: skip
def test_kombu_files_every_priority_in_a_list_that_is_watched(redis_url, options):  # noqa: F811
    from kombu import Connection
    from redis import Redis

    from qtopo.compiler.options import transport_options

    data = {**REDIS, "broker": {**REDIS["broker"], "options": options},
            "routes": [{"task": "a", "priority": 9}]}  # fmt: skip
    topology = topology_of(data)
    with Connection(redis_url, transport_options=transport_options(topology)) as connection:
        queue = connection.SimpleQueue("celery")
        for priority in (None, *range(10)):
            queue.put("x", **({} if priority is None else {"priority": priority}))
        queue.close()
    watched = keda_triggers.redis_lists(topology, "celery")
    assert len(set(watched)) == len(watched)
    with Redis.from_url(redis_url) as client:
        assert sum(client.llen(key) for key in watched) == 11


def keda_asks(host: str, metadata: dict[str, str]) -> list[str]:
    """The queues that RabbitMQ answers with, asked as KEDA 2.21 does.

    rabbitmq_scaler.go, getQueueInfoViaHTTP: Go's QueryEscape, which is quote_plus.
    """
    parts = urlsplit(host)
    base = f"{parts.scheme}://{parts.hostname}:{parts.port}/api/queues{parts.path}"
    name = quote_plus(metadata["queueName"].strip(), safe="~")
    if metadata.get("useRegex") == "true":
        url = f"{base}?page=1&use_regex=true&pagination=false&name={name}&page_size=100"
    else:
        url = f"{base}/{name}"
    known = f"{parts.username}:{parts.password}".encode()
    request = urllib.request.Request(
        url, headers={"Authorization": f"Basic {base64.b64encode(known).decode()}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        found = json.load(answer)
    return [one["name"] for one in found["items"]] if "items" in found else [found["name"]]


@pytest.fixture(scope="module")
def management(rabbitmq_url):  # noqa: F811
    """What the Secret would hold, and the URL for AMQP."""
    try:
        urllib.request.urlopen(MANAGEMENT, timeout=5).close()
    except OSError:
        if os.environ.get("CI"):
            raise
        pytest.skip("RabbitMQ's management API does not answer")
    user, api = urlsplit(RABBITMQ), urlsplit(MANAGEMENT)
    vhost = urlsplit(rabbitmq_url).path
    return f"http://{user.username}:{user.password}@{api.netloc}{vhost}", rabbitmq_url


@pytest.mark.broker
def test_rabbitmq_finds_the_queues_that_keda_is_told(management):
    from kombu import Connection, Queue

    host, url = management
    names = sorted(
        {name.strip() for name in (*HOSTILE, *TEXTS)} - {""}
        | {"a b", "A B", "a+b", "a b.c", "axc d", "a/b", "a%20b", "..", "(?i)x y", "a [b] \\Q"}
    )
    data = {
        **RABBIT,
        "queues": {name: {} for name in names},
        "workers": worker(queues=names),
    }
    triggers = keda_triggers.triggers(job_of(data, "keda"), topology_of(data).workers["mail"])
    with Connection(url) as connection, connection.channel() as channel:
        for name in names:
            Queue(name, durable=True, channel=channel).queue_declare()
        assert [keda_asks(host, one.metadata) for one in triggers] == [[name] for name in names]


@given(st.text("ab .*+?()[]{}|^$\\-#&~\t\u00e9/'\"<>=!:,@%", max_size=10))
def test_a_pattern_matches_its_text_alone(text):
    pattern = re.compile(keda_triggers._escaped(text))
    assert pattern.fullmatch(text)
    assert not pattern.fullmatch(f"{text}a")
    assert not text or not pattern.fullmatch(text[1:])
