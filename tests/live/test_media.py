"""The media site on RabbitMQ: four pools side by side, as small as a laptop has them."""

from __future__ import annotations

import pytest
from arrivals import Application, all_is_where_the_file_says, every_way, nodes
from fleet import EXAMPLES, running

pytestmark = pytest.mark.broker

MEDIA = Application("media.app:app", "media.celeryconfig")


@pytest.fixture(scope="module")
def media(make_site, rabbitmq_url, results_url):
    site = make_site(EXAMPLES, MEDIA_BROKER_URL=rabbitmq_url, MEDIA_RESULT_URL=results_url)
    site.qtopo("emit", "-t", "media.toml", "--env", "laptop", "media/celeryconfig.py")
    with running(site, "media.toml", "--env", "laptop") as fleet:
        yield fleet


def test_every_worker_has_the_pool_of_the_file(media):
    assert media.nodes == nodes(media.topology)
    pools = {one["node"].partition("@")[0]: one["pool"] for one in media.site.notes("ready")}
    for name, worker in media.topology.workers.items():
        # Celery's module for `-P threads` is called thread.
        assert pools[name] == f"celery.concurrency.{worker.pool.removesuffix('s')}"


def test_every_task_is_where_the_file_says(media):
    requests = every_way(media.topology, MEDIA)
    all_is_where_the_file_says(media, requests, media.site.send(*requests))


def test_an_upload_arrives(media):
    runs = [
        "media.fetch.download",
        "media.video.thumbnail",
        "media.video.transcode",
        "media.publish.announce",
    ]
    request = {
        "how": "call",
        "function": "media.app:upload",
        "args": ["https://example.org/summer"],
        "runs": runs,
    }
    (answer,) = answers = media.site.send(request)
    assert answer["result"] == "published summer.jpg, summer.mp4"
    all_is_where_the_file_says(media, [request], answers)


def test_prefork_runs_in_children_and_gevent_in_the_main_process(media):
    mains = {one["node"]: one["pid"] for one in media.site.notes("ready")}
    request = [
        {"how": "delay", "app": MEDIA.app, "task": task}
        for task in ("media.video.transcode", "media.fetch.download")
    ]
    answers = media.site.send(*request)
    ran = {one["id"]: one for one in media.site.notes("started")}
    transcode, download = (ran[answer["ids"][0]] for answer in answers)
    assert transcode["pid"] != mains[transcode["node"]]
    assert download["pid"] == mains[download["node"]]
    # Patched in time: a greenlet takes itself for a thread of its own.
    assert download["thread"] != "MainThread"
