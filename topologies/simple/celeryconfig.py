"""Celery's settings, compiled by qtopo: change the topology, not this file."""

# From: simple.toml
# By: qtopo 0.1.0

import os

from kombu import Exchange, Queue

# Broker.
# Without its variable a URL leads nowhere, by name: importing this is fine,
# connecting fails and says which variable is missing.
broker_url = (
    os.environ.get("SIMPLE_BROKER_URL") or "amqp://SIMPLE_BROKER_URL.is-not-set.invalid"
)

# Results.
result_backend = (
    os.environ.get("SIMPLE_RESULT_URL") or "SIMPLE_RESULT_URL-is-not-set://"
)

# Queues. Each names its exchange and key, and no other is created.
task_default_queue = "default"
task_default_exchange = "default"
task_default_exchange_type = "direct"
task_default_routing_key = "default"
task_create_missing_queues = False
task_queues = [
    Queue("default", Exchange("default"), routing_key="default"),
    Queue("emails", Exchange("emails"), routing_key="emails"),
    Queue("reports", Exchange("reports"), routing_key="reports"),
]

# Routes. An exact name beats any pattern, else the first match wins.
task_routes = (
    [
        ("simple.emails.send", {"queue": "emails"}),
        ("simple.reports.build", {"queue": "reports"}),
        ("simple.emails.*", {"queue": "emails"}),
        ("simple.reports.*", {"queue": "reports"}),
    ],
)
