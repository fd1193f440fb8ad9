"""A file without a finding loses no task and runs none twice: small random ones, started for real.

Each is made by a seed, on RabbitMQ and on Redis: exchanges of every type, routes
with and without keys, facts, priorities. Those that `check` has nothing against
are emitted and started with the printed lines, and every task is sent once.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w
from arrivals import consumers, worker_of
from fleet import running
from kombu import Connection

import qtopo
from qtopo.rules import engine
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.broker

SEEDS = {"rabbitmq": 3, "redis": 3}
APP = '''
"""Tasks that do nothing."""

from celery import Celery

app = Celery("app")
app.config_from_object("celeryconfig")


def nothing():
    pass


for name in {tasks!r}:
    app.task(name=name)(nothing)
'''


def drawn(rng: random.Random, transport: str) -> dict[str, Any]:
    """Return a random topology, sound or not."""
    amqp = transport == "rabbitmq"
    data: dict[str, Any] = {
        "app": {"celery": "app:app"},
        "broker": {"transport": transport, "url": "env:LINTED_BROKER_URL"},
        "results": {"url": "env:LINTED_RESULT_URL", "backend": "redis"},
        "queues": {"celery": {}},
        "exchanges": {},
        "routes": [],
        "tasks": {},
        "workers": {},
    }
    for name in rng.sample(["events", "mail", "logs"], rng.randint(1, 3)):
        kinds = ["direct", "topic", "fanout", "headers"] if amqp else ["direct", "topic"]
        data["exchanges"][name] = {"type": rng.choice(kinds)}
    words = ["a", "b", "c"]
    for name in rng.sample(["one", "two", "three", "four"], rng.randint(2, 4)):
        queue = data["queues"][name] = {}
        if amqp:
            queue.update(
                rng.choice([{}, {"type": "quorum"}, {"max_priority": 5}, {"durable": True}])
            )
        home = rng.choice([None, *data["exchanges"]])
        if home is None:
            continue
        queue["exchange"] = home
        kind = data["exchanges"][home]["type"]
        if kind in ("direct", "topic"):
            wild = ["*", "#"] if kind == "topic" else []
            queue["routing_key"] = ".".join(rng.choices([*words, *wild], k=rng.randint(1, 2)))
        elif kind == "headers":
            queue["binding_arguments"] = {"x-match": "all", "kind": rng.choice(words)}
    for index in range(rng.randint(2, 5)):
        name = rng.choice(list(data["queues"]))
        route = {"task": rng.choice([f"t{index}.*", f"t{index}.x"]), "queue": name}
        kind = data["exchanges"].get(data["queues"][name].get("exchange"), {}).get("type")
        if kind == "topic" and rng.random() < 0.8:
            route["routing_key"] = ".".join(rng.choices(words, k=rng.randint(1, 2)))
        if kind == "headers":
            route["headers"] = {"kind": rng.choice(words)}
        if rng.random() < 0.3:
            route["priority"] = rng.randint(0, 9)
        data["routes"].append(route)
        data["tasks"][f"t{index}.x"] = {}
        data["tasks"][f"t{index}.y"] = {"acks_late": rng.random() < 0.5, "idempotent": True}
    data["tasks"]["other"] = {"queue": rng.choice(list(data["queues"]))}
    data["tasks"]["unrouted"] = {}
    left = list(data["queues"])
    rng.shuffle(left)
    cut = rng.randint(1, len(left))
    for name, queues in (("first", left[:cut]), ("second", left[cut:])):
        if queues:
            pool = rng.choice([{"pool": "threads", "concurrency": 2}, {"pool": "solo"}])
            data["workers"][name] = {"queues": queues, "replicas": rng.choice([1, 1, 2]), **pool}
    return data


def found(data: dict[str, Any]) -> list[str]:
    topology, wrong = Topology.from_data(data)
    outcome = engine.run(topology, wrong)
    assert not outcome.faults, outcome.faults[0].traceback
    return [one.rule for one in (*wrong, *outcome.findings)]


def through_an_exchange(data: dict[str, Any]) -> bool:
    """Whether something is published by a key or by headers, and not by the queue's name."""
    homes = [data["queues"][route["queue"]].get("exchange") for route in data["routes"]]
    return any(home and data["exchanges"][home]["type"] != "direct" for home in homes)


def clean(transport: str, number: int) -> dict[str, Any]:
    """Return the first topology of a seed that nothing is found in."""
    rng = random.Random(f"{transport} {number}")
    for _ in range(2000):
        data = drawn(rng, transport)
        if through_an_exchange(data) and not found(data):
            return data
    raise AssertionError("no topology is good enough")


CASES = [(transport, one) for transport, count in SEEDS.items() for one in range(count)]


@pytest.mark.parametrize(("transport", "number"), CASES)
def test_every_task_is_run_once_by_a_worker_of_the_file(
    transport: str, number: int, request: Any, make_site: Any, results_url: str, tmp_path: Path
) -> None:
    data = clean(transport, number)
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "topology.toml").write_text(tomli_w.dumps(data), "utf-8")
    (folder / "app.py").write_text(APP.format(tasks=list(data["tasks"])), "utf-8")
    fixture = "rabbitmq_url" if transport == "rabbitmq" else "redis_broker"
    site = make_site(
        folder,
        LINTED_BROKER_URL=request.getfixturevalue(fixture),
        LINTED_RESULT_URL=results_url,
    )
    site.qtopo("emit", "celeryconfig.py")
    with forgotten(site.env["LINTED_BROKER_URL"], data), running(site, "topology.toml") as fleet:
        sent = [
            {"how": "apply_async", "app": "app:app", "task": name, "wait": True}
            for name in data["tasks"]
        ]
        answers = site.send(*sent)
        assert not [one["error"] for one in answers if one["error"]], fleet.log()
        ids = [one for answer in answers for one in answer["ids"]]
        expected: Counter[tuple[str, str]] = Counter()
        for name, one in zip(data["tasks"], ids, strict=True):
            routed = qtopo.route(fleet.topology, name)
            # A fanout exchange is there to copy, and the rules let it.
            assert len(routed.delivered_to) == 1 or routed.exchange_type == "fanout"
            assert routed.queue in routed.delivered_to
            expected.update((one, queue) for queue in routed.delivered_to)
        fleet.until(lambda: len(ran_of(site, ids)) >= len(expected), what="a task was lost")
        # Whatever came after it has left its result: a second run would have begun by now.
        again = site.send({"how": "apply_async", "app": "app:app", "task": "unrouted"})
        assert again[0]["error"] is None
        assert len(ran_of(site, ids)) == len(expected), (data, fleet.log())
        came = [one for one in site.received() if one.id in ids]
        assert Counter((one.id, one.queue) for one in came) == expected, (data, fleet.log())
        for one in came:
            assert worker_of(fleet.topology, one.node) in consumers(fleet.topology, one.queue)


def ran_of(site: Any, ids: list[str]) -> list[str]:
    return [one["id"] for one in site.notes("started") if one["id"] in ids]


@contextlib.contextmanager
def forgotten(url: str, data: dict[str, Any]) -> Iterator[None]:
    """Take away afterwards what is declared: the next file says otherwise under the same names."""
    try:
        yield
    finally:
        if url.startswith("amqp"):
            forget(url, data)


def forget(url: str, data: dict[str, Any]) -> None:
    with Connection(url) as connection:
        for name in data["queues"]:
            with connection.channel() as channel:
                channel.queue_delete(name)
        for name in {*data["exchanges"], *data["queues"]}:
            with connection.channel() as channel:
                channel.exchange_delete(name)


def test_the_files_are_no_trifles() -> None:
    """They have exchanges, keys and patterns, and `check` refuses most of what is drawn."""
    files = [clean(*case) for case in CASES]
    assert sum("exchange" in queue for data in files for queue in data["queues"].values()) >= 4
    assert any("priority" in route for data in files for route in data["routes"])
    rng = random.Random("how many")
    refused = Counter(rule for _ in range(200) for rule in set(found(drawn(rng, "rabbitmq"))))
    assert {"multi-delivery", "route-key-missing"} <= refused.keys()
