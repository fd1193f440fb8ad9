"""The beginner's three queues on RabbitMQ."""

from __future__ import annotations

import pytest
from arrivals import Application, all_is_where_the_file_says, every_way, nodes
from fleet import EXAMPLES, running

pytestmark = pytest.mark.broker

SIMPLE = Application("simple.app:app", "simple.celeryconfig")


@pytest.fixture(scope="module")
def simple(make_site, rabbitmq_url, results_url):
    site = make_site(EXAMPLES, SIMPLE_BROKER_URL=rabbitmq_url, SIMPLE_RESULT_URL=results_url)
    site.qtopo("emit", "-t", "simple.toml", "simple/celeryconfig.py")
    with running(site, "simple.toml") as fleet:
        yield fleet


def test_every_task_is_where_the_file_says(simple):
    assert simple.nodes == nodes(simple.topology)
    requests = every_way(simple.topology, SIMPLE)
    all_is_where_the_file_says(simple, requests, simple.site.send(*requests))
