"""Celery's settings, compiled by qtopo: change the topology, not this file."""

# From: django.toml
# By: qtopo 0.1.0

import os
from datetime import timedelta

from kombu import Exchange, Queue

# Broker.
# Without its variable a URL leads nowhere, by name: importing this is fine,
# connecting fails and says which variable is missing.
CELERY_BROKER_URL = (
    os.environ.get("SITE_BROKER_URL") or "redis://SITE_BROKER_URL.is-not-set.invalid"
)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 10800,
}

# Results.
CELERY_RESULT_BACKEND = (
    os.environ.get("SITE_RESULT_URL") or "SITE_RESULT_URL-is-not-set://"
)
CELERY_RESULT_EXPIRES = 43200

# Queues. Each names its exchange and key, and no other is created.
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_DEFAULT_EXCHANGE = "default"
CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "direct"
CELERY_TASK_DEFAULT_ROUTING_KEY = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_QUEUES = [
    Queue("default", Exchange("default"), routing_key="default"),
    Queue("mail", Exchange("mail"), routing_key="mail"),
    Queue("import", Exchange("import"), routing_key="import"),
]

# Routes. An exact name beats any pattern, else the first match wins.
CELERY_TASK_ROUTES = (
    [
        ("accounts.tasks.send_welcome", {"queue": "mail"}),
        ("catalog.tasks.import_feed", {"queue": "import"}),
        ("accounts.tasks.send_*", {"queue": "mail"}),
        ("catalog.tasks.import_*", {"queue": "import"}),
    ],
)

# What is known of tasks.
CELERY_TASK_ANNOTATIONS = {
    "catalog.tasks.import_feed": {"time_limit": 3600, "acks_late": True},
}

# Beat.
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 30
CELERY_BEAT_SCHEDULE = {
    "forget-sessions": {
        "task": "accounts.tasks.forget_sessions",
        "schedule": timedelta(hours=6),
        "options": {"expire_seconds": 3600},
    },
}

# Other settings.
CELERY_TIMEZONE = "Europe/Berlin"
