"""Compose files: by compose's schema, by two YAML parsers, and back to what is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli
import yaml
from hypothesis import HealthCheck, given, settings

from deployed import deployed, emitted, job_of
from qtopo.api import load
from qtopo.emit import compose
from qtopo.emit.base import target_of
from qtopo.emit.launching import program
from qtopo.emit.machine import started
from qtopo.errors import EmitError
from qtopo.topology.deploy import Deploy
from read_back_compose import parsed, read_back, services
from schemas import compose_problems

# Whole topologies are large, and much that is drawn for one does not fit together.
ANYTHING = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
EXAMPLES = sorted((Path(__file__).parents[3] / "topologies").glob("*.toml"))
BASE: dict[str, Any] = {
    "app": {"name": "shop", "celery": "shop:app"},
    "broker": {"transport": "rabbitmq", "url": "env:BROKER"},
    "queues": {"celery": {}},
    "workers": {"mail": {"queues": ["celery"], "concurrency": 2}},
    "deploy": {"image": "shop:1"},
}


def with_(**tables: Any) -> dict[str, Any]:
    merged = {**BASE}
    for name, table in tables.items():
        merged[name] = {**BASE.get(name, {}), **table}
    return merged


def service(name: str = "mail", /, **tables: Any) -> dict[str, Any]:
    found: dict[str, Any] = services(emitted(job_of(with_(**tables), "compose")), {})[name]
    return found


def holds(job: Any) -> None:
    """The file is valid, read alike by two parsers, and starts what the compiler says."""
    (artifact,) = emitted(job)
    document = yaml.safe_load(artifact.content)
    assert parsed(artifact.content) == document
    assert compose_problems(document) == []
    units = started(job)
    found = read_back([artifact])
    assert [one.name for one in found] == [unit.slug for unit in units]
    for one, unit in zip(found, units, strict=True):
        process = unit.process
        assert one.argv == program(job, process.argv)
        assert one.env == dict(process.env)
        assert one.replicas == (1 if process.kind == "beat" else process.replicas)
        assert one.grace == process.shutdown.seconds


@settings(max_examples=30, deadline=None, suppress_health_check=ANYTHING)
@given(deployed())
def test_any_topology_comes_through_unharmed(data):
    holds(job_of(data, "compose"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_compose_files(path):
    topology = load(str(path))
    topology = topology.replace(deploy=topology.deploy or Deploy(image="shop:1"))
    job = job_of(BASE, "compose")
    holds(type(job)(topology, "compose.yaml", source=path.name, target="compose"))


@pytest.mark.parametrize(
    "name", ["compose.yaml", "compose.prod.yml", "docker-compose.yml", "deploy/Compose.YAML"]
)
def test_a_name_that_asks_for_compose(name):
    assert target_of(name) == "compose"


def test_urls_are_passed_through_and_nothing_else_is():
    content = emitted(
        job_of(
            with_(workers={"mail": {"queues": ["celery"], "env": {"PRICE": "$5 ${BROKER}"}}}),
            "compose",
        )
    )
    found = services(content, {"BROKER": "amqp://rabbit"})["mail"]["environment"]
    assert found == {"BROKER": "amqp://rabbit", "PRICE": "$5 ${BROKER}"}


def test_a_variable_that_is_missing_stops_compose():
    raw = yaml.safe_load(emitted(job_of(BASE, "compose"))[0].content)
    assert raw["services"]["mail"]["environment"]["BROKER"].startswith("${BROKER:?")


def test_an_env_file_brings_the_urls():
    # Compose does not put the variables of an env_file in for ${BROKER}.
    found = service(deploy={"env_file": "/etc/shop.env"})
    assert found["env_file"] == ["/etc/shop.env"]
    assert "environment" not in found


def test_a_worker_is_stopped_as_it_wants():
    found = service(workers={"mail": {"queues": ["celery"], "shutdown": {"drain": "15m"}}})
    assert found["stop_grace_period"] == "900s"
    assert found["stop_signal"] == "SIGTERM"
    assert found["init"] is True
    assert found["entrypoint"] == []


def test_the_image_s_own_healthcheck_is_not_for_beat():
    assert service("beat", beat={})["healthcheck"] == {"disable": True}


def test_a_beat_that_answers_is_asked():
    found = service("beat", beat={}, settings={"beat_enable_remote_control": True})
    assert "celerybeat" in found["healthcheck"]["test"]


def test_a_solo_worker_answers_nobody():
    data = with_(workers={"mail": {"queues": ["celery"], "pool": "solo"}})
    assert service(workers=data["workers"])["healthcheck"] == {"disable": True}
    assert any("solo" in note for note in compose.notes(job_of(data, "compose")))


def test_the_heartbeat_has_a_folder_that_anyone_may_write():
    found = service(deploy={"heartbeat_file": "/run/celery/heartbeat"})
    assert found["tmpfs"] == ["/run/celery"]
    assert "/run/celery/heartbeat" in found["healthcheck"]["test"]


def test_beat_keeps_its_schedule_in_a_volume():
    data = with_(beat={"schedule_file": "/var/lib/beat/schedule"})
    artifacts = emitted(job_of(data, "compose"))
    assert yaml.safe_load(artifacts[0].content)["volumes"] == {"beat-schedule": {}}
    (volume,) = services(artifacts, {})["beat"]["volumes"]
    assert volume == {"type": "volume", "source": "beat-schedule", "target": "/var/lib/beat"}
    order = services(artifacts, {})["beat"]["deploy"]
    assert order == {"replicas": 1, "update_config": {"order": "stop-first"}}


def test_no_volume_hides_the_application():
    job = job_of(
        with_(beat={"schedule_file": "beat"}, deploy={"directory": "/srv/shop"}), "compose"
    )
    assert "volumes" not in services(emitted(job), {})["beat"]
    assert any("schedule_file" in note for note in compose.notes(job))


def test_a_group_that_compose_cannot_take_is_told():
    alone = job_of(with_(deploy={"group": "1000"}), "compose")
    assert any("group '1000' is left out" in note for note in compose.notes(alone))
    both = job_of(with_(deploy={"group": "1000", "user": "1000"}), "compose")
    assert not any("group" in note for note in compose.notes(both))


def test_what_the_tasks_need_is_reserved():
    found = service(tasks={"a": {"cpu": 0.5, "memory": "100MB"}})["deploy"]["resources"]
    assert found == {
        "limits": {"memory": "319m"},
        "reservations": {"cpus": "1.00", "memory": "319m"},
    }


def test_no_image_no_file():
    data = with_()
    del data["deploy"]
    with pytest.raises(EmitError, match="no image") as caught:
        compose.emit(job_of(data, "compose"))
    assert "image = " in str(caught.value.help)
    (found,) = tomli.loads(caught.value.help.partition(": ")[2].replace("[deploy] ", "")).values()
    assert found


def test_names_and_owners_are_told():
    data = {"Mail & more": {"queues": ["celery"], "owner": "growth $1", "description": "a\nb"}}
    (found,) = services(emitted(job_of({**BASE, "workers": data}, "compose")), {}).values()
    assert found["labels"] == {
        "qtopo.worker": "Mail & more",
        "qtopo.description": "a\nb",
        "qtopo.owner": "growth $1",
    }
