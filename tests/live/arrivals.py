"""Sends every declared task in every way, and holds what arrived against what the file says."""

from __future__ import annotations

import re
from typing import NamedTuple

import qtopo


class Application(NamedTuple):
    """Where the code of a topology is: `app` as `celery -A` takes it, and its settings' module."""

    app: str
    config: str
    namespace: str | None = None


def answered(topology):
    """The declared tasks that leave a result: those of a broadcast do so once a worker."""
    return [name for name in topology.tasks if not broadcast(topology, name)]


def broadcast(topology, task):
    """Whether a task goes to a queue of which every worker has one."""
    return topology.queues[qtopo.route(topology, task).queue].broadcast


def every_way(topology, application):
    """Requests that send each declared task alone, in three ways, and all of them as canvases."""
    foreign = {"how": "send_task", "config": application.config, "namespace": application.namespace}
    ways = [*({"how": how, "app": application.app} for how in ("delay", "apply_async")), foreign]
    requests = [
        {**way, "task": task, "wait": not broadcast(topology, task)}
        for task in topology.tasks
        for way in ways
    ]
    tasks = answered(topology)
    canvases = [
        {"how": "chain", "tasks": tasks},
        {"how": "group", "tasks": tasks},
        {"how": "chord", "tasks": tasks, "body": tasks[-1]},
    ]
    return [*requests, *({"app": application.app, **one} for one in canvases)]


def all_is_where_the_file_says(fleet, requests, answers):
    """Every message of every request came where `qtopo.route` says, and was answered."""
    site, topology = fleet.site, fleet.topology
    problems = [
        (request, answer["error"])
        for request, answer in zip(requests, answers, strict=True)
        if answer["error"] is not None
    ]
    assert not problems, f"{problems}\n{fleet.log()}"
    ids = [one for answer in answers for one in answer["ids"]]
    assert len(ids) == len(set(ids))

    def copies(events):
        return sum(map(len, events.values()))

    # By the file, not by what came: a message that never comes must be missed.
    expected = sum(
        number_of_copies(topology, task)
        for request in requests
        for task in tasks_of(request, topology)
    )
    events = fleet.until(
        lambda: (found := site.received_of(ids)) and copies(found) >= expected and found,
        what=f"fewer than {expected} messages came to workers",
    )
    assert set(events) == set(ids)
    assert copies(events) == expected
    for came in events.values():
        is_where_the_file_says(topology, came)
    fleet.until(lambda: started(site, ids) >= expected, what="not every task began")
    ran = {(one["id"], one["node"].partition("@")[0]) for one in site.notes("started")}
    received = {(one.id, one.node) for came in events.values() for one in came}
    assert received <= ran


def started(site, ids):
    wanted = set(ids)
    return sum(one["id"] in wanted for one in site.notes("started"))


def is_where_the_file_says(topology, came):
    """Hold the copies of one message against the route of its task."""
    routed = qtopo.route(topology, came[0].task)
    for event in came:
        where = (event.exchange, event.routing_key, event.priority)
        # The broker takes no priority for 0, and hands 0 out or nothing.
        assert where[:2] == routed.publish[:2], (event, routed)
        assert (where[2] or 0) == (routed.publish.priority or 0), (event, routed)
        assert event.queue in routed.delivered_to, (event, routed)
        assert worker_of(topology, event.node) in consumers(topology, event.queue), event
    assert {event.queue for event in came} == set(routed.delivered_to)
    if topology.queues[routed.queue].broadcast:
        assert sorted(event.node for event in came) == nodes(topology, routed.workers)
    else:
        # To each queue once.
        assert len(came) == len(routed.delivered_to)
        assert {worker_of(topology, event.node) for event in came} <= set(routed.workers)


def tasks_of(request, topology):
    """The tasks that a request has run."""
    if request["how"] == "call":
        return request["runs"]
    if "task" in request:
        return [request["task"]]
    return [*request["tasks"], *([request["body"]] if "body" in request else [])]


def number_of_copies(topology, task):
    """How many workers get a message of a task."""
    routed = qtopo.route(topology, task)
    if topology.queues[routed.queue].broadcast:
        return len(nodes(topology, routed.workers))
    return len(routed.delivered_to)


def consumers(topology, queue):
    return [name for name, worker in topology.workers.items() if queue in worker.queues]


def nodes(topology, workers=None):
    """The nodes of some workers (None: all), a name for each replica."""
    found = []
    for name, worker in topology.workers.items():
        if workers is not None and name not in workers:
            continue
        if worker.replicas == 1:
            found.append(name)
        else:
            found += [f"{name}-{number}" for number in range(1, worker.replicas + 1)]
    return sorted(found)


def worker_of(topology, node):
    """The worker that a node is a replica of."""
    if node in topology.workers:
        return node
    name = re.sub(r"-\d+$", "", node)
    assert name in topology.workers, node
    return name
