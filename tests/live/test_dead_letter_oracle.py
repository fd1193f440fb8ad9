"""Where dead letters end, held against RabbitMQ: random graphs, cycles included.

Letters that multiply without end would fill the broker's memory within seconds. Where
we say that a message goes round for ever it is not sent, and the graphs cannot do harm
even where we are wrong: each queue that holds messages holds at most ROOM and refuses
more (RabbitMQ drops a dead letter that is refused), and a queue that has no room at all
passes on only to such queues. So each circle goes through a queue that lets no more
than ROOM messages out every WAIT, which is little enough for the broker to keep up
with. Queues that a killed test leaves behind expire.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

import amqp
import pytest
from test_rabbitmq_oracle import connected

from qtopo.routing.deadletters import (
    EXPIRED,
    OVER_DELIVERED,
    OVERFLOW,
    REJECTED,
    Course,
    dead_letters,
    ttl,
)
from qtopo.topology.topology import Topology
from qtopo.topology.wiring import EXCHANGE

pytestmark = pytest.mark.broker

KEYS = ("a", "b", "a.b")
PATTERNS = (*KEYS, "a.#", "#", "*")
WAIT = "50ms"
ORIGINS: dict[str, tuple[str, dict[str, Any]]] = {
    "reject": (REJECTED, {}),
    "expire": (EXPIRED, {"message_ttl": WAIT}),
    "drop": (OVERFLOW, {"max_length": 0}),
    "refuse": (OVERFLOW, {"max_length": 0, "overflow": "reject-publish"}),
    "refuse-dlx": (OVERFLOW, {"max_length": 0, "overflow": "reject-publish-dlx"}),
    "quorum-dlx": (
        OVERFLOW,
        {"type": "quorum", "max_length": 0, "overflow": "reject-publish-dlx"},
    ),
    "deliver": (OVER_DELIVERED, {"type": "quorum", "delivery_limit": 1}),
}
FULL = ("drop", "refuse", "refuse-dlx", "quorum-dlx")
"""The origins without any room: what comes into them leaves them at once."""
RETURN_TO = ("reject", "expire")
"""The origins that letters of all queues may come back to."""
ROOM = 50
"""Messages that fit into a queue: all letters of one test fit into any."""
BOUNDED = {"max_length": ROOM, "overflow": "reject-publish", "expires": "60s"}


def letters_go(rng: random.Random, exchanges: list[str], queues: list[str]) -> dict[str, Any]:
    """Where the dead letters of one queue go: an exchange, a missing one, or a queue by name."""
    chance = rng.random()
    if chance < 0.1:
        return {}
    if chance < 0.3:
        key = rng.choice(queues)
        return {"arguments": {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": key}}
    target = {"exchange": rng.choice(exchanges) if chance < 0.95 else "missing"}
    return {"dead_letter": target | ({"routing_key": rng.choice(KEYS)} if chance < 0.7 else {})}


def graph(rng: random.Random) -> dict[str, Any]:
    exchanges: dict[str, Any] = {
        f"x{n}": {"type": rng.choice(("direct", "topic", "topic", "fanout"))} for n in range(3)
    }
    if rng.random() < 0.5:
        exchanges["x0"]["alternate"] = "x1"
    if rng.random() < 0.5:
        exchanges["x2"]["bindings"] = [{"exchange": "x1", "routing_key": "#"}]
    inner: dict[str, dict[str, Any]] = {
        f"q{n}": {"message_ttl": WAIT} if n < 3 else {} for n in range(5)
    }
    queues = inner | {name: dict(more) for name, (_, more) in ORIGINS.items()}
    with_room = [*inner, *RETURN_TO]
    targets = [*with_room, *FULL]
    for name, queue in queues.items():
        full = name in FULL
        queue |= letters_go(
            rng, ["late"] if full else list(exchanges), with_room if full else targets
        )
        if name in with_room:
            queue |= BOUNDED
        bound = {"idle": 1} if name not in targets else dict(Counter(sources(rng, list(exchanges))))
        # Only queues with room are bound to where letters of the others go.
        if name in inner and rng.random() < 0.7:
            bound["late"] = 1
        queue["bindings"] = [
            {"exchange": source, "routing_key": rng.choice((*PATTERNS, *targets))}
            for source, count in bound.items()
            for _ in range(count)
        ]
    more = {"idle": {}, "late": {"type": "topic"}}
    return {"exchanges": {**exchanges, **more}, "queues": queues}


def sources(rng: random.Random, exchanges: list[str]) -> list[str]:
    return rng.choices(exchanges, k=rng.randint(1, 3))


QUIET = 20
"""How often nothing more must come, 20 ms apart: long enough for several waits."""


class Broker:
    """The graph on the broker, declared with the arguments that Celery would send."""

    def __init__(self, url: str, topology: Topology) -> None:
        self.topology = topology
        self.connection = connected(url)
        self.channel = self.connection.channel()
        for name, exchange in topology.exchanges.items():
            alternate = {"alternate-exchange": exchange.alternate} if exchange.alternate else {}
            self.channel.exchange_declare(
                name, exchange.type, auto_delete=False, arguments=alternate
            )
        for name, queue in topology.queues.items():
            self.channel.queue_declare(
                name, durable=queue.type == "quorum", auto_delete=False, arguments=arguments(queue)
            )
        for source, bound in topology.wiring.bound.items():
            for one in bound:
                bind = (
                    self.channel.exchange_bind if one.kind == EXCHANGE else self.channel.queue_bind
                )
                bind(one.name, source, one.binding.routing_key)

    def give_up(self, queue: str, reason: str) -> None:
        """Put a message into a queue, and make the queue give it up."""
        self.channel.basic_publish(amqp.Message(queue), "", queue)
        if reason == REJECTED:
            self.channel.basic_reject(self._get(queue), requeue=False)
        elif reason == OVER_DELIVERED:
            for _ in range(2):
                self.channel.basic_reject(self._get(queue), requeue=True)

    def rounds(self, queue: str, wanted: int) -> int:
        """Return how often the only message has expired in a queue, once that is `wanted` times.

        0 where the message is gone.
        """
        absent = 0
        while absent < 100:
            for name in self.topology.queues:
                got = self.channel.basic_get(name)
                if got is None:
                    continue
                absent = 0
                deaths = got.headers["x-death"]
                count = sum(one["count"] for one in deaths if one["queue"] == queue)
                if count >= wanted:
                    self.channel.basic_ack(got.delivery_tag)
                    return int(count)
                self.channel.basic_reject(got.delivery_tag, requeue=True)
            absent += 1
            time.sleep(0.01)
        return 0

    def _get(self, queue: str) -> int:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            got = self.channel.basic_get(queue)
            if got is not None:
                tag: int = got.delivery_tag
                return tag
        raise AssertionError(f"nothing comes out of {queue}")

    def rest(self, expected: int) -> Counter[tuple[str, str]]:
        """Return what lies in queues without a TTL: (where from, where), each with a number."""
        found: Counter[tuple[str, str]] = Counter()
        most, quiet = 2 * expected + 100, 0
        end = time.monotonic() + 10
        while time.monotonic() < end and quiet < QUIET and found.total() <= most:
            before = found.total()
            for name, queue in self.topology.queues.items():
                while (
                    found.total() <= most
                    and ttl(queue) is None
                    and (got := self.channel.basic_get(name, no_ack=True))
                ):
                    found[str(got.body), name] += 1
            # What is expected has come: a moment longer, for what is not.
            settled = found.total() == before and found.total() >= expected
            quiet = quiet + 1 if settled else 0
            time.sleep(0.02)
        return found

    def close(self) -> None:
        for name in self.topology.queues:
            self.channel.queue_delete(name)
        for name in self.topology.exchanges:
            self.channel.exchange_delete(name)
        self.connection.close()


def arguments(queue: Any) -> dict[str, Any]:
    letters = queue.dead_letter
    found = {
        "x-queue-type": queue.type,
        "x-message-ttl": queue.message_ttl and int(queue.message_ttl * 1000),
        "x-max-length": queue.max_length,
        "x-expires": queue.expires and int(queue.expires * 1000),
        "x-overflow": queue.overflow,
        "x-delivery-limit": queue.delivery_limit,
        "x-dead-letter-exchange": letters and letters.exchange,
        "x-dead-letter-routing-key": letters and letters.routing_key,
    }
    return {key: value for key, value in found.items() if value is not None} | dict(queue.arguments)


def resting(topology: Topology, course: Course) -> Counter[str]:
    """Where the letters of one message stay, and how many in each queue."""
    found: Counter[str] = Counter()
    for letter in course.letters:
        for name in letter.delivered_to:
            if name not in FULL and ttl(topology.queues[name]) is None:
                assert letter.times is not None
                found[name] += letter.times
    return found


def sent(topology: Topology) -> dict[str, Course]:
    """What becomes of the messages of all origins whose letters have an end and enough room."""
    found: dict[str, Course] = {}
    room = ROOM
    for origin, (reason, _) in ORIGINS.items():
        answer = dead_letters(topology, origin, key=origin)
        (course,) = (one for one in answer.courses if one.reason == reason)
        times = [letter.times for letter in course.letters]
        if course.circle or course.cut or None in times:
            continue
        # One letter may come into several queues.
        if (letters := sum(map(int, times))) <= room:
            room -= letters
            found[origin] = course
    return found


def version(url: str) -> str:
    connection = connected(url)
    try:
        return str(connection.server_properties["version"])
    finally:
        connection.close()


GRAPHS = 12


@pytest.mark.parametrize("seed", range(GRAPHS))
def test_dead_letters_end_where_the_file_says(seed: int, rabbitmq_url: str) -> None:
    data = graph(random.Random(seed))
    topology, wrong = Topology.from_data({**data, "broker": {"version": version(rabbitmq_url)}})
    assert wrong == []
    expected: Counter[tuple[str, str]] = Counter()
    courses = sent(topology)
    assert courses
    for origin, course in courses.items():
        for name, count in resting(topology, course).items():
            expected[origin, name] += count
    broker = Broker(rabbitmq_url, topology)
    try:
        for origin in courses:
            broker.give_up(origin, ORIGINS[origin][0])
        assert broker.rest(expected.total()) == expected, data
    finally:
        broker.close()


def round_trip() -> dict[str, Any]:
    """`start` sends to `first`, that one to `second`, and `second` to `first` again."""
    queues: dict[str, Any] = {"start": {"dead_letter": {"exchange": "x", "routing_key": "first"}}}
    for name, other in (("first", "second"), ("second", "first")):
        letters = {"exchange": "x", "routing_key": other}
        queues[name] = {"message_ttl": WAIT, "dead_letter": letters, **BOUNDED}
    for name, queue in queues.items():
        queue["bindings"] = [{"exchange": "x", "routing_key": name}]
    return {"exchanges": {"x": {}}, "queues": queues}


def test_a_rejected_message_goes_round_for_ever_before_3_13(rabbitmq_url: str) -> None:
    data = {**round_trip(), "broker": {"version": version(rabbitmq_url)}}
    topology, wrong = Topology.from_data(data)
    assert wrong == []
    (course,) = dead_letters(topology, "start").courses
    assert course.circle in ((), ("first", "second"))
    broker = Broker(rabbitmq_url, topology)
    try:
        broker.give_up("start", REJECTED)
        rounds = broker.rounds("second", 5)
    finally:
        broker.close()
    assert bool(rounds) == bool(course.circle)
