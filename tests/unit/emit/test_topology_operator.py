"""Custom resources of the messaging topology operator, held against its own definitions."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtopo.emit import definitions, topology_operator
from qtopo.emit.base import Job
from qtopo.errors import EmitError
from qtopo.topology.topology import Topology
from strategies import topologies

FOLDER = Path(__file__).parents[2] / "data" / "schemas" / "topology-operator"
DNS = re.compile(r"[a-z0-9]([-a-z0-9]{0,251}[a-z0-9])?")

SMALL = {
    "app": {"name": "shop"},
    "broker": {"transport": "rabbitmq"},
    "queues": {"celery": {}, "Mail Out": {"type": "quorum", "delivery_limit": 5}},
    "workers": {"w": {"queues": ["celery", "Mail Out"]}},
    "deploy": {"namespace": "tasks", "rabbitmq_cluster": "rabbit", "vhost": "shop"},
}


def job_of(data):
    topology, wrong = Topology.from_data(data)
    assert wrong == []
    return Job(topology, "out", source="topology.toml", target="topology-operator")


def resources(data):
    """What is emitted, by the file's name, read by YAML's own parser."""
    found = {}
    for path, content in topology_operator.emit(job_of(data)):
        first = content.splitlines()[0]
        assert first.startswith("# Made by qtopo emit --target topology-operator:")
        found[path.removeprefix("out/").removesuffix(".yaml")] = list(yaml.safe_load_all(content))
    return found


@cache
def schema(plural):
    """The operator's schema of a kind; what it does not know is refused: a server drops it."""
    text = (FOLDER / f"rabbitmq.com_{plural}.yaml").read_text("utf-8")
    (version,) = yaml.safe_load(text)["spec"]["versions"]
    return jsonschema.Draft202012Validator(closed(version["schema"]["openAPIV3Schema"]))


def closed(node):
    if not isinstance(node, dict):
        return node
    found = {key: closed(one) for key, one in node.items()}
    if isinstance(node.get("properties"), dict):
        found["properties"] = {key: closed(one) for key, one in node["properties"].items()}
        if not node.get("x-kubernetes-preserve-unknown-fields"):
            found["additionalProperties"] = False
    return found


def problems(plural, document):
    return [error.message for error in schema(plural).iter_errors(document)]


def test_the_schemas_do_refuse():
    (queue, _) = [
        one for one in resources(SMALL)["queues"] if "delayed" not in one["metadata"]["name"]
    ]
    assert problems("queues", queue) == []
    queue["spec"]["autodelete"] = True
    assert problems("queues", queue)
    del queue["spec"]["autodelete"], queue["spec"]["name"]
    assert problems("queues", queue)


def test_a_queue_and_its_place():
    found = resources(SMALL)
    assert found["vhosts"][0]["spec"]["deletionPolicy"] == "retain"
    queue = found["queues"][1]
    assert queue["metadata"]["namespace"] == "tasks"
    assert re.fullmatch(r"shop-mail-out-[0-9a-f]{6}", queue["metadata"]["name"])
    assert queue["spec"] == {
        "name": "Mail Out",
        "vhost": "shop",
        "durable": True,
        "autoDelete": False,
        # Deleting the resource would otherwise delete the queue and what waits in it.
        "deletionPolicy": "retain",
        "type": "quorum",
        "arguments": {"x-queue-type": "quorum", "x-delivery-limit": 5},
        "rabbitmqClusterReference": {"name": "rabbit"},
    }


def test_users_have_no_password_and_permissions_name_them():
    assert "users" not in resources(SMALL)
    found = resources({**SMALL, "deploy": {"broker_users": True}})
    users = [one["metadata"]["name"] for one in found["users"]]
    assert users == ["shop-w", "shop-producer", "shop-control"]
    assert [one["spec"]["userReference"]["name"] for one in found["permissions"]] == users
    assert all(set(one["spec"]) == {"rabbitmqClusterReference"} for one in found["users"])
    for plural, documents in found.items():
        assert [problems(plural, one) for one in documents] == [[]] * len(documents)


def test_applications_that_share_a_namespace_share_no_resource():
    shop, blog = resources(SMALL), resources({**SMALL, "app": {"name": "blog"}})
    for plural, documents in shop.items():
        names = {one["metadata"]["name"] for one in documents}
        assert names.isdisjoint(one["metadata"]["name"] for one in blog[plural])


@pytest.mark.parametrize(
    ("key", "name"),
    [("namespace", "My Tasks"), ("rabbitmq_cluster", "rabbit: x"), ("namespace", "a.b")],
)
def test_no_name_that_kubernetes_refuses(key, name):
    with pytest.raises(EmitError, match=f"Kubernetes has no .*{name}"):
        resources({**SMALL, "deploy": {key: name}})


def test_what_is_to_be_filled_in_is_said():
    said = {**SMALL, "deploy": {}}
    assert any("rabbitmq_cluster" in note for note in topology_operator.notes(job_of(said)))
    assert not any("rabbitmq_cluster" in note for note in topology_operator.notes(job_of(SMALL)))


def test_only_rabbitmq_has_an_operator():
    with pytest.raises(EmitError, match="redis"):
        resources({"broker": {"transport": "redis"}})


def as_definitions(found, kind):
    """What the operator asks RabbitMQ for, as definitions have it (its internal/*_settings.go)."""
    for document in found.get(kind, ()):
        spec = document["spec"]
        one = {"vhost": spec["vhost"], "arguments": spec.get("arguments", {})}
        if kind == "bindings":
            yield one | {
                "source": spec["source"],
                "destination": spec["destination"],
                "destination_type": spec["destinationType"],
                "routing_key": spec["routingKey"],
            }
            continue
        one |= {"name": spec["name"], "durable": spec["durable"], "auto_delete": spec["autoDelete"]}
        if kind == "exchanges":
            one |= {"type": spec["type"], "internal": False}
        elif "type" in spec:
            assert spec["type"] == one["arguments"]["x-queue-type"]
        yield one


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(topologies(transports=("rabbitmq",)), st.booleans())
def test_any_topology_is_valid_and_means_what_the_definitions_mean(data, users):
    data["deploy"] = {"broker_users": users}
    found = resources(data)
    (artifact,) = definitions.emit(job_of(data))
    meant = json.loads(artifact.content)
    for kind in ("exchanges", "queues", "bindings"):
        assert list(as_definitions(found, kind)) == meant[kind]
    seen = set()
    for plural, documents in found.items():
        for document in documents:
            assert problems(plural, document) == []
            name = document["metadata"]["name"]
            assert DNS.fullmatch(name)
            assert (plural, name) not in seen
            seen.add((plural, name))
