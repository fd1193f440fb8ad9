"""Every pool, kind of queue and way to send, on RabbitMQ and on Redis."""

from __future__ import annotations

import pytest
from arrivals import Application, all_is_where_the_file_says, every_way, nodes
from fleet import HERE, running

pytestmark = pytest.mark.broker

POOLS = Application("pools:app", "celeryconfig")


@pytest.fixture(scope="module", params=["rabbitmq", "redis"])
def pools(request, make_site, results_url):
    overlay = [] if request.param == "rabbitmq" else ["--env", "redis"]
    broker = request.getfixturevalue("redis_broker" if overlay else "rabbitmq_url")
    site = make_site(
        HERE / "sites" / "pools", POOLS_BROKER_URL=broker, POOLS_RESULT_URL=results_url
    )
    site.qtopo("emit", *overlay, "celeryconfig.py")
    with running(site, "topology.toml", *overlay) as fleet:
        yield fleet


def test_every_task_is_where_the_file_says(pools):
    assert pools.nodes == nodes(pools.topology)
    requests = every_way(pools.topology, POOLS)
    all_is_where_the_file_says(pools, requests, pools.site.send(*requests))


def test_a_workflow_over_all_queues_arrives(pools):
    runs = [
        "pools.download",
        "pools.mail.send",
        "pools.audit.order",
        "pools.ping",
        "pools.audit.look",
        "pools.audit.refund",
    ]
    request = {"how": "call", "function": "pools:workflow", "args": ["a.txt"], "runs": runs}
    (answer,) = answers = pools.site.send(request)
    assert answer["result"] == ["looked", "refunded"]
    all_is_where_the_file_says(pools, [request], answers)


def test_a_broadcast_from_another_process_reaches_every_worker(pools):
    request = {"how": "send_task", "config": POOLS.config, "task": "pools.news", "wait": False}
    (answer,) = pools.site.send(request)
    (sent,) = answer["ids"]
    everybody = ["greenlets-1", "greenlets-2", "one", "processes", "threads"]
    pools.until(lambda: len(pools.site.received_of([sent]).get(sent, ())) >= len(everybody))
    assert sorted(one.node for one in pools.site.received_of([sent])[sent]) == everybody


def test_a_key_that_two_bindings_match_comes_to_both_queues(pools):
    request = {"how": "delay", "app": POOLS.app, "task": "pools.mail.archive"}
    answers = pools.site.send(request)
    all_is_where_the_file_says(pools, [request], answers)
    (came,) = pools.site.received_of(answers[0]["ids"]).values()
    assert {(one.queue, one.node) for one in came} == {("mail", "threads"), ("archive", "one")}


def test_what_beat_sends_comes_to_the_queue_of_its_entry(pools):
    def ticks():
        # The other tests send it too, to the queue of its route.
        came = [one for one in pools.site.received() if one.task == "pools.tick"]
        return [one for one in came if one.queue == "downloads"]

    pools.until(lambda: len(ticks()) >= 2, 15.0, "beat sent nothing")
    assert {one.node for one in ticks()} <= {"greenlets-1", "greenlets-2"}


def test_each_replica_takes_its_share(pools):
    replicas = {"greenlets-1", "greenlets-2"}
    seen = set()
    for _ in range(10):
        answers = pools.site.send(
            *[{"how": "delay", "app": POOLS.app, "task": "pools.download"}] * 20
        )
        came = pools.site.received_of([one for answer in answers for one in answer["ids"]])
        seen |= {one.node for events in came.values() for one in events}
        if seen >= replicas:
            break
    assert seen == replicas
