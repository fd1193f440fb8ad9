"""Patterns and keys, held against Celery's MapRoute and kombu's own exchanges."""

from __future__ import annotations

import re

import pytest
from celery.app.routes import MapRoute
from hypothesis import given
from hypothesis import strategies as st
from kombu.transport.virtual.exchange import TopicExchange

from qtopo.routing.amqp_tables import headers_match
from qtopo.routing.table import RouteTable
from qtopo.routing.topics import rabbit_matches, virtual_matches, virtual_pattern
from qtopo.topology.topology import Topology

globs = st.text("ab.*?[]!-\n", max_size=8)
task_names = st.text("ab.[]!-\n", max_size=8)


@given(
    st.lists(globs.filter(bool), min_size=1, max_size=6, unique=True),
    st.lists(task_names.filter(bool), max_size=8),
)
def test_the_same_route_decides_as_in_celery(patterns, tasks):
    routes = [
        {"task": pattern, "queue": f"q{index}"}
        for index, pattern in enumerate(patterns)
        if pattern.isprintable()
    ]
    topology, findings = Topology.from_data({"routes": routes})
    assert findings == []
    celery = MapRoute([(route["task"], {"queue": route["queue"]}) for route in routes])
    table = RouteTable(topology)
    for task in [*tasks, *patterns]:
        expected = celery(task)
        found = table.find(task).route
        assert (found and found.queue) == (expected and expected["queue"])


@given(
    st.lists(
        st.from_regex(r"[ab](\.[ab])?\*?", fullmatch=True), min_size=1, max_size=5, unique=True
    ),
    st.text("ab.", min_size=1, max_size=5),
)
def test_regular_expressions_match_at_the_start(expressions, task):
    topology, _ = Topology.from_data(
        {
            "routes": [
                {"task": {"regex": one}, "queue": str(index)}
                for index, one in enumerate(expressions)
            ]
        }
    )
    celery = MapRoute(
        [(re.compile(one), {"queue": str(index)}) for index, one in enumerate(expressions)]
    )
    expected = celery(task)
    found = RouteTable(topology).find(task).route
    assert (found and found.queue) == (expected and expected["queue"])


def test_all_that_matches_is_told_the_winner_first():
    topology, _ = Topology.from_data(
        {
            "routes": [
                {"task": "a.*", "queue": "x"},
                {"task": "a.b", "queue": "y"},
                {"task": "*", "queue": "z"},
            ]
        }
    )
    matching = RouteTable(topology).matching("a.b")
    assert [one.pattern for one in matching] == ["a.b", "a.*", "*", None]


words = st.sampled_from(["a", "b", "", "*", "#", "a*", "é", "$", "*a", "#b"])
binding_keys = st.lists(words, min_size=1, max_size=4).map(".".join)
keys = st.lists(st.sampled_from(["a", "b", "", "ab", "é", "$"]), min_size=1, max_size=4).map(
    ".".join
)


@given(binding_keys, keys)
def test_virtual_topics_are_kombus(pattern, key):
    exchange = TopicExchange(None)
    regex = exchange.key_to_pattern(pattern)
    assert virtual_pattern(pattern) == regex
    try:
        expected = exchange._match(regex, key) is not None
    except re.error:
        expected = False
    assert virtual_matches(pattern, key) == expected


def brute(pattern: list[str], key: list[str]) -> bool:
    """RabbitMQ's meaning, as its documentation says it: word by word."""
    if not pattern:
        return not key
    if pattern[0] == "#":
        return any(brute(pattern[1:], key[n:]) for n in range(len(key) + 1))
    return bool(key) and pattern[0] in ("*", key[0]) and brute(pattern[1:], key[1:])


@given(binding_keys, keys)
def test_rabbit_topics_go_word_by_word(pattern, key):
    assert rabbit_matches(pattern, key) == brute(pattern.split("."), key.split("."))


@pytest.mark.parametrize(
    ("pattern", "key", "rabbit", "virtual"),
    [
        ("a.#", "a", True, False),
        ("#.b", "b", True, False),
        ("a.#.b", "a.b", True, False),
        ("*.#", "a", True, False),
        ("#.a.#", "a", True, False),
        ("a.*", "a.", True, False),
        ("*.*", ".", True, False),
        ("a*", "aa", False, False),
        ("#", "", True, True),
        ("#", "a.b", True, True),
        ("a.*", "a.b", True, True),
        ("a.*", "a.b.c", False, False),
    ],
)
def test_where_the_transports_differ(pattern, key, rabbit, virtual):
    """The table of measured differences."""
    assert rabbit_matches(pattern, key) is rabbit
    if pattern != "a*":
        assert virtual_matches(pattern, key) is virtual


def test_many_hashes_do_not_blow_up():
    assert rabbit_matches(".".join(["#"] * 60), ".".join(["a"] * 200))
    assert not rabbit_matches(".".join(["#", "b"] * 30), ".".join(["a"] * 200))


@pytest.mark.parametrize(
    ("wanted", "headers", "taken"),
    [
        ({}, {}, True),
        ({"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}, True),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ({"x-match": "any", "a": 1, "b": 2}, {"a": 1}, True),
        ({"x-match": "any", "a": 1}, {"a": 2}, False),
        ({"x-match": "any"}, {"a": 2}, False),
        ({"x-own": 1, "a": 1}, {"a": 1}, True),
        ({"x-match": "all-with-x", "x-own": 1, "a": 1}, {"a": 1}, False),
        ({"x-match": "any-with-x", "x-own": 1, "a": 1}, {"x-own": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": "1"}, {"a": 1}, False),
    ],
)
def test_headers(wanted, headers, taken):
    assert headers_match(wanted, headers) is taken
