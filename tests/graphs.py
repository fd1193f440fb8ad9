"""Random graphs of exchanges, bindings and queues, with keys and headers that are hard to match.

A graph is the data of a topology; `message` gives what to publish into it.
"""

from __future__ import annotations

import datetime as dt
import os
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import random

WORDS = ("a", "b", "c", "ab", "", "é", "日本", "A", "a b", "$", "^a", "[a]", "a\\", "-")
PATTERNS = (*WORDS, "*", "*", "*", "#", "#", "#", "a#", "*b")
LONG = ("w" * 255, "a." * 40 + "b", "é" * 127, "." * 30)
LONG_PATTERNS = (
    "w" * 255,
    "#." + "a." * 40 + "b",
    "*." * 8 + "#",
    "w" * 253 + ".#",
    "#." + "é" * 126,
)
HASHES = 3
"""The most `#` in a binding key: RabbitMQ 3.10 tries every way to share the words out, so
dozens of them keep a channel busy for hours. So do dozens of `*` where a key holds them too."""
NAMES = ("h", "k", "ü", "x-h", "x-k")
DAY = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
IN_FILES = (
    "1",
    "",
    0,
    1,
    1.0,
    0.5,
    -1,
    2**40,
    True,
    False,
    [1, 2],
    [1.0],
    [],
    {"a": 1, "b": 2},
    {},
)
IN_MESSAGES = (
    *IN_FILES,
    *(None, b"1", Decimal(1), Decimal("0.5"), Decimal("0.50"), DAY, int(DAY.timestamp())),
    *([2, 1], {"b": 2, "a": 1}, {"a": 1.0, "b": 2}, {"a": 2**40}, [True], [None], "é", 1e300),
)
MATCHES = ("all", "any", "all-with-x", "any-with-x")


def wanted(default: int) -> int:
    """How many messages an oracle publishes in all: TEST_ORACLE_MESSAGES, or its default."""
    return int(os.environ.get("TEST_ORACLE_MESSAGES", default))


class Message(NamedTuple):
    """One message to publish."""

    exchange: str
    key: str
    headers: dict[str, Any]


def binding_key(rng: random.Random) -> str:
    if rng.random() < 0.03:
        return rng.choice(LONG_PATTERNS)
    words = rng.choices(PATTERNS, k=rng.choice((0, 1, 1, 2, 2, 3, 3, 4, 6)))
    while words.count("#") > HASHES:
        words.remove("#")
    return ".".join(words)


def routing_key(rng: random.Random, patterns: list[str]) -> str:
    """A key: of random words, one of the patterns as it is, or one made to fit a pattern."""
    chance = rng.random()
    if chance < 0.03:
        return rng.choice(LONG)
    if chance < 0.4 or not patterns:
        return ".".join(rng.choices(WORDS, k=rng.choice((0, 1, 1, 2, 2, 3, 4, 6))))
    pattern = rng.choice(patterns)
    if chance < 0.5:
        return pattern
    words: list[str] = []
    for word in pattern.split("."):
        some = {"*": 1, "#": rng.choice((0, 0, 1, 2, 3))}.get(word)
        words += [word] if some is None else rng.choices(WORDS, k=some)
    return ".".join(words).encode()[:255].decode(errors="ignore")


def table(rng: random.Random, values: tuple[Any, ...]) -> dict[str, Any]:
    return {name: rng.choice(values) for name in rng.sample(NAMES, rng.choice((0, 1, 1, 2, 3)))}


def binding(rng: random.Random, exchanges: dict[str, Any], source: str) -> dict[str, Any]:
    one: dict[str, Any] = {"exchange": source, "routing_key": binding_key(rng)}
    if exchanges[source]["type"] == "headers":
        one["arguments"] = table(rng, IN_FILES)
        if rng.random() < 0.8:
            one["arguments"]["x-match"] = rng.choice(MATCHES)
    return one


def graph(
    rng: random.Random,
    types: tuple[str, ...] = ("direct", "topic", "topic", "fanout", "headers"),
    *,
    chained: bool = True,
) -> dict[str, Any]:
    """Exchanges and queues; `chained` with alternates and bindings between exchanges."""
    names = [f"x{n}" for n in range(rng.randint(2, 7))]
    exchanges: dict[str, Any] = {name: {"type": rng.choice(types)} for name in names}
    if chained:
        for one in exchanges.values():
            if rng.random() < 0.4:
                one["alternate"] = rng.choice([*names, "missing"])
            sources = rng.choices(names, k=rng.choice((0, 0, 1, 2)))
            if sources:
                one["bindings"] = [binding(rng, exchanges, source) for source in sources]
    queues = {
        f"q{n}": {
            "bindings": [
                binding(rng, exchanges, rng.choice(names)) for _ in range(rng.randint(1, 4))
            ]
        }
        for n in range(rng.randint(2, 7))
    }
    return {"exchanges": exchanges, "queues": queues}


def patterns_of(data: dict[str, Any]) -> list[str]:
    owners = [*data["exchanges"].values(), *data["queues"].values()]
    return [one["routing_key"] for owner in owners for one in owner.get("bindings", ())]


def message(rng: random.Random, data: dict[str, Any], patterns: list[str]) -> Message:
    """A message to one of the exchanges, now and then to a queue by its name."""
    if rng.random() < 0.03:
        return Message("", rng.choice([*data["queues"], "missing", *data["exchanges"]]), {})
    exchange = rng.choice(list(data["exchanges"]))
    headers = table(rng, IN_MESSAGES) if rng.random() < 0.6 else {}
    return Message(exchange, routing_key(rng, patterns), headers)
