"""Least privilege on real brokers: what users may do suffices, and nothing else is let through."""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from amqp.exceptions import AccessRefused, ChannelError
from arrivals import Application, all_is_where_the_file_says, answered, every_way, nodes
from celery import Celery
from fleet import EXAMPLES, Fleet
from kombu import Connection
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import NoPermissionError

import qtopo
from brokers import REDIS
from qtopo.compiler.live import configure
from qtopo.emit.accounts import accounts
from qtopo.topology.deploy import Deploy
from qtopo.topology.topology import Topology
from rabbit_admin import ask, new_vhost, passwords, url

pytestmark = pytest.mark.broker

SIMPLE = Application("simple.app:app", "simple.celeryconfig")
SHOP = Application("shop.app:app", "shop.celeryconfig")
LATER = {"countdown": 1}
HELPDESK = Application("redis_priorities.app:app", "redis_priorities.celeryconfig")


@contextmanager
def rabbitmq_users(topology, vhost):
    """The URL of each account by its user's name; the users are a test's own."""
    listed = accounts(topology)
    own = {one.user: f"{secrets.token_hex(4)}-{one.user}" for one in listed}
    with passwords(own.values()) as given:
        for one in listed:
            ask("PUT", f"permissions/{vhost}/{own[one.user]}", one.access._asdict())
        yield {user: url(vhost, name, given[name]) for user, name in own.items()}


@contextmanager
def redis_users(topology, number, without=None):
    """The URLs of each account, and of its results' user, by the user's name.

    `without` is a word that is left out of everybody's rules.
    """
    listed = accounts(topology)
    wanted = {one.user: one.broker for one in listed if one.broker is not None}
    wanted |= {one.results_user: one.results for one in listed if one.results is not None}
    place = urlsplit(REDIS)
    given, own = {}, []
    with Redis.from_url(REDIS) as admin:
        try:
            for user, rules in wanted.items():
                name, password = f"{secrets.token_hex(4)}-{user}", secrets.token_hex(8)
                own.append(name)
                words = [one for one in rules.words() if one != without]
                admin.execute_command("ACL", "SETUSER", name, *words)
                admin.execute_command("ACL", "SETUSER", name, "on", f">{password}")
                address = f"{place.hostname}:{place.port or 6379}"
                given[user] = f"redis://{name}:{password}@{address}/{number}"
            yield given
        finally:
            if own:
                admin.execute_command("ACL", "DELUSER", *own)


def refused(users):
    """What Redis noted that it did not let these users do."""
    names = {urlsplit(address).username for address in users.values()}
    with Redis.from_url(REDIS) as admin:
        return [one for one in admin.acl_log() if one["username"] in names]


@contextmanager
def started(site, file, users, variables):
    """The fleet, each process as its own user: `variables` are those of its URLs, by the suffix."""
    fleet = Fleet(site, file)
    stem = fleet.topology.app.name
    try:
        for process in qtopo.worker_processes(fleet.topology):
            for variable, suffix in variables.items():
                # Beat has no user for results: it leaves none.
                site.env[variable] = users.get(f"{stem}-{process.name}{suffix}", "cache+memory://")
            fleet.start(process.name)
        for variable, suffix in variables.items():
            site.env[variable] = users[f"{stem}-producer{suffix}"]
        yield fleet
    finally:
        fleet.stop()


def inspect_as_control(address, count):
    app = Celery("watches", set_as_current=False)
    app.conf.broker_url = address
    assert len(app.control.inspect(timeout=2, limit=count).ping()) == count
    app.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "application", "variable"),
    [
        ("simple.toml", SIMPLE, "SIMPLE"),
        ("shop.toml", SHOP, "SHOP"),
    ],
)
def test_examples_run_with_nothing_but_their_permissions(
    file, application, variable, make_site, results_url
):
    topology = qtopo.load(EXAMPLES / file)
    with new_vhost() as vhost, rabbitmq_users(topology, vhost) as users:
        site = make_site(EXAMPLES, **{f"{variable}_RESULT_URL": results_url})
        site.qtopo("emit", "-t", file, application.config.replace(".", "/") + ".py")
        with started(site, file, users, {f"{variable}_BROKER_URL": ""}) as fleet:
            requests = every_way(topology, application)
            all_is_where_the_file_says(fleet, requests, site.send(*requests))
            # By the detour of delays, where there is a quorum queue: each leaves its result.
            later = [
                {"how": "apply_async", "app": application.app, "task": task, "options": LATER}
                for task in answered(topology)
            ]
            assert {one["error"] for one in site.send(*later)} == {None}
            inspect_as_control(users[f"{topology.app.name}-control"], len(nodes(topology)))
            assert "ACCESS_REFUSED" not in fleet.log()


HOSTILE = {
    "app": {"name": "host"},
    "broker": {"transport": "rabbitmq"},
    "exchanges": {"a.b|c": {"type": "topic", "alternate": "(x)"}, "(x)": {"type": "fanout"}},
    "queues": {
        "celery": {},
        "w.*": {"exchange": "a.b|c", "routing_key": "k", "dead_letter": "(x)"},
        "[q]$": {"exchange": "(x)", "parking": True},
        "back\\slash": {},
        "ünï 队列": {},
        "^all": {"broadcast": True},
    },
    "routes": [{"task": "t", "queue": "w.*", "routing_key": "k"}],
    "workers": {
        "w+": {"queues": ["celery", "w.*", "ünï 队列"], "replicas": 2},
        "{b}": {"queues": ["back\\slash", "^all"]},
    },
    "beat": {"schedule": {"s": {"task": "t", "every": "1h"}}},
}


def allowed(connection, operation):
    """Whether the broker lets an operation through; that it fails otherwise does not matter."""
    channel = connection.channel()
    try:
        operation(channel)
        channel.close()
    except AccessRefused:
        return False
    except ChannelError:
        pass
    return True


def read(channel, name):
    channel.basic_get(name)


def configure_(channel, name):
    channel.queue_declare(name, auto_delete=True, durable=False)


def test_rabbitmq_reads_the_expressions_as_they_are_meant():
    """Each user may do with each name what its expressions say, and with other names nothing."""
    topology, wrong = Topology.from_data(HOSTILE)
    assert wrong == []
    uuid = "0d9f6b62-8a07-4a1f-9c60-15c2b3f3a001"
    names = [
        *(topology.queues.keys() - {"^all"}),
        *("wx*", "w.", "xw.*", "w.*x", "q", "[q]", "all", "ünï?队列", "", " ", "w.*\\n"),
        *(f"bcast.{uuid}", f"bcast-{uuid}", f"celeryev.{uuid}", f"{uuid}.reply.celery.pidbox"),
        *("w+@host.celery.pidbox", "w+-2@host.x.celery.pidbox", "ww@host.celery.pidbox"),
        *("{b}@host.celery.pidbox", "{b}-2@host.celery.pidbox", secrets.token_hex(6)),
    ]
    names.remove("")
    seen = set()
    with new_vhost() as vhost, rabbitmq_users(topology, vhost) as users:
        for one in accounts(topology):
            with Connection(users[one.user]) as connection:
                for name in names:
                    for operation, expression in (
                        (configure_, one.access.configure),
                        (read, one.access.read),
                    ):
                        expected = bool(expression and re.fullmatch(expression, name))
                        got = allowed(connection, lambda channel: operation(channel, name))  # noqa: B023
                        assert got == expected, (one.user, name, operation.__name__)
                        seen.add((one.principal.kind, operation.__name__, got))
    assert {kind for kind, _, got in seen if got} == {"worker", "beat", "producer", "control"}
    assert {kind for kind, _, got in seen if not got} == {"worker", "beat", "producer", "control"}


def test_every_account_declares_what_it_uses_on_an_empty_rabbitmq():
    """Whoever comes first declares: nobody depends on what others have declared already.

    But for a broadcast: Celery leaves its exchange to the workers.
    """
    topology, _ = Topology.from_data(HOSTILE)
    for one in accounts(topology):
        with (
            new_vhost() as vhost,
            rabbitmq_users(topology, vhost) as users,
            celery_app(topology, users[one.user]) as app,
        ):
            for sent in one.principal.sends:
                if not topology.queues[sent.queue].broadcast:
                    send(app, topology, sent.queue)
            consume(app, one.principal)


@contextmanager
def celery_app(topology, address):
    app = Celery("acts", set_as_current=False)
    configure(app, topology)
    options = {**app.conf.broker_transport_options}
    if address.startswith("amqp"):
        # What is refused on publishing is known at once.
        options["confirm_publish"] = True
    app.conf.update(broker_url=address, broker_transport_options=options)
    try:
        yield app
    finally:
        app.close()


def send(app, topology, queue):
    """Send what a route leads to the queue, or name the queue."""
    tasks = [route.task for route in topology.routes if route.queue == queue]
    app.send_task(*tasks[:1] or ["other"], **({} if tasks else {"queue": queue}))


def consume(app, principal):
    """Consume as a worker does."""
    if not principal.consumes:
        return
    app.amqp.queues.select(principal.consumes)
    taken = [lambda _, message: message.ack()]
    with (
        app.connection_for_read() as connection,
        app.amqp.TaskConsumer(connection, accept=["json"], callbacks=taken),
        suppress(TimeoutError),
    ):
        connection.drain_events(timeout=0.5)


ON_REDIS = {
    "app": {"name": "keys"},
    "broker": {"transport": "redis"},
    "exchanges": {"to*pics": {"type": "topic"}, "everywhere": {"type": "fanout"}},
    "queues": {
        "celery": {},
        "a [b]?": {"exchange": "to*pics", "routing_key": "k.*"},
        "short": {"expires": "1h"},
        "news": {"exchange": "everywhere"},
    },
    "routes": [
        {"task": "t", "queue": "a [b]?", "routing_key": "k.l"},
        {"task": "u", "queue": "celery", "priority": 9},
    ],
    "workers": {
        "all": {"queues": ["celery", "a [b]?", "news"]},
        "one": {"queues": ["short"]},
    },
    "beat": {"schedule": {"s": {"task": "t", "every": "1h"}}},
}


def numbered(topology, address):
    number = int(urlsplit(address).path[1:])
    return topology.replace(deploy=Deploy(redis_database=number)), number


@pytest.mark.parametrize("options", [{}, {"global_keyprefix": "own:"}])
def test_every_account_does_what_it_is_for_on_redis(options, redis_url):
    data = {**ON_REDIS, "broker": {"transport": "redis", "options": options}}
    topology, wrong = Topology.from_data(data)
    assert wrong == []
    topology, number = numbered(topology, redis_url)
    with redis_users(topology, number) as users:
        for one in accounts(topology):
            with celery_app(topology, users[one.user]) as app:
                for sent in one.principal.sends:
                    send(app, topology, sent.queue)
                consume(app, one.principal)
        assert refused(users) == []


@pytest.mark.slow
def test_the_helpdesk_runs_with_nothing_but_its_permissions(make_site, redis_broker, results_url):
    topology, number = numbered(qtopo.load(EXAMPLES / "redis-priorities.toml"), redis_broker)
    results = int(urlsplit(results_url).path[1:])
    with redis_users(topology, number) as users:
        users = {
            user: address.rpartition("/")[0]
            + f"/{results if user.endswith('-results') else number}"
            for user, address in users.items()
        }
        site = make_site(EXAMPLES)
        site.qtopo("emit", "-t", "redis-priorities.toml", "redis_priorities/celeryconfig.py")
        variables = {"HELPDESK_BROKER_URL": "", "HELPDESK_RESULT_URL": "-results"}
        with started(site, "redis-priorities.toml", users, variables) as fleet:
            requests = every_way(topology, HELPDESK)
            all_is_where_the_file_says(fleet, requests, site.send(*requests))
            inspect_as_control(users["helpdesk-control"], len(nodes(topology)))
            assert "NOPERM" not in fleet.log()
        assert refused(users) == []


def test_redis_refuses_everything_else(redis_url):
    kept = {"backend": "redis", "url": "env:RESULTS"}
    topology, wrong = Topology.from_data({**ON_REDIS, "results": kept})
    assert wrong == []
    topology, number = numbered(topology, redis_url)
    names = [secrets.token_hex(6), "aXXb]?", "celery2", "xcelery", "a [b]", "_kombu.binding.other"]
    commands = [(command, name, "x") for name in names for command in ("LPUSH", "PUBLISH")]
    commands += [(command, name) for name in names for command in ("LLEN", "GET")]
    commands += [("FLUSHDB",), ("KEYS", "*"), ("CONFIG", "GET", "*"), ("ACL", "LIST")]
    with redis_users(topology, number) as users:
        assert len(users) == 8
        for address in users.values():
            with Redis.from_url(address) as client:
                for words in commands:
                    with pytest.raises(NoPermissionError):
                        client.execute_command(*words)


NARROW = {
    "app": {"name": "narrow"},
    "broker": {"transport": "rabbitmq"},
    "exchanges": {"events": {"type": "topic", "alternate": "rest"}, "rest": {"type": "fanout"}},
    "queues": {
        "celery": {},
        "mail": {"exchange": "events", "routing_key": "k", "dead_letter": "rest"},
    },
    "routes": [{"task": "t", "queue": "mail", "routing_key": "k"}],
    "workers": {"w": {"queues": ["celery", "mail"]}},
}


def shorter(access):
    """Each way to take one name away from one of the three expressions."""
    for permission in access._fields:
        listed = getattr(access, permission)[2:-2].split("|")
        for left_out in listed:
            kept = "|".join(one for one in listed if one != left_out)
            yield permission, left_out, access._replace(**{permission: f"^({kept})$"})


def test_nothing_can_be_taken_away_from_a_producer():
    """Least means least: with any single name less, RabbitMQ refuses something."""
    topology, wrong = Topology.from_data(NARROW)
    assert wrong == []
    (producer,) = [one for one in accounts(topology) if one.principal.kind == "producer"]
    assert producer.access == (
        "^(celery|events|mail)$",
        "^(amq\\.default|celery|events|mail|rest)$",
        "^(celery|events|mail)$",
    )
    user = f"{secrets.token_hex(4)}-narrow"
    needless = []
    with passwords([user]) as given:
        for permission, name, access in shorter(producer.access):
            with new_vhost() as vhost:
                ask("PUT", f"permissions/{vhost}/{user}", access._asdict())
                with celery_app(topology, url(vhost, user, given[user])) as app:
                    try:
                        for queue in ("celery", "mail"):
                            send(app, topology, queue)
                    except AccessRefused:
                        continue
            needless.append((permission, name))
    assert needless == []


def test_nothing_can_be_taken_away_from_a_producer_on_redis(redis_url):
    """With any key, channel or command less, Redis refuses something."""
    topology, wrong = Topology.from_data(ON_REDIS)
    assert wrong == []
    topology, number = numbered(topology, redis_url)
    (producer,) = [one for one in accounts(topology) if one.principal.kind == "producer"]
    needless = []
    with Redis.from_url(redis_url) as admin:
        for word in producer.broker.words():
            if word[0] not in "~&+":
                continue
            admin.flushdb()
            admin.script_flush()
            with (
                redis_users(topology, number, without=word) as users,
                celery_app(topology, users[producer.user]) as app,
            ):
                # kombu tries again after a refusal, and then leaves out what it did before.
                with suppress(OperationalError):
                    for queue in topology.queues:
                        send(app, topology, queue)
                if not refused(users):
                    needless.append(word)
    assert needless == []
