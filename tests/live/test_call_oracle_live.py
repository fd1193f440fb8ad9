"""RabbitMQ takes what Celery publishes, as `resolve` said: random settings and calls.

Compared is what comes back out of a queue: the message's exchange, key, priority,
delivery mode and headers; where Celery or py-amqp raises, the exception.

A run makes 200 calls; `TEST_ORACLE_CASES=3000` makes as many as it says.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import suppress

import pytest
from amqp.exceptions import PreconditionFailed
from celery import Celery
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from kombu import Connection, Producer

import calls
import publishing
import raw_settings
from qtopo.routing.call import Call, Resolved
from qtopo.routing.resolve import resolve

pytestmark = pytest.mark.broker

CALLS = 10
CASES = int(os.environ.get("TEST_ORACLE_CASES", "200"))
CATCH = "catch"
QUORUM = "x-queue-type"


class Broker:
    """One channel to a vhost that is swept before each call."""

    def __init__(self, url: str) -> None:
        self.connection = Connection(url)
        self.queues: set[str] = set()
        self.exchanges: set[str] = set()
        self.open()

    def _note(self) -> None:
        """Remember what the channel declares."""
        queue_declare, exchange_declare = self.channel.queue_declare, self.channel.exchange_declare

        def declare_queue(queue=None, arguments=None, **options):
            self.queues.add(queue)
            # Celery looks at the type; for where a message goes the broker does not,
            # and quorum queues that come and go by the hundred cost it dearly.
            kept = {key: value for key, value in (arguments or {}).items() if key != QUORUM}
            return queue_declare(queue, arguments=kept, **options)

        def declare_exchange(exchange=None, *arguments, **options):
            self.exchanges.add(exchange)
            return exchange_declare(exchange, *arguments, **options)

        self.channel.queue_declare, self.channel.exchange_declare = declare_queue, declare_exchange

    def open(self) -> None:
        self.channel = self.connection.channel()
        self._note()
        publishing.keep(self.channel)
        self.producer = Producer(self.channel, auto_declare=False)

    def sweep(self) -> None:
        for name in self.queues:
            self.channel.queue_delete(name)
        for name in self.exchanges:
            self.channel.exchange_delete(name)
        self.queues.clear()
        self.exchanges.clear()

    def get(self, queue: str):
        """Return the message that is in a queue; a quorum queue takes a moment to have it."""
        for _ in range(500):
            message = self.channel.basic_get(queue, no_ack=True)
            if message is not None:
                return message
            time.sleep(0.01)
        return None

    def prepare(self, found: Resolved, types: dict[str, str]) -> str:
        """Let what is published come into a queue, and return the queue."""
        if found.wire_exchange == "":
            return found.wire_key or ""
        kind = types.get(found.wire_exchange, "topic")
        self.channel.exchange_declare(
            found.wire_exchange, kind, durable=True, auto_delete=False, nowait=False
        )
        self.channel.queue_declare(CATCH, durable=True, auto_delete=False)
        # A direct exchange looks at the key, a topic exchange takes "#", a fanout everything.
        for key in {found.wire_key or "", "#"}:
            self.channel.queue_bind(CATCH, found.wire_exchange, key)
        return CATCH


@pytest.fixture(scope="module")
def broker(rabbitmq_url):
    found = Broker(rabbitmq_url)
    yield found
    found.connection.release()


def _nothing():
    """A task's work."""


def _call(tasks, decorators, drawn) -> Call:
    task, options, method, _ = drawn
    # What expires is gone before it is looked at.
    options = {key: value for key, value in options.items() if key != "expires"}
    registered = task in tasks
    return Call(
        task,
        options,
        decorators.get(task, {}),
        registered=registered,
        method=method if registered else "send_task",
    )


@pytest.mark.filterwarnings("ignore")
def test_rabbitmq_gets_what_was_said(broker):
    outcomes: Counter[str] = Counter()

    @hypothesis_settings(
        deadline=None, max_examples=max(1, CASES // CALLS), suppress_health_check=list(HealthCheck)
    )
    @given(calls.settings(), st.lists(calls.calls(), min_size=CALLS, max_size=CALLS))
    def run(drawn, several):
        for one in several:
            outcomes[_compare(broker, drawn, one)] += 1

    run()
    print(dict(outcomes))
    assert outcomes["delivered"] > CASES // 5
    assert outcomes["refused by the broker"] < CASES // 5


def _compare(broker: Broker, drawn: calls.Settings, one) -> str:
    app = Celery(
        "oracle", set_as_current=False, broker="amqp://nowhere.invalid", backend="disabled"
    )
    app.conf.update(drawn.conf)
    for name, options in drawn.decorators.items():
        app.task(name=name, shared=False, **options)(_nothing)
    app.finalize()
    try:
        call = _call(app.tasks, drawn.decorators, one)
        known = raw_settings.sending(drawn.conf, "amqp")
        try:
            found = resolve(known, call)
            said = publishing.predicted(found)
        except (TypeError, ValueError, AttributeError) as error:
            found, said = None, publishing.error_name(error)
        try:
            broker.sweep()
            queue = None
            if isinstance(found, Resolved):
                types = {queue.exchange: queue.exchange_type for queue in known.queues.values()}
                created = known.missing_exchange_type or "direct"
                if found.queue not in known.queues and found.queue not in known.aliases:
                    types.setdefault(str(found.queue), created)
                queue = broker.prepare(found, types)
            seen = publishing.publish(app, broker.producer, call)
        except PreconditionFailed:
            seen = "PreconditionFailed"
        if seen == "PreconditionFailed" != said:
            # One exchange with two types, which is the settings' fault; or an argument
            # that the queue's type does not have.
            broker.open()
            return "refused by the broker"
        difference = publishing.differs(seen, said)
        assert not difference, f"{drawn}\n  {call}\n  {difference}"
        if isinstance(said, str):
            if not broker.channel.is_open:
                broker.open()
            return "refused by the client"
        if queue != CATCH and queue not in found.declares:
            # No queue has that name.
            return "lost"
        message = broker.get(queue)
        assert message is not None, f"{drawn}\n  {call}\n  nothing came into {queue!r}"
        came = publishing.Seen(
            message.delivery_info["exchange"],
            message.delivery_info["routing_key"],
            message.properties.get("priority") or 0,
            message.properties["delivery_mode"],
            dict(message.headers or {}),
            said.declared,
        )
        difference = publishing.differs(came, said)
        assert not difference, f"{drawn}\n  {call}\n  {difference}"
        return "delivered"
    finally:
        with suppress(Exception):
            app.close()
