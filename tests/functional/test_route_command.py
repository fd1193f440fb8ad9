"""`qtopo route`: text, JSON, the options of a call, and the other questions."""

from __future__ import annotations

import json

import pytest

from qtopo.cli.main import main

TEXT = """\
[broker]
transport = "rabbitmq"
version = "3.13"
[defaults]
queue = "default"
[exchanges.events]
type = "topic"
alternate = "unrouted"
[exchanges.unrouted]
type = "fanout"
[exchanges.dead]
[queues.default]
[queues.emails]
exchange = "events"
routing_key = "email.#"
max_priority = 9
message_ttl = "1h"
dead_letter = { exchange = "dead", routing_key = "email" }
[queues.orders]
exchange = "events"
routing_key = "order.*"
[queues.lost]
exchange = "unrouted"
parking = true
[queues.graves]
exchange = "dead"
routing_key = "email"
parking = true
[[routes]]
task = "shop.emails.*"
queue = "emails"
routing_key = "email.send"
priority = 7
[[routes]]
task = "shop.*"
queue = "orders"
routing_key = "order.changed"
[tasks."shop.emails.send"]
[tasks."other.task"]
queue = "default"
[workers.main]
queues = ["default", "emails", "orders"]
concurrency = 4
[workers.off]
queues = ["emails"]
replicas = 0
"""


@pytest.fixture
def ask(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topology.toml").write_text(TEXT)

    def run(*arguments: str, code: int = 0):
        assert main(["route", *arguments]) == code
        return capsys.readouterr()

    return run


@pytest.fixture
def asked(ask):
    def run(*arguments: str, code: int = 0):
        return json.loads(ask(*arguments, "--format", "json", code=code).out)

    return run


def at(text: str) -> str:
    """Return the place of a line of the file."""
    number = next(n for n, one in enumerate(TEXT.splitlines(), 1) if one == text)
    return f"topology.toml:{number}"


def test_the_way_is_shown_step_by_step_with_its_places(ask):
    shown = ask("shop.emails.send").out.splitlines()
    assert shown[0] == "shop.emails.send"
    steps = {text[2:14].strip(): text[15:].strip() for text in shown[1:]}
    assert steps["decided by"].startswith("routes[0] (shop.emails.*)")
    assert steps["decided by"].endswith(at('task = "shop.emails.*"'))
    assert steps["queue"].startswith("emails ")
    assert "from the route" in steps["queue"]
    assert steps["published to"].startswith("events, key 'email.send', priority 7")
    assert steps["matched by"].startswith("'email.#' of events, to emails")
    assert steps["matched by"].endswith(at('routing_key = "email.#"'))
    assert steps["delivered to"] == "emails"
    assert steps["consumed by"] == "main (prefork, concurrency 4)"


def test_explaining_shows_what_lost_and_why(ask):
    shown = ask("shop.emails.send", "--explain").out
    assert "routes[1] (shop.*): routes[0] comes first" in shown
    assert "the default queue default: routes[0] matches" in shown
    assert "binding 'order.*' of events, to orders: does not take 'email.send'" in shown
    assert "worker off consumes emails, but is switched off" in shown


def test_a_call_goes_over_the_route_key_by_key(asked):
    (one,) = asked("shop.emails.send", "--queue", "orders")["routes"]
    assert one["decided_by"] == {"kind": "call", "path": []}
    assert (one["queue"], one["routing_key"]) == ("orders", "email.send")
    # Celery keeps the route's key: on the other queue's exchange it is the first queue's.
    assert one["delivered_to"] == ["emails"]


def test_the_decorator_beats_the_route_and_the_call_beats_both(asked):
    given = ("shop.emails.send", "--decorator", "queue=default")
    (one,) = asked(*given)["routes"]
    assert (one["decided_by"]["kind"], one["queue"]) == ("decorator", "default")
    (one,) = asked(*given, "--queue", "orders")["routes"]
    assert (one["decided_by"]["kind"], one["queue"]) == ("call", "orders")


def test_what_celery_refuses_is_said(ask, asked):
    (one,) = asked("shop.x", "--queue", "nope")["routes"]
    assert one["refused"]["error"] == "QueueNotFound"
    assert (one["queue"], one["exchange"], one["delivered_to"]) == ("nope", None, [])
    assert "refused    QueueNotFound" in ask("shop.x", "--queue", "nope").out


def test_a_countdown_waits_in_the_worker_without_quorum_queues(ask):
    assert "5m in the worker that takes it" in ask("shop.x", "--countdown", "5m").out


def test_what_celery_itself_sends(asked):
    (one,) = asked("shop.emails.send", "--as", "chunks")["routes"]
    assert (one["task"], one["queue"]) == ("celery.starmap", "default")
    (one,) = asked("shop.emails.send", "--as", "map")["routes"]
    assert (one["task"], one["queue"]) == ("celery.map", "emails")
    (one,) = asked("shop.emails.send", "--as", "retry")["routes"]
    assert (one["task"], one["delivered_to"]) == ("shop.emails.send", ["emails"])


def test_expecting_makes_it_a_test(ask):
    ask("shop.emails.send", "--expect", "queue=emails", "--expect", "workers=main")
    said = ask("shop.emails.send", "--expect", "queue=orders", code=1).err
    assert said.startswith("shop.emails.send: queue is 'emails', not 'orders'")


def test_all_known_tasks(asked, ask):
    listed = asked("--all")["routes"]
    assert [one["task"] for one in listed] == ["shop.emails.send", "other.task"]
    assert set(listed[0]) == set(asked("shop.emails.send")["routes"][0])
    assert ask("--all").out.splitlines()[0].split()[:2] == ["TASK", "QUEUE"]
    assert "shop.emails.send" in ask("--all", "--queue", "orders").out


def test_from_a_queue_backwards(asked, ask):
    found = asked("--from-queue", "emails")["reached_by"]
    assert [(one["kind"], one["name"]) for one in found] == [
        ("task", "shop.emails.send"),
        ("pattern", "shop.emails.*"),
        ("binding", "events"),
    ]
    assert found[0]["file"] == "topology.toml"
    kinds = [one["kind"] for one in asked("--from-queue", "graves")["reached_by"]]
    assert kinds == ["binding", "dead-letter"]
    assert "events, what none of its bindings takes" in ask("--from-queue", "lost").out


def test_where_dead_letters_end(asked, ask):
    found = asked("--dead-letters", "emails")
    assert [course["reason"] for course in found["courses"]] == ["rejected", "expired"]
    assert all(course["ends"][0]["queue"] == "graves" for course in found["courses"])
    assert "ends in graves: parked for a person" in ask("--dead-letters", "emails").out


def test_the_broker_alone(asked, ask):
    (one,) = asked("--exchange", "events", "--key", "x.y")["deliveries"]
    assert one["delivered_to"] == ["lost"]
    assert [step["exchange"] for step in one["steps"]] == ["events", "unrouted"]
    assert ask("--exchange", "events", "--key", "email").out == "events 'email' → emails\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a task"),
        (["--key", "x"], "--key goes with --exchange"),
        (["--exchange", "events"], "--exchange needs a --key"),
        (["--exchange", "event", "--key", "x"], "did you mean 'events'?"),
        (["--from-queue", "email"], "did you mean 'emails'?"),
        (["--dead-letters", "email"], "did you mean 'emails'?"),
        (["t", "--from-queue", "emails"], "--from-queue is a question of its own"),
        (["t", "--decorator", "queu=x"], "did you mean 'queue'?"),
        (["t", "--decorator", "queue"], "--decorator takes KEY=VALUE"),
        (["t", "--countdown", "5 minutes"], "--countdown"),
        (["t", "--countdown", "nan"], "--countdown takes a time"),
        (["t", "--header", "x"], "--header takes NAME=VALUE"),
        (["t", "--key", "x"], "--routing-key KEY"),
        (["--expect", "queue=x"], "--expect and --explain go with a task"),
        (["t", "--expect", "queu=x"], "--expect knows no 'queu'"),
    ],
)
def test_wrong_usage_says_what_is_meant(ask, arguments, said):
    assert said in ask(*arguments, code=2).err


def test_hostile_names_do_not_drive_the_terminal(ask):
    assert "\x1b" not in ask("a\x1b[31mb", "--queue", "\x1b[2J").out


RESULTS = {
    "": [("shop.emails.send", "NotImplementedError", None)],
    '[results]\nurl = "rpc://"\n': [("shop.emails.send", "NotImplementedError", None)],
    '[results]\nurl = "redis://localhost/1"\n': [("shop.emails.send", None, None)],
    '[results]\nbackend = "database"\n': [("celery.chord_unlock", None, None)],
    '[results]\nurl = "env:RESULTS"\n': [
        ("shop.emails.send", None, "the result backend counts what came back, as redis does"),
        ("celery.chord_unlock", None, "the result backend has to be asked, as a database has"),
    ],
}


@pytest.mark.parametrize("results", RESULTS)
def test_what_ends_a_chord_depends_on_the_result_backend(results, ask, asked, tmp_path):
    (tmp_path / "topology.toml").write_text(TEXT + results)
    routes = asked("shop.emails.send", "--as", "chord-body")["routes"]
    said = [
        (one["task"], one["refused"] and one["refused"]["error"], one["only_if"]) for one in routes
    ]
    assert said == RESULTS[results]
    assert {one["queue"] for one in routes} == {"emails"}
    text = ask("shop.emails.send", "--as", "chord-body").out
    assert [line.split(" if ")[1].strip() for line in text.splitlines() if " only if " in line] == [
        condition for *_, condition in RESULTS[results] if condition
    ]
