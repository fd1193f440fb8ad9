"""`import broker` where brokers hold more than a topology: Celery's own, other users, Redis."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import pytest
from kombu import Connection, Exchange, Queue
from kombu.common import Broadcast
from redis import Redis
from vhosts import api, empty, held, imported, management, vhost

import qtopo.importers.brokers.management as asked
from brokers import MANAGEMENT, RABBITMQ
from qtopo.cli.main import main
from qtopo.compiler.live import celery_settings
from qtopo.errors import UnknownNameError
from qtopo.importers.sources import Options
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["vhost"]

pytestmark = pytest.mark.broker

SECRET = "s3cr3t-of-a-test"


def vhost_of(url: str) -> str:
    return unquote(urlsplit(url).path[1:])


@pytest.fixture
def reader(vhost: str) -> Iterator[str]:
    """The management URL of a user who may look at the vhost, and not at its parameters."""
    name = vhost_of(vhost)
    user = f"{name}-reader"
    api(vhost, f"users/{user}", "PUT", {"password": SECRET, "tags": "management"})
    rights = {"configure": "", "write": "", "read": ".*"}
    api(vhost, f"permissions/{{}}/{user}", "PUT", rights)
    server = urlsplit(MANAGEMENT)
    try:
        yield f"{server.scheme}://{user}:{SECRET}@{server.netloc}/{quote(name, safe='')}"
    finally:
        api(vhost, f"users/{user}", "DELETE")


def test_what_celery_makes_for_itself_is_left_out(vhost: str) -> None:
    delivery = Exchange("celery_delayed_delivery", "topic")
    home = Exchange("mail", "topic")
    with Connection(vhost) as connection, connection.channel() as channel:
        own = Queue("mails", home, routing_key="mail", queue_arguments={"x-queue-type": "quorum"})
        own(channel).declare()
        # As Celery's delayed delivery does it, with kombu's own code.
        from kombu.transport.native_delayed_delivery import (
            bind_queue_to_native_delayed_delivery_exchange,
            declare_native_delayed_delivery_exchanges_and_queues,
        )

        declare_native_delayed_delivery_exchanges_and_queues(connection, "classic")
        bind_queue_to_native_delayed_delivery_exchange(connection, own)
        for name in ("first", "second"):
            Broadcast("news", exchange=Exchange("news", "fanout"))(channel).declare()
            Queue(f"{name}@host.celery.pidbox", Exchange("celery.pidbox", "fanout"), durable=False)(
                channel
            ).declare()
        Queue("3f0b0a9c-6f3f-4d6e-8a1e-2b8f5a1c7d9e", Exchange("mail", "topic"))(channel).declare()
        Queue("private", Exchange("mail", "topic"), exclusive=True)(channel).declare()
        found, draft = imported("broker", management(vhost))
        assert delivery.name in held(vhost)["exchanges"]
    assert set(found.queues) == {"mails", "news"}
    assert set(found.exchanges) == {"mail"}
    assert found.queues["mails"].routing_key == "mail"
    assert found.queues["news"].broadcast
    said = " ".join(note.message for note in draft.notes if note.trap == "celery-internal")
    for word in ("delayed delivery", "remote control", "made up", "exclusive", "private"):
        assert word in said
    assert draft.leftovers == []


def test_a_policy_is_no_argument(vhost: str) -> None:
    policy = {"pattern": "^mail", "definition": {"max-length": 5}, "apply-to": "queues"}
    api(vhost, "policies/{}/short", "PUT", policy)
    with Connection(vhost) as connection, connection.channel() as channel:
        Queue("mails", Exchange("mails"), routing_key="mails", max_length=9)(channel).declare()
        found, draft = imported("broker", management(vhost))
        (queue,) = celery_settings(found)["task_queues"]
        queue(channel).declare()
    assert found.queues["mails"].max_length == 9
    (note,) = [one for one in draft.notes if one.trap == "policy-stays-on-broker"]
    assert "'mails'" in note.message
    assert "max-length = 5" in note.message
    (left,) = [one for one in draft.leftovers if one.title == "policy short"]
    assert "definition = { max-length = 5 }" in left.lines


def test_who_may_not_see_all_sees_the_rest(
    vhost: str, reader: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Connection(vhost) as connection, connection.channel() as channel:
        Queue("mails", Exchange("mails"), routing_key="mails")(channel).declare()
    path = tmp_path / "topology.toml"
    assert main(["import", "broker", reader, "-o", str(path)]) == 0
    said = capsys.readouterr()
    assert "this user may not see 'parameters'" in said.err
    assert "[queues.mails]" in path.read_text()
    assert SECRET not in said.out + said.err + path.read_text()


def test_a_wrong_password_is_not_repeated(
    vhost: str, reader: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for url in (
        reader.replace(SECRET, SECRET + "x"),
        reader.replace(SECRET, SECRET + "/x"),
        RABBITMQ.replace("guest@", SECRET + "@"),
        f"{reader}-nowhere",
        f"redis://:{SECRET}@127.0.0.1:1/0",
        f"env:{reader}",
        f"sqs://{SECRET}:{SECRET}@",
    ):
        assert main(["import", "broker", url]) == 2, url
        assert main(["import", "broker", "amqp://", url]) == 2, url
        said = capsys.readouterr()
        assert SECRET not in said.out + said.err
        assert "help:" in said.err


def test_without_management_known_names_are_asked_for(
    vhost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A port where nobody listens.
    monkeypatch.setattr(asked, "_PORTS", {False: 1, True: 1})
    with Connection(vhost) as connection, connection.channel() as channel:
        Queue("mails", Exchange("mails"), routing_key="mails")(channel).declare()
    before = held(vhost)
    conf = tmp_path / "conf.py"
    conf.write_text(
        "from kombu import Exchange, Queue\n"
        "task_queues = [Queue(n, Exchange(n), n) for n in ('mails', 'gone', 'celery')]\n"
    )
    assert main(["import", "settings", str(conf), "broker", vhost]) == 0
    said = capsys.readouterr().err
    assert "were not seen" in said
    assert "queues that the broker does not have: 'celery', 'gone' [missing-on-broker]" in said
    assert "exchanges that the broker does not have: 'celery', 'gone'" in said
    assert held(vhost) == before
    assert main(["import", "broker", vhost]) == 2
    assert "export_definitions" in capsys.readouterr().err


def test_vhosts_are_chosen(vhost: str) -> None:
    parts = urlsplit(management(vhost))
    bare = parts._replace(path="").geturl()
    with pytest.raises(UnknownNameError, match="vhosts"):
        imported("broker", bare)
    found, _ = imported("broker", bare, Options(vhost=vhost_of(vhost)))
    assert dict(found.queues) == {}
    with pytest.raises(UnknownNameError, match="no vhost 'nowhere'"):
        imported("broker", bare, Options(vhost="nowhere"))
    empty(vhost)


@pytest.mark.parametrize("prefix", ["", "shop:", "a_kombu."])
def test_redis_gives_back_what_kombu_bound(redis_url: str, prefix: str) -> None:
    data: dict[str, Any] = {
        "broker": {"transport": "redis", "options": {"global_keyprefix": prefix}},
        "exchanges": {"mail": {"type": "topic"}, "shared": {}},
        "queues": {
            "celery": {},
            "mails": {"exchange": "mail", "routing_key": "mail.#"},
            "both": {
                "bindings": [
                    {"exchange": "mail", "routing_key": "a.*"},
                    {"exchange": "shared", "routing_key": "b"},
                ]
            },
            "ünï cödé": {"exchange": "shared", "routing_key": "c"},
        },
    }
    topology, wrong = Topology.from_data(data)
    assert wrong == []
    options = {"global_keyprefix": prefix}
    with ExitStack() as stack:
        connection = stack.enter_context(Connection(redis_url, transport_options=options))
        channel = stack.enter_context(connection.channel())
        for queue in celery_settings(topology)["task_queues"]:
            queue(channel).declare()
        producer = stack.enter_context(connection.Producer())
        for priority in (0, 5):
            producer.publish({}, exchange="", routing_key="mails", priority=priority)
        producer.publish({}, exchange="", routing_key="nobody's")
        client = stack.enter_context(Redis.from_url(redis_url))
        client.rpush("not a queue", "text")
        before = {key: client.type(key) for key in client.scan_iter()}
        found, draft = imported("broker", redis_url)
        assert {key: client.type(key) for key in client.scan_iter()} == before
        client.flushdb()
        client.set("qtopo-test", "")
    expected = dict(topology.queues)
    assert {name: found.wiring.bindings[name] for name in expected} == {
        name: topology.wiring.bindings[name] for name in expected
    }
    assert set(found.queues) == {*expected, "nobody's"}
    assert {name: one.type for name, one in found.exchanges.items()} == {
        "mail": "topic",
        "shared": "direct",
    }
    assert found.broker.options.get("global_keyprefix", "") == prefix
    said = [note.message for note in draft.notes]
    assert any("steps [3]" in one for one in said), said
    assert any("'nobody\\'s'" in one or '"nobody\'s"' in one for one in said)


def test_redis_with_several_prefixes_asks(redis_url: str) -> None:
    for prefix in ("a:", "b:"):
        with (
            Connection(redis_url, transport_options={"global_keyprefix": prefix}) as connection,
            connection.channel() as channel,
        ):
            Queue(prefix + "q", Exchange("x"), routing_key="k")(channel).declare()
    with pytest.raises(UnknownNameError, match="'a:', 'b:'"):
        imported("broker", redis_url)
    found, _ = imported("broker", redis_url, Options(key_prefix="b:"))
    assert set(found.queues) == {"b:q"}
