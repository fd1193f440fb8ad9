"""docs/transports.md says what RabbitMQ and kombu do: asked again, and told by qtopo."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.broker


@pytest.fixture
def differences(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "scripts"))
    yield importlib.import_module("transport_differences")
    for name in ("transport_differences", "transport_cases"):
        sys.modules.pop(name, None)


def test_the_table_is_what_the_brokers_do(
    differences: Any, rabbitmq_url: str, redis_url: str
) -> None:
    found = differences.measured(rabbitmq_url, redis_url)
    stored = differences.stored()["outcomes"]
    cases = differences.transport_cases.cases()
    for case, now, then in zip(cases, found, stored, strict=True):
        assert now == then, case
