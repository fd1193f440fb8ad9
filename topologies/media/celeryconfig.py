"""Celery's settings, compiled by qtopo: change the topology, not this file."""

# From: media.toml
# By: qtopo 0.1.0

import os

from kombu import Exchange, Queue

# Broker.
# Without its variable a URL leads nowhere, by name: importing this is fine,
# connecting fails and says which variable is missing.
broker_url = (
    os.environ.get("MEDIA_BROKER_URL") or "amqp://MEDIA_BROKER_URL.is-not-set.invalid"
)

# Results.
result_backend = os.environ.get("MEDIA_RESULT_URL") or "MEDIA_RESULT_URL-is-not-set://"

# Queues. Each names its exchange and key, and no other is created.
task_default_queue = "default"
task_default_exchange = "default"
task_default_exchange_type = "direct"
task_default_routing_key = "default"
task_create_missing_queues = False
task_queues = [
    Queue("default", Exchange("default"), routing_key="default"),
    Queue("fetch", Exchange("fetch"), routing_key="fetch"),
    Queue("publish", Exchange("publish"), routing_key="publish"),
    Queue("thumbnails", Exchange("thumbnails"), routing_key="thumbnails"),
    Queue("transcode", Exchange("transcode"), routing_key="transcode"),
]

# Routes. An exact name beats any pattern, else the first match wins.
task_routes = (
    [
        ("media.video.thumbnail", {"queue": "thumbnails"}),
        ("media.fetch.download", {"queue": "fetch"}),
        ("media.publish.announce", {"queue": "publish"}),
        ("media.video.transcode", {"queue": "transcode"}),
        ("media.fetch.*", {"queue": "fetch"}),
        ("media.publish.*", {"queue": "publish"}),
        ("media.video.*", {"queue": "transcode"}),
    ],
)

# What is known of tasks.
task_annotations = {
    "media.video.thumbnail": {"time_limit": 60},
    "media.video.transcode": {"time_limit": 1800, "soft_time_limit": 1740},
}
