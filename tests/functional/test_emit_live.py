"""The emitted module under a real worker on RabbitMQ: what no worker consumes is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from kombu import Connection, Consumer, Exchange, Queue

if TYPE_CHECKING:
    from pathlib import Path

TOPOLOGY = """\
[broker]
url = "env:SHOP_BROKER_URL"
[defaults]
queue = "{p}default"
[exchanges."{p}dead"]
[exchanges."{p}all"]
type = "fanout"
[exchanges."{p}copies"]
type = "fanout"
bindings = [{{ exchange = "{p}all" }}]
[queues."{p}default"]
dead_letter = {{ exchange = "{p}dead", routing_key = "d" }}
[queues."{p}parked"]
exchange = "{p}dead"
routing_key = "d"
parking = true
[queues."{p}kept"]
exchange = "{p}copies"
parking = true
[workers.w]
queues = ["{p}default"]
"""

APP = """\
from celery import Celery
app = Celery()
app.config_from_object("celeryconfig")
"""


def test_a_worker_declares_what_nobody_consumes(rabbitmq_url: str, tmp_path: Path) -> None:
    prefix = f"qtopo-emit-{os.getpid()}-"
    (tmp_path / "topology.toml").write_text(TOPOLOGY.format(p=prefix))
    (tmp_path / "app.py").write_text(APP)
    subprocess.run(
        [sys.executable, "-m", "qtopo", "emit", "celeryconfig.py"], cwd=tmp_path, check=True
    )
    parked, kept = prefix + "parked", prefix + "kept"
    worker = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "app",
            "worker",
            "-P",
            "solo",
            "-Q",
            prefix + "default",
            "-n",
            prefix + "w@%h",
            "--without-mingle",
            "--without-gossip",
        ],
        cwd=tmp_path,
        env={**os.environ, "SHOP_BROKER_URL": rabbitmq_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with Connection(rabbitmq_url) as connection:
            wait_for(connection, parked)
            wait_for(connection, kept)
            producer = connection.Producer()
            # As a dead letter is, and from one exchange to another.
            producer.publish(
                {}, exchange=Exchange(prefix + "dead", no_declare=True), routing_key="d"
            )
            producer.publish({}, exchange=Exchange(prefix + "all", no_declare=True), routing_key="")
            assert drained(connection, parked) == 1
            assert drained(connection, kept) == 1
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(20)
        with Connection(rabbitmq_url) as connection:
            channel = connection.channel()
            for queue in ("default", "parked", "kept"):
                channel.queue_delete(prefix + queue)
            for exchange in ("default", "dead", "all", "copies"):
                channel.exchange_delete(prefix + exchange)


def wait_for(connection: Connection, queue: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            with connection.channel() as channel:
                channel.queue_declare(queue, passive=True)
            return
        except connection.channel_errors:
            if time.monotonic() > deadline:
                pytest.fail(f"{queue} was not declared")
            time.sleep(0.2)


def drained(connection: Connection, name: str) -> int:
    got: list[object] = []
    queue = Queue(name, no_declare=True)
    with Consumer(
        connection, [queue], callbacks=[lambda body, message: (got.append(body), message.ack())]
    ):
        deadline = time.monotonic() + 5
        while not got and time.monotonic() < deadline:
            try:
                connection.drain_events(timeout=0.5)
            except TimeoutError:
                continue
    return len(got)
