"""What all tests share: an environment without surprises, and real brokers where asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import hypothesis
import pytest

from brokers import rabbitmq_url, redis_url, results_url

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["rabbitmq_url", "redis_url", "results_url"]

_BROKERS = {"rabbitmq_url", "redis_url", "results_url"}
_OURS = ("QTOPO_", "CELERY_")
# The short names are those that `celery` itself reads.
_NAMES = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "APP", "BROKER_URL", "REMAP_SIGTERM")

# Here every run tries other examples; a change that did nothing wrong must not
# be held up by one that nobody has seen before.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")


def pytest_configure() -> None:
    """Forget what the developer's shell says about qtopo, Celery and colours."""
    for name in list(os.environ):
        if name.startswith(_OURS) or name in _NAMES:
            del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses a real broker; start with those that mostly wait.

    A long file that comes last would keep one process busy and leave the others idle.
    """
    items.sort(key=lambda item: "live" not in item.path.parts)
    for item in items:
        if _BROKERS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.broker)


@pytest.fixture(autouse=True)
def _tasks_stay_in_their_test() -> Iterator[None]:
    """Forget the shared tasks of a test: Celery puts them into every app made later."""
    from celery import _state
    from celery.app import builtins  # noqa: F401  (what Celery itself shares is there from now on)

    before = set(_state._on_app_finalizers)
    yield
    _state._on_app_finalizers.intersection_update(before)
