"""What `diff` says must be re-created, RabbitMQ refuses; what it calls harmless, it accepts.

Each example of `topologies/` is declared as it is (and with one more field), then
as a copy of itself with one field changed, over every field that RabbitMQ may
compare. Then what diff says of stranded and doubled messages is done, on
RabbitMQ and on Redis, and the commands of its roll-out are run.
"""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import tomli
from amqp.exceptions import AMQPError
from celery import Celery
from kombu import Connection

import qtopo
from qtopo.changes.change import BREAKING, DUPLICATES, HARMLESS, RECREATE, STRANDS
from qtopo.changes.compare import diff
from qtopo.compiler.live import to_live
from qtopo.compiler.queues import compile_exchange, compile_queues
from qtopo.compiler.values import BroadcastValue
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.broker

EXAMPLES = Path(__file__).parents[2] / "topologies"
REFUSED = (405, 406)

ANY = {
    "message_ttl": ("1m", "2m"),
    "expires": ("1h", "2h"),
    "max_length": (10, 20),
    "max_length_bytes": ("1MB", "2MB"),
    "overflow": ("drop-head", "reject-publish"),
    "single_active_consumer": (True, None),
    "dead_letter": ({"exchange": "one"}, {"exchange": "other"}),
    "arguments.x-own": (1, "two"),
    "description": ("one", "other"),
    "owner": ("one", "other"),
}
FIELDS: dict[str, dict[str, tuple[Any, Any]]] = {
    "classic": {
        **ANY,
        "type": ("classic", "quorum"),
        "durable": (False, None),
        "auto_delete": (True, None),
        "exclusive": (True, None),
        "max_priority": (5, 6),
        "arguments.x-queue-mode": ("lazy", "default"),
        "arguments.x-queue-version": (1, 2),
        "arguments.x-queue-master-locator": ("min-masters", "client-local"),
        "arguments.x-max-priority": (7, 8),
        "arguments.x-message-ttl": (1000, 2000),
        "arguments.x-consumer-timeout": (100_000, 200_000),
    },
    "quorum": {
        **ANY,
        "delivery_limit": (4, 6),
        "arguments.x-delivery-limit": (3, 9),
        "arguments.x-dead-letter-strategy": ("at-most-once", None),
        "arguments.x-quorum-initial-group-size": (1, 3),
        "arguments.x-quorum-target-group-size": (1, 3),
        "arguments.x-max-in-memory-length": (10, 20),
        "arguments.x-max-in-memory-bytes": (1000, 2000),
        "arguments.x-queue-leader-locator": ("client-local", "balanced"),
        "arguments.x-consumer-timeout": (100_000, 200_000),
    },
    "stream": {
        "max_length_bytes": ("1MB", "2MB"),
        "arguments.x-max-age": ("1D", "2D"),
        "arguments.x-stream-max-segment-size-bytes": (1_000_000, 2_000_000),
        "arguments.x-stream-filter-size-bytes": (16, 32),
        "arguments.x-initial-cluster-size": (1, 3),
        "arguments.x-queue-leader-locator": ("client-local", "balanced"),
        "arguments.x-own": (1, 2),
    },
    "exchange": {
        "type": ("fanout", "headers"),
        "durable": (False, None),
        "auto_delete": (True, None),
        "alternate": ("one", "other"),
        "arguments.x-own": (1, 2),
        "description": ("one", "other"),
    },
}
STREAM = "live-stream"


class Case(NamedTuple):
    """One field of one object: what it is before and after; None is not given."""

    example: str
    section: str
    name: str
    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.example}-{self.name}-{self.field}-{self.before}-{self.after}"


def data_of(example: str) -> dict[str, Any]:
    data = tomli.loads((EXAMPLES / f"{example}.toml").read_text("utf-8"))
    data["broker"] = {"transport": "rabbitmq", "url": "env:X"}
    data["queues"][STREAM] = {"type": "stream", "parking": True}
    return data


def cases() -> Iterator[Case]:
    for file in sorted(EXAMPLES.glob("*.toml")):
        data = data_of(file.stem)
        chosen: dict[str, tuple[str, str]] = {}
        for name, queue in data["queues"].items():
            if not queue.get("broadcast"):
                chosen.setdefault(queue.get("type", "classic"), ("queues", name))
        for name in data.get("exchanges", {}):
            chosen.setdefault("exchange", ("exchanges", name))
        for kind, (section, name) in chosen.items():
            fields = FIELDS[kind]
            if len(data["queues"]) > 20:
                # Declaring it all takes its time: some fields will do, of each kind.
                fields = dict(list(fields.items())[::5])
            for field, (one, other) in fields.items():
                for before, after in ((None, one), (one, other), (one, None)):
                    if before != after:
                        yield Case(file.stem, section, name, field, before, after)


def changed(case: Case, value: Any, version: str) -> Topology:
    """Return the example with one field set, or left out where the value is None."""
    data = copy.deepcopy(data_of(case.example))
    data["broker"]["version"] = version
    table = data[case.section][case.name]
    *above, key = case.field.split(".")
    if value is not None:
        for part in above:
            table = table.setdefault(part, {})
        table[key] = value
    else:
        table = table.get(above[0], {}) if above else table
        table.pop(key, None)
    if (case.section, key) == ("exchanges", "type"):
        # Keys of the other types say nothing here, and do no harm.
        table.setdefault(key, "direct")
    topology, findings = Topology.from_data(data)
    assert not [one for one in findings if one.severity == "error"], findings
    return topology


class Declarer:
    """Declares whole topologies, each thing on a channel of its own; notes what is refused."""

    def __init__(self, url: str) -> None:
        self.connection = Connection(url).connect()
        self.refused: dict[tuple[str, str], str] = {}

    def all(self, topology: Topology) -> dict[tuple[str, str], str]:
        """Declare as workers do; returns what was refused, with the broker's words."""
        self.refused = {}
        for name in topology.wiring.exchanges:
            exchange = to_live(compile_exchange(topology, name, name))
            self._try(("exchange", name), lambda channel, one=exchange: one(channel).declare())
        for value in compile_queues(topology):
            if not isinstance(value, BroadcastValue):
                queue = to_live(value)
                self._try(
                    ("queue", value.name), lambda channel, one=queue: one(channel).queue_declare()
                )
        for words in self.refused.values():
            assert any(f"({code})" in words for code in REFUSED), words
            assert "invalid arg" not in words, f"the test is wrong: {words}"
        return self.refused

    def delete(self, section: str, name: str) -> None:
        with self.connection.channel() as channel:
            getattr(channel, f"{section.removesuffix('s')}_delete")(name)

    def _try(self, what: tuple[str, str], declare: Any) -> None:
        channel = self.connection.channel()
        try:
            declare(channel)
            channel.close()
        except AMQPError as error:
            self.refused[what] = str(error)


@pytest.fixture(scope="module")
def before(rabbitmq_url: str) -> Iterator[Declarer]:
    declarer = Declarer(rabbitmq_url)
    yield declarer
    declarer.connection.close()


@pytest.fixture(scope="module")
def after(rabbitmq_url: str) -> Iterator[Declarer]:
    declarer = Declarer(rabbitmq_url)
    yield declarer
    declarer.connection.close()


@pytest.fixture(scope="module")
def version(before: Declarer) -> str:
    return str(before.connection.connection.server_properties["version"])


@pytest.fixture(scope="module")
def examples_left(before: Declarer) -> Iterator[dict[str, Topology]]:
    """Which example stands on the broker: they share names, so there is one at a time."""
    left: dict[str, Topology] = {}
    yield left
    clear(before, left)


def clear(declarer: Declarer, left: dict[str, Topology]) -> None:
    for topology in left.values():
        for name in topology.queues:
            declarer.delete("queues", name)
        for name in topology.wiring.exchanges:
            declarer.delete("exchanges", name)
    left.clear()


@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_the_broker_refuses_what_has_to_be_recreated(
    case: Case,
    before: Declarer,
    after: Declarer,
    version: str,
    examples_left: dict[str, Topology],
) -> None:
    old, new = (changed(case, value, version) for value in (case.before, case.after))
    if case.example not in examples_left:
        clear(before, examples_left)
        examples_left[case.example] = old
    before.delete(case.section, case.name)
    try:
        assert before.all(old) == {}
        refused = after.all(new)
    finally:
        before.delete(case.section, case.name)
    found = diff(old, new).changes
    told = {(one.kind, one.name) for one in found if one.effect == RECREATE}
    assert told == refused.keys(), refused
    if not told:
        assert {one.effect for one in found} <= {HARMLESS, "workers-first", "restart"}
    for one in found:
        if one.effect == RECREATE and one.key != "exclusive":
            assert "406" in one.why


def test_every_field_is_refused_somewhere_and_accepted_somewhere() -> None:
    """The cases above are no cases of nothing."""
    verdicts: dict[bool, set[str]] = {True: set(), False: set()}
    for case in cases():
        pair = (changed(case, value, "3.10.8") for value in (case.before, case.after))
        effects = {one.effect for one in diff(*pair).changes}
        verdicts[RECREATE in effects].add(case.field)
    assert {"description", "arguments.x-own"} <= verdicts[False]
    everything = {field for fields in FIELDS.values() for field in fields}
    accepted = {
        "arguments.x-delivery-limit",  # beside `delivery_limit`, which goes over it
        "arguments.x-own",
        "arguments.x-consumer-timeout",
        "arguments.x-quorum-target-group-size",
        "arguments.x-stream-filter-size-bytes",
        "description",
        "owner",
    }
    assert everything - verdicts[True] == accepted


# What becomes of messages.

OLD = """
broker = {{ transport = "{transport}", url = "env:DIFF_URL" }}
defaults.queue = "default"
[exchanges.events]
type = "topic"
[queues.default]
[queues.one]
exchange = "events"
routing_key = "mail.*"
[queues.other]
exchange = "events"
routing_key = "post.*"
[queues.reports]
[[routes]]
task = "mail.send"
queue = "one"
routing_key = "mail.now"
[[routes]]
task = "reports.build"
queue = "reports"
[workers.all]
queues = ["default", "one", "other", "reports"]
"""


class Site:
    """A broker and the topologies declared on it."""

    def __init__(self, folder: Path, transport: str, url: str) -> None:
        self.folder, self.transport, self.url = folder, transport, url

    def topology(self, name: str, text: str) -> Topology:
        file = self.folder / f"{name}.toml"
        file.write_text(text.format(transport=self.transport), "utf-8")
        return qtopo.load(file)

    def app(self, topology: Topology) -> Celery:
        """Return a program with the topology, everything declared as its workers do."""
        app = Celery(set_as_current=False)
        app.conf.update(qtopo.celery_settings(topology))
        app.conf.broker_url = self.url
        with app.connection_for_write() as connection:
            for queue in app.amqp.queues.values():
                queue(connection.default_channel).declare()
        return app

    def send(self, topology: Topology, task: str) -> None:
        app = self.app(topology)
        app.send_task(task)
        app.close()

    def waiting(self, *queues: str) -> list[int]:
        with Connection(self.url) as connection:
            channel = connection.default_channel
            if self.transport == "redis":
                return [channel.client.llen(name) for name in queues]
            return [channel.queue_declare(name, passive=True).message_count for name in queues]

    def run(self, commands: tuple[str, ...]) -> None:
        assert commands
        path = os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"]))
        for line in commands:
            subprocess.run(
                ["sh", "-ec", line],
                check=True,
                timeout=60,
                cwd=self.folder,
                env={**os.environ, "PATH": path, "DIFF_URL": self.url},
            )


@pytest.fixture(params=["rabbitmq", "redis"])
def site(request: Any, tmp_path: Path, rabbitmq_url: str, redis_url: str) -> Iterator[Site]:
    url = {"rabbitmq": rabbitmq_url, "redis": redis_url}[request.param]
    yield Site(tmp_path, request.param, url)
    if request.param == "rabbitmq":
        with Connection(url) as connection, connection.channel() as channel:
            for name in ("default", "one", "other", "reports", "heavy"):
                channel.queue_delete(name)
                channel.exchange_delete(name)
            channel.exchange_delete("events")


def steps(found: Any) -> dict[str, tuple[str, ...]]:
    return {one.what: one.commands for one in found.rollout}


def test_a_binding_that_moves_doubles_messages_until_the_old_one_is_unbound(site: Site) -> None:
    old = site.topology("old", OLD)
    new = site.topology(
        "new",
        OLD.replace('"mail.*"', '"post.*"', 1)
        .replace(
            'routing_key = "post.*"\n[queues.reports]', 'routing_key = "mail.*"\n[queues.reports]'
        )
        .replace('queue = "one"', 'queue = "other"'),
    )
    found = diff(old, new)
    assert [(one.task, one.effect) for one in found.tasks] == [("mail.send", DUPLICATES)]
    site.app(old).close()
    site.send(new, "mail.send")
    assert site.waiting("one", "other") == [1, 1]
    if site.transport == "redis" and shutil.which("redis-cli") is None:
        pytest.skip("redis-cli, which the commands call, is not installed")
    site.run(steps(found)["unbind"])
    site.send(new, "mail.send")
    assert site.waiting("one", "other") == [1, 2]


def test_a_queue_that_is_renamed_strands_what_waits_in_it(site: Site) -> None:
    old = site.topology("old", OLD)
    new = site.topology("new", OLD.replace("reports]", "heavy]").replace('"reports"', '"heavy"'))
    found = diff(old, new)
    assert [(one.name, one.what, one.effect) for one in found.changes if one.kind == "queue"] == [
        ("heavy", "renamed", STRANDS)
    ]
    site.send(old, "reports.build")
    site.send(new, "reports.build")
    assert site.waiting("reports", "heavy") == [1, 1]
    app = site.app(new)
    taken = []
    with app.connection_for_read() as connection:
        queues = list(app.amqp.queues.values())
        with connection.Consumer(queues, on_message=taken.append, no_ack=True, accept=["json"]):
            while len(taken) < 1:
                connection.drain_events(timeout=10)
            with pytest.raises(TimeoutError):
                connection.drain_events(timeout=1)
    app.close()
    # Whoever consumes all that the new file has leaves the old message where it is.
    assert site.waiting("reports") == [1]
    assert len(taken) == 1


def test_a_harmless_change_leaves_every_message_where_the_file_says(site: Site) -> None:
    old = site.topology("old", OLD)
    new = site.topology("new", OLD + "concurrency = 3\n[queues.one.arguments]\nx-own = 1\n")
    found = diff(old, new)
    assert not {*BREAKING} & {*found.effects()}
    assert found.rollout == ()
    site.send(old, "mail.send")
    site.send(new, "mail.send")
    assert site.waiting("one", "other") == [2, 0]


@pytest.mark.parametrize("site", ["redis"], indirect=True)
def test_redis_reads_old_bindings_as_patterns_that_match_anything(site: Site) -> None:
    direct = OLD.replace('"topic"', '"direct"').replace("mail.*", "mail.now")
    old = site.topology("old", direct)
    new = site.topology("new", direct.replace('"direct"', '"topic"').replace("post.*", "post.now"))
    found = diff(old, new)
    assert (found.changes[0].kind, found.changes[0].effect) == ("exchange", DUPLICATES)
    site.app(old).close()
    site.send(new, "mail.send")
    assert site.waiting("one", "other") == [1, 1]
    if shutil.which("redis-cli") is None:
        pytest.skip("redis-cli, which the commands call, is not installed")
    site.run(steps(found)["unbind"])
    site.send(new, "mail.send")
    assert site.waiting("one", "other") == [2, 1]


def test_what_still_waits_is_shown_before_a_queue_is_removed(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    if shutil.which("redis-cli" if site.transport == "redis" else "rabbitmqctl") is None:
        pytest.skip("what the command calls is not installed")
    old = site.topology("old", OLD.replace('queue = "reports"', 'queue = "reports"\npriority = 3'))
    head, tail = OLD.split("[queues.reports]\n")
    tail = tail.replace('queue = "reports"', 'queue = "default"').replace(', "reports"]', "]")
    found = diff(old, site.topology("new", head + tail))
    if site.transport == "rabbitmq":
        assert steps(found)["drain"][-1].startswith("rabbitmqctl ")
        return
    site.send(old, "reports.build")
    site.run(steps(found)["drain"][1:])
    # Priority 3 of the file is step 6 of Redis.
    assert "reports\x06\x166: 1" in capfd.readouterr().out


@pytest.mark.parametrize("site", ["rabbitmq"], indirect=True)
def test_what_is_recreated_by_the_commands_is_accepted(site: Site) -> None:
    old = site.topology("old", OLD)
    new = site.topology(
        "new", OLD.replace('"post.*"', '"post.*"\nmax_priority = 5').replace('"topic"', '"direct"')
    )
    found = diff(old, new)
    assert {one.name for one in found.changes if one.effect == RECREATE} == {"other", "events"}
    site.app(old).close()
    with pytest.raises(AMQPError, match="PRECONDITION_FAILED"):
        site.app(new)
    site.run(steps(found)["recreate"])
    site.app(new).close()


@pytest.mark.parametrize("site", ["rabbitmq"], indirect=True)
def test_nothing_that_holds_messages_is_removed(site: Site) -> None:
    old = site.topology("old", OLD)
    head, tail = OLD.split("[queues.reports]\n")
    new = site.topology("new", head + tail.replace('"reports"', '"default"'))
    found = diff(old, new)
    site.send(old, "reports.build")
    with pytest.raises(subprocess.CalledProcessError):
        site.run(steps(found)["remove"])
    assert site.waiting("reports") == [1]
    with Connection(site.url) as connection:
        connection.default_channel.queue_purge("reports")
    site.run(steps(found)["remove"])
    with pytest.raises(AMQPError, match="NOT_FOUND"):
        site.waiting("reports")
