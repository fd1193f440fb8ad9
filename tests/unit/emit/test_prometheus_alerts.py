"""Alerts fire when they should and not otherwise, by Prometheus's own engine."""

from __future__ import annotations

import pytest

from deployed import emitted, job_of
from promtool import RABBIT, REDIS, alert, celery, fires, rabbit
from qtopo.emit.prometheus_queues import parked_queues
from qtopo.emit.prometheus_text import quoted
from qtopo.topology.topology import Topology

LATE = "CeleryQueueLate"
BEHIND = "CeleryQueueFallsBehind"
DELIVERED, ACKED = "channel_messages_delivered_ack_total", "channel_messages_acked_total"


def test_nobody_consumes(tmp_path):
    fires(
        tmp_path,
        RABBIT,
        {
            rabbit("queue_messages_ready", "mail"): "0x70",
            rabbit("queue_consumers", "mail"): "3x50 0x20",
            rabbit("queue_consumers", "rest"): "0x70",
            rabbit("queue_messages_ready", "rest"): "0x70",
        },
        {
            # `rest` may be without a process while nothing waits.
            "CeleryQueueWithoutConsumer": [
                alert(RABBIT, "CeleryQueueWithoutConsumer", "mail", job="r")
            ],
            "CeleryProcessesMissing": None,
            "CeleryQueuesNotMeasured": None,
        },
    )


def test_a_queue_that_is_not_there_has_no_consumer(tmp_path):
    fires(
        tmp_path,
        RABBIT,
        {rabbit("queue_messages_ready", "x"): "0x70", rabbit("queue_consumers", "x"): "0x70"},
        {"CeleryQueueWithoutConsumer": [alert(RABBIT, "CeleryQueueWithoutConsumer", "mail")]},
    )


def test_without_any_metric_one_alert_says_so(tmp_path):
    fires(
        tmp_path,
        RABBIT,
        {"up": "1x70"},
        {
            "CeleryQueueWithoutConsumer": None,
            "CeleryQueuesNotMeasured": [alert(RABBIT, "CeleryQueuesNotMeasured", "")],
        },
    )


def test_work_for_a_worker_that_rests(tmp_path):
    fires(
        tmp_path,
        RABBIT,
        {
            rabbit("queue_consumers", "mail"): "2x70",
            rabbit("queue_consumers", "rest"): "0x70",
            rabbit("queue_messages_ready", "rest"): "1x70",
        },
        {
            "CeleryQueueWithoutConsumer": [
                alert(RABBIT, "CeleryQueueWithoutConsumer", "rest", job="r")
            ],
            "CeleryProcessesMissing": [
                alert(RABBIT, "CeleryProcessesMissing", "mail", "2", job="r")
            ],
        },
    )


@pytest.mark.parametrize(
    ("ready", "taken", "late", "behind"),
    [
        # 20 wait, one a minute is done: the last waits 20 minutes, and so did the first.
        ("20x70", "0+1x70", True, True),
        # Ten a minute: two minutes.
        ("20x70", "0+10x70", False, False),
        # Nothing is done at all, by a consumer that is there, or by none ever.
        ("5x70", "7x70", True, True),
        ("5x70", None, True, True),
        ("0x70", None, False, False),
        # Many at once, just now: nobody has waited yet.
        ("0x58 500x12", "0+1x70", False, False),
        # They came a while ago, and nobody has waited ten minutes yet, but will.
        ("0x53 500x17", "0+1x70", False, True),
    ],
)
def test_a_promised_wait(ready, taken, late, behind, tmp_path):
    series = {rabbit("queue_messages_ready", "mail"): ready}
    if taken is not None:
        series[rabbit(DELIVERED, "mail", channel="a")] = taken
        series[rabbit(ACKED, "mail", channel="a")] = taken
    value = "500" if "500" in ready else ready.partition("x")[0]
    fires(
        tmp_path,
        RABBIT,
        series,
        {
            LATE: [alert(RABBIT, LATE, "mail", job="r")] if late else None,
            BEHIND: [alert(RABBIT, BEHIND, "mail", value, job="r")] if behind else None,
        },
    )


def test_a_restart_of_the_workers_is_no_wait(tmp_path):
    """What new consumers take before they are measured counts, and what old ones took."""
    fires(
        tmp_path,
        RABBIT,
        {
            rabbit("queue_messages_ready", "mail"): "20x70",
            rabbit(DELIVERED, "mail", channel="old"): "0+1x55 _x20",
            rabbit(DELIVERED, "mail", channel="new"): "_x56 16x20",
        },
        {LATE: None},
    )


def test_what_waits_for_a_person(tmp_path):
    topology, _ = Topology.from_data(RABBIT)
    assert parked_queues(topology) == {
        "letters": "dead letters of 'mail'",
        "nowhere": "what no binding of exchange 'in' takes",
    }
    fires(
        tmp_path,
        RABBIT,
        {
            rabbit("queue_messages_ready", "letters"): "0x50 2x20",
            rabbit("queue_messages_ready", "nowhere"): "0x70",
        },
        {"CeleryMessagesParked": [alert(RABBIT, "CeleryMessagesParked", "letters", "2", job="r")]},
    )


@pytest.mark.parametrize("late", [True, False])
def test_redis(late, tmp_path):
    fires(
        tmp_path,
        REDIS,
        {
            celery("queue_length", "mail"): "20x70",
            celery("active_worker_count", "mail"): "2x70",
            celery("task_received_total", "mail", name="a", hostname="b"): "0+1x70"
            if late
            else "0+3x70",
        },
        {
            LATE: [alert(REDIS, LATE, "mail", job="c")] if late else None,
            "CeleryProcessesMissing": [
                alert(REDIS, "CeleryProcessesMissing", "mail", "2", job="c")
            ],
        },
    )


@pytest.mark.parametrize("late", [True, False])
def test_redis_with_priorities_adds_its_lists(late, tmp_path):
    steps = {"options": {"priority_steps": [0, 5]}}
    data = {**REDIS, "broker": {**REDIS["broker"], **steps}}
    lists = ["mail", "mail\x06\x165"]
    series = {f'redis_key_size{{db="db0",job="k",key={quoted(one)}}}': "10x70" for one in lists}
    series[celery("task_received_total", "mail")] = "0+1x70" if late else "0+3x70"
    series[celery("queue_length", "mail")] = "10x70"
    fires(tmp_path, data, series, {LATE: [alert(data, LATE, "mail")] if late else None})
    (file,) = emitted(job_of(data, "prometheus"))
    assert "# Needs --check-single-keys=db0=mail,db0=mail%06%165\n" in file.content


def test_tasks_that_fail_or_are_slow(tmp_path):
    data = {
        **REDIS,
        "tasks": {
            "bad": {"owner": "growth", "duration": "2s"},
            "good": {"duration": "2s"},
            "dead": {},
        },
    }

    def task(metric: str, name: str, **labels: str) -> str:
        return celery(f"task_{metric}", "mail", name=name, **labels)

    fires(
        tmp_path,
        data,
        {
            task("failed_total", "bad", exception="KeyError"): "0+2x70",
            task("succeeded_total", "bad"): "0+10x70",
            task("runtime_sum", "bad"): "0+50x70",
            task("runtime_count", "bad"): "0+10x70",
            task("failed_total", "good", exception=""): "0x70",
            task("succeeded_total", "good"): "0+10x70",
            task("runtime_sum", "good"): "0+25x70",
            task("runtime_count", "good"): "0+10x70",
            task("failed_total", "dead", exception="ValueError"): "0+1x70",
        },
        {
            "CeleryTaskFails": [
                alert(data, "CeleryTaskFails", "bad", job="c"),
                alert(data, "CeleryTaskFails", "dead", job="c"),
            ],
            "CeleryTaskSlow": [alert(data, "CeleryTaskSlow", "bad", job="c")],
        },
    )


@pytest.mark.parametrize(
    ("sent", "up", "silent"),
    [
        ("0+1x70", True, False),
        ("0+1x20 20x50", True, True),
        (None, True, True),
        (None, False, False),
    ],
)
def test_beat_that_sends_nothing(sent, up, silent, tmp_path):
    schedule = {"often": {"task": "tick", "every": "2m"}, "seldom": {"task": "b", "every": "1h"}}
    data = {**REDIS, "beat": {"schedule": schedule}}
    series = {}
    if sent:
        series[celery("task_sent_total", "mail", name="tick", hostname="h")] = sent
    if up:
        series['celery_worker_up{job="c",hostname="h"}'] = "1x70"
    found = [alert(data, "CeleryBeatSilent", "tick")] if silent else None
    fires(tmp_path, data, series or {"up": "1x70"}, {"CeleryBeatSilent": found})
