"""Follows a message from queue to queue while each gives it up, as RabbitMQ does.

RabbitMQ drops a dead letter for a queue that it died in before, unless a consumer
rejected it since. It looks that up in the deaths it notes on the message, and up
to 3.12 it turns the notes round whenever it adds one (`group_by_queue_and_reason`
in `rabbit_dead_letter.erl`): a message that was rejected once may then go round
for ever between queues that only wait. Since 3.13 the latest death comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.routing.letters import (
    CONSUMED,
    CYCLE,
    ENDLESS,
    EXPIRED,
    KEPT,
    MISSING,
    NO_EXCHANGE,
    OVERFLOW,
    PARKED,
    REFUSED,
    REJECTED,
    UNKNOWN,
    UNROUTED,
    WAITS,
    Course,
    End,
    Letter,
    dead_letter_exchange,
    drops,
    keeps,
    kind,
    most,
    ttl,
)
from qtopo.routing.rounds import Rounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from qtopo.routing.delivery import Deliveries
    from qtopo.topology.queues import Queue
    from qtopo.topology.topology import Topology

Deaths = tuple[tuple[str, str], ...]
"""What RabbitMQ notes on a message: queue and reason of each death, each pair once."""

MOST_STEPS = 1000
"""Steps that are followed: queues that send to each other in many ways have no end of them."""


class _Way(NamedTuple):
    """A message that a queue is about to give up, with all that decides where it goes then.

    `copied` is whether the keys in CC and BCC still count: a key that the queue
    gives to its dead letters replaces them.
    """

    queue: str
    reason: str
    key: str | None
    copied: bool
    deaths: Deaths


class Follower:
    """Follows messages of one topology; `turns` where RabbitMQ is older than 3.13."""

    def __init__(
        self,
        topology: Topology,
        deliveries: Deliveries,
        headers: Mapping[str, Any],
        *,
        turns: bool,
    ) -> None:
        self._topology = topology
        self._deliveries = deliveries
        self._headers = headers
        self._stripped = {
            name: value for name, value in headers.items() if name not in ("CC", "BCC")
        }
        self._turns = turns

    def course(self, queue: str, reason: str, when: str, key: str | None) -> Course:
        """Follow a message. Ways that are alike in all that counts are followed once."""
        start = _Way(queue, reason, key, self._headers != self._stripped, ())
        numbers = {start: 0}
        letters: list[Letter] = []
        rounds = Rounds()
        ends: dict[tuple[str, str], End] = {}
        parents: list[tuple[int | None, bool]] = [(None, True)]
        cut = False
        for number, way in enumerate(todo := [start]):
            after, certain = parents[number]
            letter, copied, deaths = self._letter(way)
            letters.append(letter._replace(after=after, certain=certain))
            for name in letter.delivered_to:
                for end in self._ends(name):
                    ends.setdefault((end.queue, end.fate), end)
                    if end.fate != REFUSED:
                        rounds.rests(number)
                for why, sure in self._deaths(name):
                    onward = _Way(name, why, letter.routing_key, copied, deaths)
                    if onward not in numbers:
                        if len(todo) >= MOST_STEPS:
                            cut = True
                            continue
                        numbers[onward] = len(todo)
                        todo.append(onward)
                        parents.append((number, sure))
                    rounds.add(number, numbers[onward], sure)
        circle = tuple(dict.fromkeys(letters[one].queue for one in rounds.circle()))
        for name in circle:
            ends[name, ENDLESS] = End(name, ENDLESS, ())
        counted = rounds.times(len(letters))
        return Course(
            reason,
            when,
            tuple(one._replace(times=times) for one, times in zip(letters, counted, strict=True)),
            tuple(ends.values()),
            circle,
            rounds.grow(),
            (),
            cut,
        )

    def _ends(self, name: str) -> Iterator[End]:
        """Yield how a way may end in a queue."""
        queue = self._topology.queues[name]
        workers = self._topology.wiring.consumers.get(name, ())
        stream = kind(queue) == "stream"
        limit = None if stream else most(queue)
        full = limit == 0 and not workers
        if limit is not None and not drops(queue):
            # A quorum queue takes a little more than fits before it refuses.
            full = full and kind(queue) == "classic"
            yield End(name, REFUSED, (), full)
        if workers:
            yield End(name, CONSUMED, workers)
        elif not full and (stream or ttl(queue) is None):
            yield End(name, PARKED if queue.parking else WAITS, ())

    def _deaths(self, name: str) -> Iterator[tuple[str, bool]]:
        """Yield why a queue gives up what comes into it without a worker, and if it must."""
        queue = self._topology.queues[name]
        if kind(queue) == "stream":
            return
        idle = name not in self._topology.wiring.consumers
        limit = most(queue)
        full = limit == 0 and idle
        if limit is not None and drops(queue):
            yield OVERFLOW, full
        if ttl(queue) is not None and not full:
            yield EXPIRED, idle

    def _letter(self, way: _Way) -> tuple[Letter, bool, Deaths]:
        queue = self._topology.queues[way.queue]
        exchange, given = dead_letter_exchange(queue)
        key = way.key if given is None else given
        copied = way.copied and given is None
        deaths = self._noted(way)
        headers = self._headers if copied else self._stripped
        reached, nowhere = self._reached(queue, exchange, key, headers)
        cycle = tuple(name for name in reached if is_cycle(name, way.reason, deaths))
        reached = tuple(name for name in reached if name not in cycle)
        if cycle and not reached:
            nowhere = KEPT if keeps(queue) else CYCLE
        letter = Letter(
            queue=way.queue,
            reason=way.reason,
            exchange=exchange,
            routing_key=key,
            keeps_key=given is None,
            delivered_to=reached,
            cycle=cycle,
            nowhere=nowhere,
            seconds=ttl(queue) if way.reason == EXPIRED else None,
        )
        return letter, copied, deaths

    def _noted(self, way: _Way) -> Deaths:
        """Return the deaths of a message after this one."""
        death = (way.queue, way.reason)
        before = way.deaths[::-1] if self._turns else way.deaths
        return (death, *(one for one in before if one != death))

    def _reached(
        self, queue: Queue, exchange: str | None, key: str | None, headers: Mapping[str, Any]
    ) -> tuple[tuple[str, ...], str | None]:
        """Return the queues that would get the letter, and why there are none."""
        if exchange is None:
            return (), NO_EXCHANGE
        kept = KEPT if keeps(queue) else None
        if exchange and exchange not in self._topology.wiring.exchanges:
            return (), kept or MISSING
        if key is None:
            # Where the key does not matter, any will do.
            some = {self._deliveries.queues(exchange, one, headers) for one in ("", "\x00.\x00")}
            kinds = {self._topology.wiring.exchange_type(exchange)}
            if len(some) == 1 and kinds <= {"fanout", "headers"}:
                return some.pop(), None
            return (), UNKNOWN
        reached = self._deliveries.queues(exchange, key, headers)
        return reached, None if reached else kept or UNROUTED


def is_cycle(target: str, reason: str, deaths: Deaths) -> bool:
    """Whether RabbitMQ drops a letter for a queue: it died there, and no rejection is before.

    "Before" in the order of the notes, which is not always that of time.
    """
    if reason == REJECTED:
        return False
    for queue, why in deaths:
        if why == REJECTED:
            return False
        if queue == target:
            return True
    return False
