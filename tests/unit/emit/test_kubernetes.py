"""Kubernetes manifests: by the schemas of several versions, and back to what is started."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployed import TEXTS, deployed, emitted, job_of, texts
from qtopo.api import load
from qtopo.emit import kubernetes
from qtopo.emit.kubernetes_objects import literal
from qtopo.emit.launching import program, units
from qtopo.errors import EmitError
from qtopo.topology.deploy import Deploy
from read_back_kubernetes import expanded, objects, read_back
from schemas import KUBERNETES, kubernetes_problems

# Whole topologies are large, and much that is drawn for one does not fit together.
ANYTHING = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
EXAMPLES = sorted((Path(__file__).parents[3] / "topologies").glob("*.toml"))
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
BASE: dict[str, Any] = {
    "app": {"name": "shop", "celery": "shop:app"},
    "broker": {"transport": "rabbitmq", "url": "env:BROKER"},
    "queues": {"celery": {}},
    "workers": {"mail": {"queues": ["celery"], "concurrency": 2}},
    "deploy": {"image": "shop:1", "secret": "shop"},
}


def with_(**tables: Any) -> dict[str, Any]:
    return {**BASE, **{name: {**BASE.get(name, {}), **table} for name, table in tables.items()}}


def objects_of(kind: str, /, **tables: Any) -> list[dict[str, Any]]:
    return objects(emitted(job_of(with_(**tables), "kubernetes")), kind)


def pod(name: str = "mail", /, **tables: Any) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one["spec"]["template"]["spec"]
        for one in objects_of("Deployment", **tables)
        if one["metadata"]["name"] == f"shop-{name}"
    )
    return found


def container(name: str = "mail", /, **tables: Any) -> dict[str, Any]:
    (found,) = pod(name, **tables)["containers"]
    return dict(found)


def notes(**tables: Any) -> str:
    return "\n".join(kubernetes.notes(job_of(with_(**tables), "kubernetes")))


def well_formed(found: list[dict[str, Any]]) -> None:
    """What no schema says: names and labels are of the letters that a cluster takes."""
    named = [(one["kind"], one["metadata"]["name"]) for one in found]
    assert len(set(named)) == len(named)
    for one in found:
        assert NAME.fullmatch(one["metadata"]["name"])
        assert len(one["metadata"]["name"]) <= 63
        for value in one["metadata"]["labels"].values():
            assert LABEL.fullmatch(value)
            assert len(value) <= 63
    for one in found:
        if one["kind"] != "Deployment":
            continue
        template = one["spec"]["template"]
        assert (
            one["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
        )
        (only,) = template["spec"]["containers"]
        mounted = [mount["name"] for mount in only["volumeMounts"]]
        assert mounted == [volume["name"] for volume in template["spec"]["volumes"]]
        folders = [mount["mountPath"] for mount in only["volumeMounts"]]
        assert len(set(folders)) == len(folders)
        assert all(folder.startswith("/") and ":" not in folder for folder in folders)


def holds(job: Any, versions: tuple[str, ...] = KUBERNETES[-1:]) -> None:
    """The objects are valid, read alike by two parsers, and start what the compiler says."""
    artifacts = emitted(job)
    found = objects(artifacts)
    assert [one for file in artifacts for one in yaml.safe_load_all(file.content)] == found
    assert [
        problem
        for one in found
        for version in versions
        for problem in kubernetes_problems(one, version)
    ] == []
    well_formed(found)
    started = read_back(artifacts)
    assert len(started) == len(units(job)) == len({file.path for file in artifacts})
    for one, unit in zip(started, units(job), strict=True):
        process = unit.process
        assert one.argv == program(job, process.argv)
        assert one.env == dict(process.env)
        assert one.grace == process.shutdown.seconds
        if process.scale is None:
            assert one.replicas == (1 if process.kind == "beat" else process.replicas)
        else:
            assert one.replicas is None


@settings(max_examples=30, deadline=None, suppress_health_check=ANYTHING)
@given(deployed())
def test_any_topology_comes_through_unharmed(data):
    holds(job_of(data, "kubernetes"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_valid(path):
    topology = load(str(path))
    topology = topology.replace(deploy=topology.deploy or Deploy(image="shop:1", secret="shop"))
    job = job_of(BASE, "kubernetes")
    holds(type(job)(topology, "deploy", source=path.name, target="kubernetes"), KUBERNETES)


@given(st.one_of(st.sampled_from(TEXTS), texts, st.text("$()AB", max_size=12)))
def test_a_text_is_never_taken_for_a_variable(text):
    assert expanded(literal(text), {"A": "no", "HOME": "no", "": "no"}) == text


def test_the_reader_puts_variables_in():
    # Else the test above could not fail. The cases are those of Kubernetes' own expansion_test.go.
    known = {"VAR_A": "A", "VAR_B": "B"}
    cases = {
        "$(VAR_A)": "A",
        "___$(VAR_B)___": "___B___",
        "$(VAR_A)$(VAR_B)": "AB",
        "$$(VAR_B)_$(VAR_A)": "$(VAR_B)_A",
        "f000-$$VAR_A": "f000-$VAR_A",
        "foo\\$(VAR_C)bar": "foo\\$(VAR_C)bar",
        "$$$$$$(VAR_A)": "$$$(VAR_A)",
        "$$$$$$$(VAR_A)": "$$$A",
        "$VAR_A)": "$VAR_A)",
        "$(VAR_A": "$(VAR_A",
        "$": "$",
    }
    assert {text: expanded(text, known) for text in cases} == cases


def test_a_worker_s_deployment():
    (found,) = objects_of(
        "Deployment",
        workers={"mail": {"queues": ["celery"], "replicas": 8, "shutdown": {"drain": "15m"}}},
        deploy={"namespace": "prod"},
    )
    assert found["metadata"]["namespace"] == "prod"
    assert found["spec"]["replicas"] == 8
    assert found["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 2},
    }
    spec = found["spec"]["template"]["spec"]
    assert spec["terminationGracePeriodSeconds"] == 900
    assert spec["enableServiceLinks"] is False


def test_an_autoscaler_is_left_its_replicas():
    scaled = {"queues": ["celery"], "replicas": 3, "scale": {"min": 1, "max": 9}}
    (found,) = objects_of("Deployment", workers={"mail": scaled})
    assert "replicas" not in found["spec"]


def test_a_worker_may_be_evicted_but_not_all_at_once():
    (found,) = objects_of("PodDisruptionBudget", beat={})
    assert found["metadata"]["name"] == "shop-mail"
    assert found["spec"] == {
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {
            "matchLabels": {
                "app.kubernetes.io/name": "shop",
                "app.kubernetes.io/instance": "mail",
                "app.kubernetes.io/component": "worker",
            }
        },
    }


def test_there_are_never_two_beats():
    found = objects_of("Deployment", beat={"replicas": 2, "scheduler": "redbeat"})[-1]["spec"]
    assert (found["replicas"], found["strategy"]) == (1, {"type": "Recreate"})


def test_urls_come_out_of_the_secret():
    env = container(workers={"mail": {"queues": ["celery"], "env": {"A": "$(B)"}}})["env"]
    assert env == [
        {
            "name": "BROKER",
            "valueFrom": {"secretKeyRef": {"name": "shop", "key": "BROKER"}},
        },
        {"name": "A", "value": "$$(B)"},
    ]


def test_a_worker_that_says_its_url_itself_needs_no_secret_for_it():
    env = container(workers={"mail": {"queues": ["celery"], "env": {"BROKER": "amqp://x"}}})["env"]
    assert env == [{"name": "BROKER", "value": "amqp://x"}]


def test_everything_is_read_only_but_what_is_written():
    deploy = {"heartbeat_file": "/run/celery/heartbeat", "directory": "/srv/shop"}
    beat = {"schedule_file": "var/beat"}
    worker, beats = (container(name, deploy=deploy, beat=beat) for name in ("mail", "beat"))
    assert worker["securityContext"]["readOnlyRootFilesystem"] is True
    assert worker["volumeMounts"] == [
        {"name": "tmp", "mountPath": "/tmp"},
        {"name": "heartbeat", "mountPath": "/run/celery"},
    ]
    assert beats["securityContext"]["readOnlyRootFilesystem"] is True
    assert beats["volumeMounts"] == [
        {"name": "tmp", "mountPath": "/tmp"},
        {"name": "schedule", "mountPath": "/srv/shop/var"},
    ]


@pytest.mark.parametrize("path", ["/srv/heartbeat", "/srv/shop/heartbeat", "/usr/bin/x", "/x"])
def test_no_volume_hides_the_application(path):
    deploy = {"heartbeat_file": path, "directory": "/srv/shop", "bin": "/srv/shop/.venv/bin"}
    found = container(deploy=deploy)
    assert found["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    assert found["securityContext"]["readOnlyRootFilesystem"] is False
    assert "stays writable" in notes(deploy=deploy)


def test_a_heartbeat_in_tmp_needs_no_volume_of_its_own():
    found = container(deploy={"heartbeat_file": "/tmp/heartbeat"})
    assert [one["mountPath"] for one in found["volumeMounts"]] == ["/tmp"]
    assert found["securityContext"]["readOnlyRootFilesystem"] is True


def test_users_are_numbers():
    found = pod(deploy={"user": "1000", "group": "2000"})["securityContext"]
    assert found["runAsNonRoot"] is True
    assert (found["runAsUser"], found["runAsGroup"], found["fsGroup"]) == (1000, 2000, 2000)
    assert "user as a number" not in notes(deploy={"user": "1000"})
    assert "runAsUser" not in pod(deploy={"user": "celery"})["securityContext"]
    assert "'celery' is a name" in notes(deploy={"user": "celery"})
    assert "group 'celery' is left out" in notes(deploy={"user": "1000", "group": "celery"})
    assert "group" not in notes(deploy={"user": "1000", "group": "1000"})
    with pytest.raises(EmitError, match="root"):
        pod(deploy={"user": "0"})


def test_memory_is_limited_and_cpu_is_not():
    found = container(tasks={"a": {"cpu": 0.3, "memory": "100MB"}})["resources"]
    assert found == {
        "requests": {"cpu": "600m", "memory": "319Mi"},
        "limits": {"memory": "319Mi"},
    }
    assert "resources" not in container()


def test_a_start_is_over_when_the_worker_answers():
    probe = container()["startupProbe"]
    # By the URL alone: importing the application at every probe costs seconds of CPU.
    assert probe["exec"]["command"][3:] == [
        "mail",
        "BROKER",
        "celery",
        "inspect",
        "ping",
        "-t",
        "10",
    ]
    assert probe["timeoutSeconds"] > 10
    with_options = container(broker={"options": {"confirm_publish": True}})["startupProbe"]
    assert with_options["exec"]["command"][3:7] == ["mail", "celery", "-A", "shop:app"]


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ({"workers": {"mail": {"queues": ["celery"], "pool": "solo"}}}, "solo"),
        ({"settings": {"worker_enable_remote_control": False}}, "switched off"),
        ({"broker": {"transport": "sqs"}}, "no fanout"),
        ({"workers": {"mail": {"queues": ["celery"], "extra_args": ["-n", "x"]}}}, "own name"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_nobody_is_asked_who_cannot_answer(tables, reason):
    assert "startupProbe" not in container(**tables)


def test_a_worker_without_a_heartbeat_has_no_liveness():
    assert "livenessProbe" not in container()
    assert "heartbeat_file" in notes()


def test_a_node_of_another_name_has_a_file_that_nobody_here_knows():
    worker = {"queues": ["celery"], "extra_args": ["--hostname=other@%h"]}
    tables = {"workers": {"mail": worker}, "deploy": {"heartbeat_file": "/run/celery/%n"}}
    assert "livenessProbe" not in container(**tables)
    assert "'mail'" in notes(**tables)
    tables["deploy"] = {"heartbeat_file": "/run/celery/heartbeat"}
    assert "livenessProbe" in container(**tables)


@pytest.mark.parametrize(
    ("named", "real"),
    [
        ("it's $(here)", "it's $(here)"),
        ("%n.%h 100% %i", f"mail.{socket.gethostname()} 100% %i"),
    ],
)
def test_liveness_is_a_loop_that_turns(tmp_path, named, real):
    path = tmp_path / real
    deploy = {"heartbeat_file": str(tmp_path / named), "bin": os.path.dirname(sys.executable)}
    probe = container(deploy=deploy)["livenessProbe"]
    command = [expanded(one, {}) for one in probe["exec"]["command"]]

    def alive() -> bool:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    assert not alive()
    path.touch()
    assert alive()
    os.utime(path, (time.time() - 61,) * 2)
    assert not alive()


@pytest.mark.parametrize(
    ("deploy", "message", "help"),
    [
        ({"secret": "shop"}, "no image", "image = "),
        ({"image": "shop:1"}, "BROKER", "secret = "),
        ({"image": "shop:1", "secret": "Shop_"}, "Secret 'Shop_'", "lower-case"),
        ({"image": "i", "secret": "s", "namespace": "a.b"}, "namespace 'a.b'", "lower-case"),
    ],
)
def test_what_is_missing_is_said(deploy, message, help):
    with pytest.raises(EmitError, match=message) as caught:
        kubernetes.emit(job_of({**BASE, "deploy": deploy}, "kubernetes"))
    assert help in str(caught.value.help)


def test_a_long_application_still_has_short_names():
    found = objects_of(
        "Deployment", app={"name": "a" * 80}, workers={"w" * 80: {"queues": ["celery"]}}
    )
    well_formed(found)
    assert len(found) == 2


def test_hostile_names_are_told_in_annotations():
    workers = {"Ä $(B)": {"queues": ["celery"], "owner": "growth", "description": "a\nb: c"}}
    (found,) = objects(emitted(job_of({**BASE, "workers": workers}, "kubernetes")), "Deployment")
    assert found["metadata"]["annotations"] == {
        "qtopo/worker": "Ä $(B)",
        "kubernetes.io/description": "a\nb: c",
        "qtopo/owner": "growth",
    }
