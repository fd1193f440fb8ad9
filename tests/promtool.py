"""promtool, which reads alert rules and runs them over made-up metrics, and topologies for it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from deployed import emitted, job_of
from qtopo.emit.prometheus_text import quoted

if TYPE_CHECKING:
    from pathlib import Path

RABBIT: dict[str, Any] = {
    "app": {"name": "shop", "celery": "shop:app"},
    "broker": {"transport": "rabbitmq", "url": "env:BROKER"},
    "exchanges": {"dead": {}, "in": {"type": "topic", "alternate": "lost"}, "lost": {}},
    "queues": {
        "mail": {"slo": {"wait": "10m"}, "owner": "growth", "dead_letter": "dead"},
        "letters": {"exchange": "dead", "routing_key": "mail"},
        "nowhere": {"exchange": "lost", "routing_key": "x"},
        "rest": {"exchange": "in", "routing_key": "#"},
    },
    "workers": {
        "post": {"queues": ["mail"], "replicas": 3},
        "idle": {"queues": ["rest"], "scale": {"min": 0, "max": 2}},
    },
}
REDIS: dict[str, Any] = {
    **RABBIT,
    "broker": {"transport": "redis", "url": "env:BROKER"},
    "exchanges": {},
    "queues": {"mail": {"slo": {"wait": "10m"}}},
    "workers": {"post": {"queues": ["mail"], "replicas": 3}},
}


def _program() -> str:
    found = shutil.which("promtool")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("promtool is not installed")
        pytest.skip("promtool is not installed")
    return found


def rules_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    return read(emitted(job_of(data, "prometheus", "alerts.yml")))


def read(artifacts: Any) -> list[dict[str, Any]]:
    (file,) = artifacts
    return [rule for group in yaml.safe_load(file.content)["groups"] for rule in group["rules"]]


def named(data: dict[str, Any], alert: str, **labels: str) -> list[dict[str, Any]]:
    return [
        one
        for one in rules_of(data)
        if one["alert"] == alert and labels.items() <= one["labels"].items()
    ]


def ran(*arguments: str) -> None:
    done = subprocess.run(
        [_program(), *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def fires(
    folder: Path,
    data: dict[str, Any],
    series: dict[str, str],
    expected: dict[str, list[dict[str, Any]] | None],
    at: str = "60m",
) -> None:
    """Hold the alerts that fire against those expected, by Prometheus's own engine.

    `series` maps a series to its values, one a minute; `expected` an alert to the
    labels and annotations of all that fire.
    """
    (file,) = emitted(job_of(data, "prometheus", "alerts.yml"))
    (folder / "alerts.yml").write_text(file.content, "utf-8")
    test = {
        "rule_files": ["alerts.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": name, "values": values} for name, values in series.items()
                ],
                "alert_rule_test": [
                    {"eval_time": at, "alertname": alert, "exp_alerts": found or []}
                    for alert, found in expected.items()
                ],
            }
        ],
    }
    (folder / "test.yml").write_text(yaml.safe_dump(test, allow_unicode=True), "utf-8")
    ran("test", "rules", str(folder / "test.yml"))


def alert(data: dict[str, Any], name: str, queue: str, value: str = "", **more: str) -> Any:
    """The alert of a queue as it is to be when it fires, without templates."""
    (rule,) = [one for one in rules_of(data) if one["alert"] == name and about(one) == queue]
    return firing(rule, value, **more)


def firing(rule: dict[str, Any], value: str = "", **more: str) -> Any:
    texts = {
        key: text.replace('{{"{{"}}', "\0").replace("{{ $value }}", value).replace("\0", "{{")
        for key, text in rule["annotations"].items()
    }
    labels = {key: text.replace('{{"{{"}}', "{{") for key, text in rule["labels"].items()}
    return {"exp_labels": {**labels, **more}, "exp_annotations": texts}


def about(rule: dict[str, Any]) -> str:
    labels = rule["labels"]
    found: str = labels.get("queue", labels.get("task", ""))
    return found.replace('{{"{{"}}', "{{")


def rabbit(metric: str, queue: str, **labels: str) -> str:
    more = "".join(f',{key}="{value}"' for key, value in labels.items())
    return f'rabbitmq_detailed_{metric}{{job="r",vhost="/",queue={quoted(queue)}{more}}}'


def celery(metric: str, queue: str, **labels: str) -> str:
    more = "".join(f',{key}="{value}"' for key, value in labels.items())
    return f'celery_{metric}{{job="c",queue_name={quoted(queue)}{more}}}'
