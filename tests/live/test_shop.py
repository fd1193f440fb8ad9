"""The shop on RabbitMQ: its printed commands run verbatim, and what the file promises happens."""

from __future__ import annotations

import pytest
from arrivals import (
    Application,
    all_is_where_the_file_says,
    answered,
    every_way,
    nodes,
    worker_of,
)
from fleet import EXAMPLES, running
from kombu import Connection

import qtopo

pytestmark = pytest.mark.broker

SHOP = Application("shop.app:app", "shop.celeryconfig")


@pytest.fixture(scope="module")
def shop(make_site, rabbitmq_url, results_url):
    site = make_site(EXAMPLES, SHOP_BROKER_URL=rabbitmq_url, SHOP_RESULT_URL=results_url)
    site.qtopo("emit", "-t", "shop.toml", "shop/celeryconfig.py")
    with running(site, "shop.toml") as fleet:
        yield fleet


@pytest.fixture
def channel(rabbitmq_url):
    with Connection(rabbitmq_url) as connection, connection.channel() as channel:
        yield channel


def waiting(channel, queue):
    """How many messages wait in a queue that exists, and how many consume it."""
    found = channel.queue_declare(queue, passive=True)
    return found.message_count, found.consumer_count


def test_every_declared_process_is_up(shop):
    assert shop.nodes == nodes(shop.topology)
    assert any(line.endswith("beat") for line in shop.lines)


def test_every_task_is_where_the_file_says(shop):
    requests = every_way(shop.topology, SHOP)
    all_is_where_the_file_says(shop, requests, shop.site.send(*requests))


def test_what_is_delayed_comes_to_the_same_queues_and_no_other(shop):
    """With a quorum queue in the file Celery delays in the broker, through bindings of its own."""
    requests = [
        {"how": "apply_async", "app": SHOP.app, "task": task, "options": {"countdown": 1}}
        for task in answered(shop.topology)
    ]
    answers = shop.site.send(*requests)
    sent = [one for answer in answers for one in answer["ids"]]
    assert [answer["error"] for answer in answers] == [None] * len(requests)
    shop.until(lambda: len(shop.site.received_of(sent)) == len(sent))
    for event, *copies in shop.site.received_of(sent).values():
        routed = qtopo.route(shop.topology, event.task)
        assert copies == []
        assert event.queue in routed.delivered_to
        assert worker_of(shop.topology, event.node) in routed.workers


def test_the_checkout_workflow_arrives(shop):
    runs = [
        "shop.payments.charge",
        "shop.orders.reserve",
        "shop.orders.confirm",
        "shop.emails.receipt",
        "shop.ping",
    ]
    request = {"how": "call", "function": "shop.app:checkout", "args": [7], "runs": runs}
    (answer,) = answers = shop.site.send(request)
    assert answer["result"] == ["receipt for order 7", "pong"]
    all_is_where_the_file_says(shop, [request], answers)


def test_a_broadcast_reaches_every_worker(shop):
    """`checkout` has two replicas: both are told; `reports` does not listen."""
    request = {"how": "delay", "app": SHOP.app, "task": "shop.prices.forget", "wait": False}
    (answer,) = shop.site.send(request)
    listening = ["checkout-1", "checkout-2", "default", "emails"]
    shop.until(lambda: len(shop.site.received_of(answer["ids"]).get(answer["ids"][0], ())) >= 4)
    came = shop.site.received_of(answer["ids"])[answer["ids"][0]]
    assert sorted(one.node for one in came) == listening
    assert {one.queue for one in came} == {"announce"}


def test_queues_that_nobody_consumes_exist_from_the_start(shop, channel):
    for name in ("dead-emails", "dead-payments", "unrouted"):
        assert waiting(channel, name)[1] == 0


def test_what_a_worker_refuses_is_kept_for_a_person(shop, channel):
    """A task that no worker knows is rejected: quorum queue, dead-letter exchange, parking."""
    before = waiting(channel, "dead-payments")[0]
    shop.site.send(
        {
            "how": "send_task",
            "config": SHOP.config,
            "task": "shop.payments.written_by_nobody",
            "wait": False,
        }
    )
    shop.until(lambda: waiting(channel, "dead-payments") == (before + 1, 0))
    message = channel.basic_get("dead-payments", no_ack=True)
    assert message.headers["task"] == "shop.payments.written_by_nobody"
    (death,) = message.headers["x-death"]
    assert (death["queue"], death["reason"]) == ("payments", "rejected")


def test_what_no_binding_takes_goes_to_the_alternate_exchange(shop, channel):
    import amqp

    before = waiting(channel, "unrouted")[0]
    channel.basic_publish(amqp.Message("{}"), exchange="events", routing_key="nobody.asked")
    shop.until(lambda: waiting(channel, "unrouted") == (before + 1, 0))
    message = channel.basic_get("unrouted", no_ack=True)
    assert message.delivery_info["routing_key"] == "nobody.asked"
