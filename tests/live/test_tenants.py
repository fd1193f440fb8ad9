"""Two hundred customers' queues on RabbitMQ, shared by four kinds of worker."""

from __future__ import annotations

import pytest
from arrivals import Application, all_is_where_the_file_says, every_way, nodes
from fleet import EXAMPLES, running

pytestmark = pytest.mark.broker

TENANTS = Application("tenants.app:app", "tenants.celeryconfig")


@pytest.fixture(scope="module")
def tenants(make_site, rabbitmq_url, results_url):
    site = make_site(EXAMPLES, TENANTS_BROKER_URL=rabbitmq_url, TENANTS_RESULT_URL=results_url)
    site.qtopo("emit", "-t", "tenants.toml", "tenants/celeryconfig.py")
    with running(site, "tenants.toml") as fleet:
        yield fleet


def test_every_customers_task_is_in_his_own_queue(tenants):
    assert tenants.nodes == nodes(tenants.topology)
    requests = every_way(tenants.topology, TENANTS)
    all_is_where_the_file_says(tenants, requests, tenants.site.send(*requests))
    queues = {one.queue for one in tenants.site.received() if one.task.startswith("crm.")}
    assert len(queues) == 200
