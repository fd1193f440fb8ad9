"""Asks RabbitMQ and kombu's own exchanges where messages come, and writes docs/transports.md.

`python scripts/transport_differences.py AMQP_URL REDIS_URL` asks, in a vhost and a
database that are empty, and writes `scripts/transport_differences.json`;
`python scripts/generate.py` writes the page from it and needs no broker.
`tests/live/test_transport_differences.py` asks again and compares.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import transport_cases

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transport_cases import Case

    from qtopo.topology.topology import Topology

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "scripts/transport_differences.json"
TARGET = ROOT / "docs/transports.md"
WORDS = ROOT / "scripts/transport_words.md"
"""The page's words; `{topic}` and so on stand for the tables."""

PLAIN = "nothing"
COLUMNS = {"rabbitmq": "RabbitMQ", "memory": "kombu, in memory", "redis": "kombu, Redis"}


def topology_of(case: Case, transport: str) -> Topology:
    """Return the case as a topology; options of a transport are kombu's."""
    from qtopo.topology.topology import Topology

    options = case.options if transport != "rabbitmq" else {}
    broker = {"transport": {"rabbitmq": "amqp"}.get(transport, transport), "options": options}
    topology, wrong = Topology.from_data(
        {"exchanges": case.exchanges, "queues": case.queues, "broker": broker}
    )
    if wrong:
        raise ValueError(f"{case}: {wrong}")
    return topology


def said(names: Iterable[str], raised: str | None = None) -> str:
    """Return an outcome in words."""
    if raised is not None:
        return f"raises {raised}"
    return ", ".join(sorted(names)) or PLAIN


def expected(case: Case, transport: str) -> str:
    """Return what qtopo says of a case."""
    from qtopo.routing.deadletters import dead_letters
    from qtopo.routing.delivery import Deliveries

    topology = topology_of(case, transport)
    came = Deliveries(topology).trace(case.exchange, case.key, case.headers)
    if came.refused is not None:
        return said((), came.refused.error)
    found = {*came.queues, *came.undeclared}
    reason = "rejected" if case.reject else "maxlen"
    for name in came.queues:
        for course in dead_letters(topology, name, key=case.key).courses:
            if course.reason == reason and course.letters and name in (case.reject or "q"):
                found.discard(name)
                found.update(course.letters[0].delivered_to)
    if case.reject and transport != "rabbitmq":
        found.discard(case.reject)
    return said(found)


def connected(url: str) -> Any:
    """Return a connection, open within `with`."""
    import amqp

    parts = urlsplit(url)
    return amqp.Connection(
        f"{parts.hostname}:{parts.port or 5672}",
        userid=parts.username or "guest",
        password=parts.password or "guest",
        virtual_host=unquote(parts.path[1:]) or "/",
    )


def ask_rabbitmq(case: Case, url: str) -> str:
    """Publish the message on RabbitMQ; removes what it declared."""
    import amqp

    topology = topology_of(case, "rabbitmq")
    with connected(url) as connection:
        channel = connection.channel()
        try:
            _declare_rabbitmq(channel, topology)
            channel.confirm_select()
            channel.basic_publish_confirm(
                amqp.Message("x", application_headers=dict(case.headers)), case.exchange, case.key
            )
            if case.reject:
                got = channel.basic_get(case.reject)
                channel.basic_reject(got.delivery_tag, requeue=False)
            if case.group == "letters":
                # Dead letters are on their way for a moment.
                time.sleep(0.5)
            return said(name for name in topology.queues if _length(channel, name))
        except amqp.AMQPError as error:
            return said((), type(error).__name__)
        finally:
            channel = connection.channel()
            for name in topology.queues:
                channel.queue_delete(name)
            for name in topology.wiring.exchanges:
                channel.exchange_delete(name)


def _length(channel: Any, queue: str) -> int:
    found: int = channel.queue_declare(queue, passive=True).message_count
    return found


def _declare_rabbitmq(channel: Any, topology: Topology) -> None:
    for name, exchange in topology.wiring.exchanges.items():
        arguments = {"alternate-exchange": exchange.alternate} if exchange.alternate else {}
        channel.exchange_declare(name, exchange.type, auto_delete=False, arguments=arguments)
    for name, queue in topology.queues.items():
        letters = queue.dead_letter
        arguments = {
            "x-max-length": queue.max_length,
            "x-dead-letter-exchange": letters and letters.exchange,
            "x-dead-letter-routing-key": letters and letters.routing_key,
        }
        given = {key: value for key, value in arguments.items() if value is not None}
        channel.queue_declare(name, auto_delete=False, arguments=given)
    for source, some in topology.wiring.bound.items():
        for one in some:
            bind = channel.queue_bind if one.kind == "queue" else channel.exchange_bind
            arguments = dict(one.binding.arguments)
            bind(one.name, source, one.binding.routing_key, arguments=arguments)


def ask_kombu(case: Case, transport: str, url: str) -> str:
    """Publish the message by one of kombu's own transports; removes what it declared."""
    from kombu import Connection

    topology = topology_of(case, transport)
    options = dict(case.options)
    with Connection(url, transport_options=options) as connection:
        channel = connection.channel()
        try:
            _declare_kombu(channel, topology)
            if case.group == "fanout" and transport == "redis":
                return _subscribed(case, topology, url, connection)
            if (raised := _publish_kombu(connection, channel, case)) is not None:
                return said((), raised)
            if case.reject:
                channel.basic_reject(channel.basic_get(case.reject).delivery_tag)
            return said(name for name in topology.queues if channel._size(name))
        finally:
            _forget(transport, connection, url)


def _declare_kombu(channel: Any, topology: Topology) -> None:
    from kombu import Exchange, Queue

    for name, exchange in topology.wiring.exchanges.items():
        Exchange(name, exchange.type, channel=channel).declare()
    for name in topology.queues:
        Queue(name, channel=channel).queue_declare()
        for one in topology.wiring.bindings[name]:
            # kombu cannot bind to an exchange of a type that it does not know.
            if topology.wiring.exchange_type(one.exchange) != "headers":
                channel.queue_bind(name, one.exchange, one.routing_key)


def _publish_kombu(connection: Any, channel: Any, case: Case) -> str | None:
    """Publish as Celery does, with retries; returns the name of what was raised."""
    import re
    import warnings

    try:
        with warnings.catch_warnings():
            # kombu warns of what it files in the dead-letter queue.
            warnings.simplefilter("ignore")
            connection.Producer(channel).publish(
                "x",
                exchange=case.exchange,
                routing_key=case.key,
                headers=dict(case.headers),
                retry=True,
                retry_policy={"max_retries": 0},
            )
    except re.error:
        return "re.error"
    except Exception as error:
        return type(error).__name__
    return None


def _subscribed(case: Case, topology: Topology, url: str, sender: Any) -> str:
    """Return where a fanout message comes on Redis, which gives it to who is there at the time."""
    from kombu import Connection, Exchange, Queue

    came: set[str] = set()
    ((name, (one,)),) = ((name, topology.wiring.bindings[name]) for name in topology.queues)
    with Connection(url) as connection:
        queue = Queue(name, Exchange(one.exchange, "fanout"), one.routing_key)
        consumer = connection.Consumer([queue], no_ack=True)
        consumer.register_callback(lambda *_: came.add(name))
        consumer.consume()
        _drain(connection)
        raised = _publish_kombu(sender, sender.channel(), case)
        _drain(connection)
    return said(came, raised)


def _drain(connection: Any) -> None:
    with contextlib.suppress(TimeoutError):
        while True:
            connection.drain_events(timeout=0.5)


def _forget(transport: str, connection: Any, url: str) -> None:
    """Remove what the transport keeps after the connection."""
    if transport == "memory":
        connection.transport.state.clear()
        connection.transport.Channel.queues.clear()
    else:
        from redis import Redis

        with Redis.from_url(url) as client:
            for key in client.keys("*"):
                if key != b"qtopo-test":
                    client.delete(key)


def measured(rabbitmq: str, redis: str) -> list[dict[str, str]]:
    """Return the outcomes of all cases, in their order."""
    return [
        {
            "rabbitmq": ask_rabbitmq(case, rabbitmq),
            "memory": ask_kombu(case, "memory", "memory://"),
            "redis": ask_kombu(case, "redis", redis),
        }
        for case in transport_cases.cases()
    ]


def stored() -> dict[str, Any]:
    """Return the data file: `versions` and `outcomes`, these as `measured` returns them."""
    found: dict[str, Any] = json.loads(DATA.read_text("utf-8"))
    return found


def render() -> str:
    """Return the page."""
    data = stored()
    rows: dict[str, list[str]] = {}
    for case, outcome in zip(transport_cases.cases(), data["outcomes"], strict=True):
        rows.setdefault(case.group, []).append(_row(case, outcome))
    text = WORDS.read_text("utf-8")
    for name, value in data["versions"].items():
        text = text.replace(f"{{version {name}}}", value)
    for group, lines in rows.items():
        heads = ("binding key | routing key" if group == "topic" else "", *COLUMNS.values())
        table = [f"| {' | '.join(heads)} |", "|---" * (5 if group == "topic" else 4) + "|", *lines]
        text = text.replace(f"{{{group}}}", "\n".join(table))
    return text


def _row(case: Case, outcome: dict[str, str]) -> str:
    first = case.about
    if case.group == "topic":
        first = f"{_code(case.queues['q']['bindings'][0]['routing_key'])} | {_code(case.key)}"
    words = (_outcome(case, outcome[one]) for one in COLUMNS)
    return f"| {first} | {' | '.join(words)} |"


def _outcome(case: Case, text: str) -> str:
    if text.startswith("raises "):
        return f"raises `{text[7:]}`"
    if text == PLAIN:
        return "no" if case.group == "topic" else PLAIN
    return "yes" if case.group == "topic" else ", ".join(f"`{one}`" for one in text.split(", "))


def _code(text: str) -> str:
    return f"`{text}`".replace("\n", "\\n") if text else "(empty)"


def main(arguments: list[str]) -> int:
    """Ask the brokers and write the data file; returns the exit code."""
    if len(arguments) != 2:
        sys.stderr.write("usage: transport_differences.py AMQP_URL REDIS_URL\n")
        return 2
    from redis import Redis

    rabbitmq, redis = arguments
    with Redis.from_url(redis) as client:
        versions = {"kombu": version("kombu"), "redis": client.info()["redis_version"]}
    with connected(rabbitmq) as connection:
        versions["rabbitmq"] = str(connection.server_properties["version"])
    data = {"versions": versions, "outcomes": measured(rabbitmq, redis)}
    text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    DATA.write_text(text, "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
