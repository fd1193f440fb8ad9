"""Which class each kind of change has, and why: one row for each."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import tomli

from qtopo.changes.change import (
    DUPLICATES,
    HARMLESS,
    RECREATE,
    RESTART,
    STRANDS,
    WORKERS_FIRST,
    Diff,
)
from qtopo.changes.compare import diff
from qtopo.topology.topology import Topology

BASE = """
defaults.queue = "default"
[broker]
url = "env:BROKER"
[results]
url = "env:RESULTS"
backend = "redis"
[settings]
timezone = "UTC"
[exchanges.events]
type = "topic"
[queues.default]
[queues.mail]
exchange = "events"
routing_key = "mail.#"
[queues.audit]
bindings = [
    { exchange = "events", routing_key = "audit.a" },
    { exchange = "events", routing_key = "audit.b" },
]
[queues.reports]
[queues.announce]
broadcast = true
[[routes]]
task = "mail.*"
queue = "mail"
routing_key = "mail.send"
[[routes]]
task = "audit.*"
queue = "audit"
routing_key = "audit.a"
[tasks."mail.send"]
[tasks."audit.note"]
[tasks."reports.build"]
queue = "reports"
duration = "10m"
[workers.main]
queues = ["default", "mail", "announce"]
concurrency = 4
[workers.rest]
queues = ["reports", "audit"]
[beat.schedule.nightly]
task = "reports.build"
every = "1d"
"""
REDIS = ("[broker]", '[broker]\ntransport = "redis"')


class Row(NamedTuple):
    """What is replaced in BASE, and then the worst change: its class, kind, name, a word of why."""

    old: str
    new: str
    effect: str
    kind: str
    name: str
    why: str = ""
    redis: bool = False


ROWS = [
    # Brokers and settings.
    Row('url = "env:BROKER"', 'url = "env:OTHER"', STRANDS, "broker", "broker", "another broker"),
    Row("[broker]", '[broker]\ntransport = "amqps"', RESTART, "broker", "broker"),
    Row("[broker]", '[broker]\nversion = "4.1"', HARMLESS, "broker", "broker"),
    Row("[broker]", '[broker]\ntransport = "redis"', STRANDS, "broker", "broker", "old broker"),
    Row('"env:RESULTS"', '"env:OTHER"', STRANDS, "results", "results", "chords"),
    Row('backend = "redis"', 'backend = "redis"\nexpires = "1h"', RESTART, "results", "results"),
    Row('timezone = "UTC"', 'timezone = "Europe/Oslo"', RESTART, "setting", "timezone"),
    Row(
        'timezone = "UTC"',
        'timezone = "UTC"\ntask_acks_late = true',
        DUPLICATES,
        "setting",
        "task_acks_late",
        "runs again",
    ),
    Row(
        'timezone = "UTC"',
        'timezone = "UTC"\ntask_serializer = "pickle"',
        WORKERS_FIRST,
        "setting",
        "task_serializer",
    ),
    Row(
        'timezone = "UTC"',
        'timezone = "UTC"\naccept_content = ["yaml"]',
        STRANDS,
        "setting",
        "accept_content",
        "refused",
    ),
    Row('queue = "default"', 'queue = "reports"', HARMLESS, "defaults", "defaults"),
    # Exchanges.
    Row("[exchanges.events]", "[exchanges.more]\n[exchanges.events]", HARMLESS, "exchange", "more"),
    Row('"topic"', '"topic"\ndurable = false', RECREATE, "exchange", "events", "406"),
    Row('"topic"', '"topic"\nalternate = "events"', RECREATE, "exchange", "events", "406"),
    Row('"topic"', '"topic"\narguments = { x-own = 1 }', HARMLESS, "exchange", "events", "accepts"),
    Row('"topic"', '"topic"\ndurable = false', HARMLESS, "exchange", "events", "notice", True),
    Row('"topic"', '"direct"', DUPLICATES, "exchange", "events", "table", True),
    Row('"topic"', '"fanout"', STRANDS, "exchange", "events", "no list", True),
    # Queues.
    Row("[queues.reports]", "[queues.reports]\nmax_priority = 5", RECREATE, "queue", "reports"),
    Row("[queues.reports]", '[queues.reports]\ntype = "quorum"', RECREATE, "queue", "reports"),
    Row(
        "[queues.reports]",
        "[queues.reports]\nexclusive = true",
        RECREATE,
        "queue",
        "reports",
        "405",
    ),
    Row("[queues.reports]", '[queues.reports]\nowner = "ops"', HARMLESS, "queue", "reports"),
    Row(
        "[queues.reports]",
        "[queues.reports]\nconsumer_arguments = { x-priority = 1 }",
        RESTART,
        "queue",
        "reports",
    ),
    Row("broadcast = true", 'broadcast = true\nmessage_ttl = "1s"', RESTART, "queue", "announce"),
    Row("broadcast = true", "", RECREATE, "exchange", "announce", "406"),
    Row(
        "[queues.reports]",
        "[queues.reports]\nmax_priority = 5",
        HARMLESS,
        "queue",
        "reports",
        "notice",
        True,
    ),
    Row(
        "[queues.reports]",
        '[queues.reports]\nexpires = "1h"',
        RESTART,
        "queue",
        "reports",
        "last",
        True,
    ),
    Row("[queues.reports]", "[queues.more]\n[queues.reports]", HARMLESS, "queue", "more"),
    Row('"mail.#"', '"mail.*"', DUPLICATES, "binding", "mail", "unbound"),
    Row('"mail.#"', '"mail.*"', DUPLICATES, "binding", "mail", "Redis keeps", True),
    Row('routing_key = "audit.b" }', 'routing_key = "audit.c" }', DUPLICATES, "binding", "audit"),
    Row(
        '    { exchange = "events", routing_key = "audit.b" },', "", DUPLICATES, "binding", "audit"
    ),
    # Routes.
    Row('routing_key = "mail.send"', 'routing_key = "mail.now"', HARMLESS, "route", "mail.*"),
    Row('routing_key = "mail.send"', 'routing_key = "lost"', STRANDS, "route", "mail.*", "lost"),
    Row(
        "[[routes]]",
        '[[routes]]\ntask = "x.*"\nqueue = "reports"\n[[routes]]',
        HARMLESS,
        "route",
        "x.*",
    ),
    # Workers.
    Row("concurrency = 4", "concurrency = 8", HARMLESS, "worker", "main"),
    Row("concurrency = 4", 'concurrency = 4\npool = "threads"', RESTART, "worker", "main"),
    Row(
        '["default", "mail", "announce"]',
        '["default", "announce"]',
        STRANDS,
        "worker",
        "main",
        "mail",
    ),
    Row('["reports", "audit"]', '["reports", "audit"]\nreplicas = 0', STRANDS, "worker", "rest"),
    Row('["reports", "audit"]', '["audit", "reports"]', RESTART, "worker", "rest", "order"),
    Row(
        "[workers.rest]",
        '[workers.more]\nqueues = ["audit"]\n[workers.rest]',
        HARMLESS,
        "worker",
        "more",
    ),
    # Tasks.
    Row('duration = "10m"', 'duration = "1m"', HARMLESS, "task", "reports.build"),
    Row(
        'duration = "10m"', 'duration = "10m"\ntime_limit = "1h"', RESTART, "task", "reports.build"
    ),
    Row(
        'duration = "10m"',
        'duration = "10m"\nacks_late = true',
        DUPLICATES,
        "task",
        "reports.build",
    ),
    Row(
        'duration = "10m"',
        'duration = "10m"\nacks_late = true\nidempotent = true',
        RESTART,
        "task",
        "reports.build",
    ),
    # Beat.
    Row("[beat.schedule", "[beat]\nreplicas = 2\n[beat.schedule", DUPLICATES, "beat", "beat"),
    Row(
        "[beat.schedule",
        '[beat]\nscheduler = "redbeat"\n[beat.schedule',
        DUPLICATES,
        "beat",
        "beat",
    ),
    Row('every = "1d"', 'every = "2d"', RESTART, "schedule", "nightly"),
    # Options of Redis.
    Row(
        "[broker]", '[broker]\noptions = { sep = ":" }', STRANDS, "broker", "options", "names", True
    ),
    Row(
        "[broker]",
        '[broker]\noptions = { visibility_timeout = "1m" }',
        DUPLICATES,
        "broker",
        "options",
        "once more",
        True,
    ),
    Row(
        "[broker]",
        '[broker]\noptions = { visibility_timeout = "30m" }',
        RESTART,
        "broker",
        "options",
        "shorter",
        True,
    ),
    Row(
        "[broker]",
        "[broker]\noptions = { priority_steps = [0, 9] }",
        STRANDS,
        "broker",
        "options",
        "lists",
        True,
    ),
    Row(
        "[broker]",
        "[broker]\noptions = { priority_steps = [0, 3, 4, 6, 9] }",
        WORKERS_FIRST,
        "broker",
        "options",
        "new steps",
        True,
    ),
    Row(
        '"mail.send"\n[[',
        '"mail.send"\npriority = 3\n[[',
        WORKERS_FIRST,
        "broker",
        "options",
        "",
        True,
    ),
]


def read(text: str) -> Topology:
    topology, findings = Topology.from_data(tomli.loads(text))
    assert not findings
    return topology


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.effect}-{row.kind}-{row.new[-25:]}")
def test_class(row: Row) -> None:
    base = BASE.replace(*REDIS, 1) if row.redis else BASE
    changed = base.replace(row.old, row.new, 1)
    assert changed != base
    found = diff(read(base), read(changed))
    worst = found.changes[0]
    shown = [(one.effect, one.kind, one.name, one.why) for one in found.changes]
    assert (worst.effect, worst.kind, worst.name) == row[2:5], shown
    assert row.why in worst.why


def changes(new: str, old: str = BASE) -> Diff:
    return diff(read(old), read(new))


def test_a_new_queue_of_a_route_needs_its_workers_first() -> None:
    new = BASE.replace('queue = "reports"', 'queue = "heavy"').replace(
        "[queues.reports]", "[queues.reports]\n[queues.heavy]"
    )
    found = changes(new.replace('["reports", ', '["reports", "heavy", '))
    assert [(one.effect, one.kind, one.name) for one in found.changes][:1] == [
        (WORKERS_FIRST, "queue", "heavy")
    ]
    assert [(one.effect, one.task) for one in found.tasks] == [(WORKERS_FIRST, "reports.build")]
    assert [one.what for one in found.rollout] == ["declare", "consume", "switch"]
    assert found.rollout[1].commands == (
        "celery worker -n rest@%h -Q reports,heavy,audit -P prefork",
    )


def test_without_a_worker_a_new_queue_strands() -> None:
    new = BASE.replace('queue = "reports"', 'queue = "heavy"')
    found = changes(new + "[queues.heavy]\n")
    assert {one.effect for one in found.changes if one.kind == "queue"} == {STRANDS}
    assert [one.effect for one in found.tasks] == [STRANDS]


def test_a_queue_that_goes_strands_what_waits_and_is_drained_before_it_is_removed() -> None:
    new = BASE.replace("[queues.reports]\n", "").replace('queue = "reports"', 'queue = "default"')
    found = changes(new.replace('"reports", ', ""))
    gone = [one for one in found.changes if one.kind == "queue"]
    assert [(one.effect, one.what, one.new) for one in gone] == [(STRANDS, "removed", None)]
    order = [one.what for one in found.rollout]
    assert order.index("switch") < order.index("drain") < order.index("remove")
    drain = next(one for one in found.rollout if one.what == "drain")
    assert "'reports'" in drain.text
    assert any("-Q reports,audit" in line for line in drain.commands)


def test_a_queue_with_another_name_is_a_rename() -> None:
    found = changes(
        BASE.replace("[queues.reports]", "[queues.heavy]").replace('"reports"', '"heavy"')
    )
    renamed = [one for one in found.changes if one.kind == "queue"]
    assert [(one.what, one.old, one.new, one.effect) for one in renamed] == [
        ("renamed", "reports", "heavy", STRANDS)
    ]
    assert not [one for one in found.changes if one.kind == "binding"]


def test_which_of_two_it_became_nobody_knows() -> None:
    new = BASE.replace("[queues.reports]", "[queues.heavy]\n[queues.light]")
    new = new.replace('queue = "reports"', 'queue = "heavy"').replace(
        '"reports", "audit"', '"heavy", "light", "audit"'
    )
    found = changes(new)
    assert {one.what for one in found.changes if one.kind == "queue"} == {"added", "removed"}


def test_quorum_queues_turn_on_delayed_delivery() -> None:
    found = changes(BASE + '[queues.safe]\ntype = "quorum"\n')
    delayed = [one for one in found.changes if one.name == "native delayed delivery"]
    assert [(one.effect, one.old, one.new) for one in delayed] == [(WORKERS_FIRST, False, True)]


def test_spelling_is_no_change() -> None:
    spelt = (
        BASE.replace("[queues.reports]", '[queues.reports]\nexchange = "reports"\ntype = "classic"')
        .replace("[exchanges.events]", "[exchanges.reports]\n[exchanges.events]")
        .replace('"1d"', '"24h"')
        .replace("[queues.default]", '[queues.default]\nrouting_key = "default"')
    )
    assert spelt != BASE
    found = changes(spelt)
    assert (found.changes, found.tasks, found.rollout) == ((), (), ())
    attribute = BASE.replace("[queues.reports]", '[queues.reports]\nmessage_ttl = "1s"')
    argument = BASE.replace(
        "[queues.reports]", "[queues.reports]\narguments = { x-message-ttl = 1000 }"
    )
    assert changes(attribute, argument).changes == ()


def test_a_removed_entry_of_the_database_is_sent_on() -> None:
    old = BASE.replace("[beat.schedule", '[beat]\nscheduler = "django"\n[beat.schedule')
    new = old.partition("[beat.schedule.")[0]
    assert [(one.effect, one.kind) for one in changes(new, old).changes] == [
        (DUPLICATES, "schedule")
    ]


def test_two_queues_that_get_one_message_run_it_twice() -> None:
    found = changes(BASE.replace('routing_key = "audit.b" }', 'routing_key = "mail.send" }'))
    assert ("mail.send", DUPLICATES) in [(one.task, one.effect) for one in found.tasks]


def test_a_key_that_nobody_looks_at_is_no_change() -> None:
    # Celery binds queues of a fanout exchange with its default key, whatever that is.
    found = changes(BASE.replace('queue = "default"', 'queue = "reports"', 1))
    assert [(one.effect, one.kind) for one in found.changes] == [(HARMLESS, "defaults")]
