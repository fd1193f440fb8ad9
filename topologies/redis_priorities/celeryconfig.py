"""Celery's settings, compiled by qtopo: change the topology, not this file."""

# From: redis-priorities.toml
# By: qtopo 0.1.0

import os

from celery.schedules import crontab
from kombu import Exchange, Queue

# Broker.
# Without its variable a URL leads nowhere, by name: importing this is fine,
# connecting fails and says which variable is missing.
broker_url = (
    os.environ.get("HELPDESK_BROKER_URL")
    or "redis://HELPDESK_BROKER_URL.is-not-set.invalid"
)
broker_transport_options = {
    "visibility_timeout": 7200,
    "queue_order_strategy": "priority",
    "priority_steps": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
}

# Results.
result_backend = (
    os.environ.get("HELPDESK_RESULT_URL") or "HELPDESK_RESULT_URL-is-not-set://"
)
result_expires = 3600

# Queues. Each names its exchange and key, and no other is created.
task_default_queue = "tickets"
task_default_exchange = "tickets"
task_default_exchange_type = "direct"
task_default_routing_key = "tickets"
task_create_missing_queues = False
task_queues = [
    Queue("tickets", Exchange("tickets"), routing_key="tickets"),
    Queue("search-index", Exchange("search-index"), routing_key="search-index"),
]

# Routes. An exact name beats any pattern, else the first match wins.
task_routes = (
    [
        ("helpdesk.tickets.outage", {"queue": "tickets", "priority": 0}),
        ("helpdesk.tickets.reply", {"queue": "tickets", "priority": 5}),
        ("helpdesk.digest.send", {"queue": "tickets", "priority": 8}),
        ("helpdesk.index.update", {"queue": "search-index", "priority": 7}),
        ("helpdesk.tickets.*", {"queue": "tickets", "priority": 5}),
        ("helpdesk.digest.*", {"queue": "tickets", "priority": 8}),
        ("helpdesk.index.*", {"queue": "search-index", "priority": 7}),
        ("*", {"queue": "tickets", "priority": 5}),
    ],
)

# Beat.
beat_schedule_filename = "var/helpdesk-beat"
beat_schedule = {
    "digest": {
        "task": "helpdesk.digest.send",
        "schedule": crontab(minute="0", hour="7", day_of_week="mon-fri"),
        "options": {"expires": 7200},
    },
}
