"""Dead letters, expiry, alternate exchanges and headers on RabbitMQ."""

from __future__ import annotations

import amqp
import pytest
from arrivals import Application, all_is_where_the_file_says
from fleet import HERE, running
from kombu import Connection

pytestmark = pytest.mark.broker

LETTERS = Application("letters:app", "celeryconfig")
PARKING = ("copies", "refused", "expired", "lost")


@pytest.fixture(scope="module")
def letters(make_site, rabbitmq_url, results_url):
    site = make_site(
        HERE / "sites" / "letters", LETTERS_BROKER_URL=rabbitmq_url, LETTERS_RESULT_URL=results_url
    )
    site.qtopo("emit", "celeryconfig.py")
    with running(site, "topology.toml", start=("here", "there")) as fleet:
        yield fleet


@pytest.fixture
def channel(rabbitmq_url):
    with Connection(rabbitmq_url) as connection, connection.channel() as channel:
        yield channel


def waiting(channel, queue):
    """How many messages wait in a queue that exists, and how many consume it."""
    found = channel.queue_declare(queue, passive=True)
    return found.message_count, found.consumer_count


def taken(fleet, channel, queue):
    """The one message that waits in a parking queue, for a person to look at."""
    fleet.until(lambda: waiting(channel, queue)[0], what=f"nothing came to {queue}")
    assert waiting(channel, queue) == (1, 0)
    return channel.basic_get(queue, no_ack=True)


def test_what_no_worker_consumes_is_there_from_the_start(letters, channel):
    for name in PARKING:
        assert waiting(channel, name)[1] == 0


def test_tasks_on_a_headers_exchange_are_where_the_file_says(letters):
    tasks = ["letters.write", "letters.north", "letters.south", "letters.event"]
    requests = [{"how": "delay", "app": LETTERS.app, "task": task} for task in tasks]
    requests += [{"how": "send_task", "config": LETTERS.config, "task": task} for task in tasks]
    requests.append({"how": "chain", "app": LETTERS.app, "tasks": tasks})
    requests.append({"how": "chord", "app": LETTERS.app, "tasks": tasks, "body": tasks[0]})
    all_is_where_the_file_says(letters, requests, letters.site.send(*requests))


def test_a_refused_message_is_parked(letters, channel):
    request = {"how": "delay", "app": LETTERS.app, "task": "letters.refuse", "wait": False}
    (answer,) = letters.site.send(request)
    message = taken(letters, channel, "refused")
    assert message.headers["id"] == answer["ids"][0]
    (death,) = message.headers["x-death"]
    assert (death["queue"], death["reason"]) == ("work", "rejected")


def test_a_message_that_waits_too_long_is_parked(letters, channel):
    request = {"how": "delay", "app": LETTERS.app, "task": "letters.slow", "wait": False}
    (answer,) = letters.site.send(request)
    message = taken(letters, channel, "expired")
    assert message.headers["id"] == answer["ids"][0]
    (death,) = message.headers["x-death"]
    assert (death["queue"], death["reason"]) == ("slow", "expired")


def test_what_no_binding_takes_goes_to_the_alternate_exchange(letters, channel):
    channel.basic_publish(amqp.Message("{}"), exchange="events", routing_key="unknown.event")
    assert taken(letters, channel, "lost").delivery_info["routing_key"] == "unknown.event"


def test_exchanges_are_bound_to_exchanges_from_the_start(letters, channel):
    channel.basic_publish(amqp.Message("{}"), exchange="everything", routing_key="any.key")
    assert taken(letters, channel, "copies").delivery_info["routing_key"] == "any.key"
