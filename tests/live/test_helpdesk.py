"""The help desk: Redis carries messages and results."""

from __future__ import annotations

import pytest
from arrivals import Application, all_is_where_the_file_says, every_way, nodes
from fleet import EXAMPLES, running

pytestmark = pytest.mark.broker

HELPDESK = Application("redis_priorities.app:app", "redis_priorities.celeryconfig")


@pytest.fixture(scope="module")
def helpdesk(make_site, redis_broker, results_url):
    site = make_site(EXAMPLES, HELPDESK_BROKER_URL=redis_broker, HELPDESK_RESULT_URL=results_url)
    site.qtopo("emit", "-t", "redis-priorities.toml", "redis_priorities/celeryconfig.py")
    with running(site, "redis-priorities.toml") as fleet:
        yield fleet


def test_every_task_is_where_the_file_says(helpdesk):
    assert helpdesk.nodes == nodes(helpdesk.topology)
    requests = every_way(helpdesk.topology, HELPDESK)
    all_is_where_the_file_says(helpdesk, requests, helpdesk.site.send(*requests))


def test_redis_hands_out_what_was_published(helpdesk):
    """kombu keeps exchange, key and priority in the message; an outage is 9 here and 0 there."""
    request = {"how": "delay", "app": HELPDESK.app, "task": "helpdesk.tickets.outage"}
    (answer,) = helpdesk.site.send(request)
    (note,) = [one for one in helpdesk.site.notes("received") if one["id"] == answer["ids"][0]]
    assert note["delivery_info"] == {"exchange": "", "routing_key": "tickets"}
    assert note["priority"] == 0
