"""Alert rules: read by promtool, over names of any content; metrics are RabbitMQ's own."""

from __future__ import annotations

import os
import re
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from brokers import MANAGEMENT, rabbitmq_url  # noqa: F401  a fixture
from deployed import TEXTS, deployed, emitted, job_of
from promtool import (
    RABBIT,
    REDIS,
    about,
    fires,
    firing,
    named,
    rabbit,
    ran,
    rules_of,
)
from qtopo.api import load
from qtopo.emit import prometheus
from qtopo.emit.base import Job, target_of
from qtopo.emit.prometheus_metrics import FAMILIES
from qtopo.emit.prometheus_queues import parked_queues
from qtopo.errors import EmitError
from qtopo.topology.kinds import printable
from qtopo.topology.topology import Topology

ANYTHING = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
EXAMPLES = sorted((Path(__file__).parents[3] / "topologies").glob("*.toml"))
ODD = [one for one in TEXTS if one.strip() == one and one and printable(one) and "," not in one]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.stem)
def test_promtool_takes_the_rules_of_every_example(file, tmp_path):
    job = Job(load(file), str(tmp_path / "a.yml"), source=file.name, target="prometheus")
    (artifact,) = emitted(job)
    (tmp_path / "a.yml").write_text(artifact.content, "utf-8")
    ran("check", "rules", "--lint-fatal", str(tmp_path / "a.yml"))


@settings(max_examples=25, deadline=None, suppress_health_check=ANYTHING)
@given(data=deployed())
def test_promtool_takes_the_rules_of_any_topology(data, tmp_path_factory):
    try:
        (artifact,) = emitted(job_of(data, "prometheus", "alerts.yml"))
    except EmitError:
        return
    path = tmp_path_factory.mktemp("rules") / "alerts.yml"
    path.write_text(artifact.content, "utf-8")
    ran("check", "rules", str(path))


def test_names_of_any_content_select_themselves_and_are_told_as_they_are(tmp_path):
    data = {
        **RABBIT,
        "exchanges": {},
        "queues": {name: {"owner": name} for name in ODD},
        "workers": {"post": {"queues": ODD}},
    }
    series = {rabbit("queue_consumers", name): "0x70" for name in ODD}
    expected = [
        firing(rule, job="r")
        for rule in named(data, "CeleryQueueWithoutConsumer", severity="critical")
    ]
    # The helper undid the escapes that it knows; what has to come out are the names.
    assert [one["exp_labels"]["queue"] for one in expected] == ODD
    assert [one["exp_labels"]["owner"] for one in expected] == ODD
    fires(tmp_path, data, series, {"CeleryQueueWithoutConsumer": expected})


def test_a_known_vhost_is_asked_for():
    data = {**RABBIT, "deploy": {"vhost": "shop"}}
    (rule,) = named(data, "CeleryMessagesParked", queue="letters")
    assert 'queue="letters",vhost="shop"' in rule["expr"]
    assert "vhost" not in named(RABBIT, "CeleryMessagesParked", queue="letters")[0]["expr"]


def test_what_cannot_be_measured():
    with pytest.raises(EmitError, match="no exporter"):
        rules_of({**REDIS, "broker": {"transport": "sqs"}})
    with pytest.raises(EmitError, match="no queue"):
        rules_of({"broker": {"transport": "rabbitmq"}})
    data = {
        **RABBIT,
        "exchanges": {},
        "queues": {
            "all": {"broadcast": True},
            "mine": {"exclusive": True, "slo": {"wait": "1s"}},
            "log": {"type": "stream", "slo": {"wait": "1s"}},
        },
        "workers": {"post": {"queues": ["all", "mine", "log"]}},
    }
    assert [(one["alert"], about(one)) for one in rules_of(data)] == [
        ("CeleryQueuesNotMeasured", ""),
        ("CeleryQueueWithoutConsumer", "log"),
    ]


def test_a_delay_is_not_for_a_person():
    data = {
        **RABBIT,
        "queues": {
            **RABBIT["queues"],
            "letters": {
                "exchange": "dead",
                "routing_key": "mail",
                "message_ttl": "1m",
                "dead_letter": {"exchange": "mail", "routing_key": "mail"},
            },
        },
    }
    assert list(parked_queues(Topology.from_data(data)[0])) == ["nowhere"]


def test_notes_say_what_alerts_cannot_see():
    said = "\n".join(prometheus.notes(job_of(REDIS, "prometheus")))
    assert "task_send_sent_event = true" in said
    assert "beat" not in said
    schedule = {"night": {"task": "tick", "crontab": "0 3 * * *"}}
    data = {**RABBIT, "beat": {"schedule": schedule}, "queues": {'a"b': {}}, "workers": {}}
    said = "\n".join(prometheus.notes(job_of(data, "prometheus")))
    assert "beat has stopped" in said
    assert "RabbitMQ 3.10 does not escape 'a\"b'" in said


def test_names_of_files():
    for name in ("shop.rules.yml", "alerts.yaml", "prometheus-shop.yml"):
        assert target_of(name) == "prometheus"


@pytest.mark.broker
def test_rabbitmq_gives_the_metrics_that_rules_ask_for(rabbitmq_url):  # noqa: F811
    from kombu import Connection, Consumer

    vhost = rabbitmq_url.rpartition("/")[2]
    data = {**RABBIT, "deploy": {"vhost": vhost}}
    asked = {
        metric for rule in rules_of(data) for metric in re.findall(r"rabbitmq_\w+", rule["expr"])
    }
    assert len(asked) == 4
    with Connection(rabbitmq_url) as connection:
        queue = connection.SimpleQueue("mail", queue_opts={"durable": False})
        queue.put({})
        taken: list[Any] = []
        with Consumer(
            connection, [queue.queue], callbacks=[lambda _, message: taken.append(message)]
        ):
            connection.drain_events(timeout=5)
            taken[0].ack()
            for _ in range(30):
                text = _scraped()
                lines = [
                    line.partition("{")
                    for line in text.splitlines()
                    if f'vhost="{vhost}"' in line and 'queue="mail"' in line
                ]
                found = {name: labels for name, _, labels in lines}
                if all(one in found for one in asked):
                    break
                connection.heartbeat_check()
                time.sleep(0.5)
            assert sorted(found.keys() & asked) == sorted(asked)
        queue.close()


def _scraped() -> str:
    host = MANAGEMENT.rpartition(":")[0]
    url = f"{host}:15692/metrics/detailed?{'&'.join(f'family={one}' for one in FAMILIES)}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            text: str = answer.read().decode("utf-8", "replace")
            return text
    except urllib.error.URLError:
        said = "the plugin rabbitmq_prometheus is off"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(said)
