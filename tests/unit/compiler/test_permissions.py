"""Least privilege as text: expressions match what they name, and who needs what."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtopo.compiler.permissions import escape
from qtopo.compiler.redis_acl import escape as escape_glob
from qtopo.compiler.redis_acl import quoted
from qtopo.emit.accounts import accounts, database, vhost
from qtopo.errors import EmitError
from qtopo.topology.topology import Topology
from strategies import names, topologies

some = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def topology_of(data):
    topology, wrong = Topology.from_data(data)
    assert wrong == []
    return topology


def of(data):
    return {one.principal.name: one for one in accounts(topology_of(data))}


def may(account, permission, name):
    return bool(re.search(getattr(account.access, permission) or "$^", name))


@given(names(), names())
def test_an_escaped_name_is_matched_by_itself_alone(name, other):
    expression = re.compile(f"^({escape(name)})$")
    assert expression.search(name)
    assert bool(expression.search(other)) == (name == other)


@given(names())
def test_an_escaped_glob_holds_no_white_space(name):
    assert not re.search(r"[ \t\n\r\v\f\0]", escape_glob(name))


@given(st.lists(names(), min_size=1, max_size=4))
def test_redis_cli_reads_the_words_back(words):
    """By its own rules (sds.c): bytes in `\\xHH`, and a backslash before what is meant as it is."""
    line = quoted(words)
    pattern = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
    read = []
    for inner, bare in pattern.findall(line):
        if bare:
            read.append(bare.encode())
            continue
        parts = re.findall(r"\\x([0-9a-f]{2})|\\(.)|([^\\])", inner)
        read.append(
            b"".join(
                bytes.fromhex(byte) if byte else (meant or plain).encode()
                for byte, meant, plain in parts
            )
        )
    assert read == [word.encode() for word in words]


@some
@given(topologies(transports=("rabbitmq", "redis")))
def test_any_topology_has_its_users_and_each_may_do_what_it_does(data):
    topology = topology_of(data)
    listed = accounts(topology)
    users = [one.user for one in listed]
    assert len(users) == len(set(users))
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", user) for user in users)
    running = [name for name, one in topology.workers.items() if one.replicas or one.scale]
    assert [one.principal.name for one in listed if one.principal.node] == running
    for one in listed:
        if one.access is None:
            assert {f"+{command}" for command in one.broker.commands} <= set(one.broker.words())
            continue
        for name in one.principal.consumes:
            if not topology.queues[name].broadcast:
                assert may(one, "configure", name)
                assert may(one, "read", name)
        for sent in one.principal.sends:
            assert may(one, "write", sent.exchange or "amq.default")
        for expression in one.access:
            assert expression == "" or (expression[:2], expression[-2:]) == ("^(", ")$")


SMALL = {
    "app": {"name": "Web_Shop"},
    "broker": {"transport": "rabbitmq"},
    "exchanges": {"events": {"type": "topic"}, "dead": {}},
    "queues": {
        "celery": {},
        "mail": {"exchange": "events", "routing_key": "m", "dead_letter": "dead"},
        "park": {"exchange": "dead", "parking": True},
    },
    "routes": [{"task": "mail.*", "queue": "mail"}],
    "workers": {"celery": {"queues": ["celery"]}, "mail": {"queues": ["mail"]}},
    "beat": {"schedule": {"s": {"task": "other", "every": "1h"}}},
}


def test_who_may_what():
    found = of(SMALL)
    assert [one.user for one in found.values()] == [
        "web-shop-celery",
        "web-shop-mail",
        "web-shop-beat",
        "web-shop-producer",
        "web-shop-control",
    ]
    beat, producer, control = found["beat"], found["producer"], found["control"]
    assert beat.access == ("^(celery)$", "^(amq\\.default|celery)$", "^(celery)$")
    # A dead-letter exchange: RabbitMQ asks for write on it and read on the queue.
    assert may(producer, "write", "dead")
    assert may(producer, "read", "mail")
    assert not may(producer, "configure", "park")
    assert not may(control, "configure", "mail")
    assert not may(control, "write", "amq.default")
    assert may(found["mail"], "configure", "park"), "workers declare what nobody consumes"
    assert not may(found["mail"], "read", "park")
    assert may(found["mail"], "read", "mail@a.host.celery.pidbox")
    assert not may(found["mail"], "read", "celery@a.host.celery.pidbox")


def test_flags_and_settings_take_away_what_is_not_needed():
    alone = {"queues": ["celery"], "extra_args": ["--without-gossip", "--without-mingle"]}
    uuid = "0d9f6b62-8a07-4a1f-9c60-15c2b3f3a001"
    data = {**SMALL, "workers": {"w": alone, "v": {"queues": ["mail"]}}}
    found = of(data)
    assert may(found["v"], "configure", f"celeryev.{uuid}")
    assert not may(found["w"], "configure", f"celeryev.{uuid}")
    assert not may(found["w"], "configure", f"{uuid}.reply.celery.pidbox")
    assert may(found["w"], "read", "w@h.celery.pidbox")
    off = of({**data, "settings": {"worker_enable_remote_control": False}})
    assert not may(off["w"], "read", "w@h.celery.pidbox")
    renamed = of({**data, "settings": {"control_exchange": "own.x"}})
    assert may(renamed["v"], "configure", "own.x.pidbox")
    assert not may(renamed["v"], "configure", "ownyx.pidbox")
    assert not may(renamed["v"], "configure", "celery.pidbox")


def test_results_through_the_broker():
    uuid = "0d9f6b62-8a07-4a1f-9c60-15c2b3f3a001"
    found = of({**SMALL, "results": {"backend": "rpc"}})
    assert may(found["producer"], "read", uuid)
    assert may(found["mail"], "write", "amq.default")
    assert not may(found["beat"], "read", uuid)
    assert not may(of(SMALL)["producer"], "configure", uuid)


def test_a_schedule_outside_the_file_may_send_anything():
    narrow, wide = SMALL, {**SMALL, "beat": {"scheduler": "redbeat"}}
    assert not may(of(narrow)["beat"], "write", "events")
    assert may(of(wide)["beat"], "write", "events")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"broker": {"transport": "sqs"}}, "no permissions"),
        ({**SMALL, "defaults": {"create_missing_queues": True}}, "any name"),
        (
            {
                "queues": {f"{number:04}" + "x" * 200: {} for number in range(400)},
                "workers": {"w": {"queues": [f"{number:04}" + "x" * 200 for number in range(400)]}},
            },
            "bytes",
        ),
    ],
)
def test_what_cannot_be_said_is_refused(data, words):
    with pytest.raises(EmitError, match=words):
        of(data)


def test_where_the_vhost_and_the_database_come_from():
    def place(url, **deploy):
        return topology_of({"broker": {"url": url}, "deploy": deploy})

    assert vhost(place("amqp://host/a%2Fb")) == "a/b"
    assert vhost(place("amqp://host/")) == vhost(place("env:URL")) == "/"
    assert vhost(place("amqp://host/a", vhost="b")) == "b"
    assert database(place("redis://host/3")) == 3
    assert database(place("env:URL", redis_database=5)) == 5
    assert database(place("env:URL")) == 0
