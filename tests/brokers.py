"""Real brokers for tests: a Redis database and a RabbitMQ vhost of one's own.

A test that asks for one of these fixtures is marked `broker`. Where the broker
does not answer it is skipped on a laptop, and fails where CI is set. Other
places than localhost are named by TEST_REDIS_URL and TEST_RABBITMQ_URL.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")
RABBITMQ = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672")
MANAGEMENT = os.environ.get("TEST_RABBITMQ_MANAGEMENT_URL", "http://127.0.0.1:15672")

_LOCK = "qtopo-test"


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The URL of an empty Redis database that nobody else uses; emptied afterwards."""
    with redis_database() as url:
        yield url


@pytest.fixture(scope="module")
def results_url() -> Iterator[str]:
    """The URL of a Redis database for the results of one module's tests."""
    with redis_database() as url:
        yield url


@contextmanager
def redis_database() -> Iterator[str]:
    """Find an empty Redis database, keep others off it, and empty it afterwards."""
    _answers(REDIS, 6379)
    from redis import Redis

    base = REDIS.rstrip("/")
    for number in range(15, 0, -1):
        url = f"{base}/{number}"
        with Redis.from_url(url) as client:
            # Other test processes look for one at the same time: whoever sets
            # the lock in an otherwise empty database has it.
            if not client.set(_LOCK, "", nx=True, ex=900):
                continue
            if client.dbsize() > 1:
                client.delete(_LOCK)
                continue
            try:
                yield url
            finally:
                client.flushdb()
            return
    _missing("every Redis database from 1 to 15 holds something")


@pytest.fixture(scope="module")
def rabbitmq_url() -> Iterator[str]:
    """The URL of a RabbitMQ vhost that exists for the tests of one module."""
    _answers(RABBITMQ, 5672)
    name = f"qtopo-test-{uuid.uuid4().hex[:12]}"
    user = urlsplit(RABBITMQ).username or "guest"
    server = _vhosts()
    server.create(name, user)
    try:
        yield f"{RABBITMQ.rstrip('/')}/{quote(name, safe='')}"
    finally:
        server.delete(name)


class _Control:
    """Vhosts by `rabbitmqctl`."""

    def create(self, name: str, user: str) -> None:
        self.run("add_vhost", name)
        self.run("set_permissions", "-p", name, user, ".*", ".*", ".*")

    def delete(self, name: str) -> None:
        self.run("delete_vhost", name)

    def run(self, *arguments: str) -> None:
        subprocess.run(
            ["rabbitmqctl", "-q", *arguments], check=True, capture_output=True, timeout=60
        )


class _Management:
    """Vhosts by the management HTTP API."""

    def create(self, name: str, user: str) -> None:
        self.ask("PUT", f"vhosts/{quote(name, safe='')}")
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        self.ask("PUT", f"permissions/{quote(name, safe='')}/{quote(user, safe='')}", everything)

    def delete(self, name: str) -> None:
        self.ask("DELETE", f"vhosts/{quote(name, safe='')}")

    def ask(self, method: str, path: str, body: object = None) -> None:
        parts = urlsplit(RABBITMQ)
        account = f"{parts.username or 'guest'}:{parts.password or 'guest'}"
        request = urllib.request.Request(
            f"{MANAGEMENT.rstrip('/')}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": "Basic " + base64.b64encode(account.encode()).decode(),
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=10):
            pass


def _vhosts() -> _Control | _Management:
    """Return the way to make vhosts that works here."""
    try:
        management = _Management()
        management.ask("GET", "overview")
    except (OSError, urllib.error.URLError):
        pass
    else:
        return management
    if shutil.which("rabbitmqctl"):
        control = _Control()
        try:
            control.run("list_vhosts")
        except (subprocess.SubprocessError, OSError):
            pass
        else:
            return control
    _missing("RabbitMQ takes vhosts neither by its management API nor by rabbitmqctl")
    raise AssertionError


def _answers(url: str, port: int) -> None:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or port), 3):
            pass
    except OSError as error:
        _missing(f"no broker at {parts.hostname}:{parts.port or port}: {error}")


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
