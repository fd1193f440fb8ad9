"""Celery's settings, compiled by qtopo: change the topology, not this file."""

# From: shop.toml
# By: qtopo 0.1.0

import os

from celery import bootsteps
from celery.schedules import crontab
from celery.signals import celeryd_init
from kombu import Exchange, Queue, binding
from kombu.common import Broadcast

# Broker.
# Without its variable a URL leads nowhere, by name: importing this is fine,
# connecting fails and says which variable is missing.
broker_url = (
    os.environ.get("SHOP_BROKER_URL") or "amqp://SHOP_BROKER_URL.is-not-set.invalid"
)
broker_transport_options = {
    "confirm_publish": True,
}

# Results.
result_backend = os.environ.get("SHOP_RESULT_URL") or "SHOP_RESULT_URL-is-not-set://"
result_expires = 86400

# Queues. Each names its exchange and key, and no other is created.
task_default_queue = "default"
task_default_exchange = "default"
task_default_exchange_type = "direct"
task_default_routing_key = "default"
task_create_missing_queues = False
EXCHANGES = {
    "events": Exchange(
        "events",
        type="topic",
        arguments={"alternate-exchange": "unrouted"},
    ),
    "dead": Exchange("dead"),
}
task_queues = [
    Queue("default", Exchange("default"), routing_key="default"),
    Queue(
        "emails",
        EXCHANGES["events"],
        routing_key="email.#",
        message_ttl=3600,
        max_priority=10,
        queue_arguments={
            "x-dead-letter-exchange": "dead",
            "x-dead-letter-routing-key": "email",
        },
    ),
    Queue(
        "orders",
        bindings=[
            binding(EXCHANGES["events"], routing_key="order.*"),
            binding(EXCHANGES["events"], routing_key="refund.*"),
        ],
    ),
    Queue(
        "payments",
        Exchange("payments", type="topic"),
        routing_key="payments",
        queue_arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": 5,
            "x-dead-letter-exchange": "dead",
            "x-dead-letter-routing-key": "payment",
        },
    ),
    Queue("reports", Exchange("reports"), routing_key="reports"),
    Queue("dead-emails", EXCHANGES["dead"], routing_key="email"),
    Queue("dead-payments", EXCHANGES["dead"], routing_key="payment"),
    Queue("unrouted", Exchange("unrouted", type="fanout"), routing_key="default"),
    Broadcast(
        "announce",
        exchange=Exchange("announce", type="fanout"),
        routing_key="default",
    ),
]

# Routes. An exact name beats any pattern, else the first match wins.
task_routes = (
    [
        (
            "shop.emails.password_reset",
            {"queue": "emails", "routing_key": "email.urgent", "priority": 9},
        ),
        (
            "shop.emails.receipt",
            {"queue": "emails", "routing_key": "email.urgent", "priority": 9},
        ),
        (
            "shop.orders.refund",
            {
                "queue": "orders",
                "exchange": "events",
                "routing_key": "refund.requested",
            },
        ),
        ("shop.prices.forget", {"queue": "announce"}),
        ("shop.reports.build", {"queue": "reports"}),
        (
            "shop.emails.newsletter",
            {"queue": "emails", "routing_key": "email.normal", "priority": 3},
        ),
        (
            "shop.orders.confirm",
            {"queue": "orders", "exchange": "events", "routing_key": "order.changed"},
        ),
        (
            "shop.orders.reserve",
            {"queue": "orders", "exchange": "events", "routing_key": "order.changed"},
        ),
        ("shop.payments.charge", {"queue": "payments", "routing_key": "payments"}),
        (
            "shop.emails.*",
            {"queue": "emails", "routing_key": "email.normal", "priority": 3},
        ),
        (
            "shop.orders.*",
            {"queue": "orders", "exchange": "events", "routing_key": "order.changed"},
        ),
        ("shop.payments.*", {"queue": "payments", "routing_key": "payments"}),
    ],
)

# What is known of tasks.
task_annotations = {
    "shop.emails.password_reset": {"max_retries": 3},
    "shop.emails.newsletter": {"rate_limit": "10/s"},
    "shop.payments.charge": {"time_limit": 60, "acks_late": True},
    "shop.reports.build": {"time_limit": 600, "soft_time_limit": 540},
    "shop.prices.forget": {"ignore_result": True},
}

# Beat.
beat_schedule_filename = "var/shop-beat"
beat_schedule = {
    "nightly-report": {
        "task": "shop.reports.build",
        "schedule": crontab(minute="0", hour="3"),
        "options": {"expires": 21600},
    },
    "newsletter": {
        "task": "shop.emails.newsletter",
        "schedule": crontab(minute="0", hour="8", day_of_week="mon"),
        "options": {"expires": 86400},
    },
}

# Other settings.
task_track_started = True
timezone = "UTC"


# No worker consumes these, so none would declare them, and what is sent to them
# would be lost. A step of the worker's consumer runs when Celery has connected,
# with its own retries, and before the first message is taken. As for queues that
# are consumed: one that the broker holds with other arguments stops the worker.
class DeclareUnconsumed(bootsteps.StartStopStep):
    requires = ("celery.worker.consumer.connection:Connection",)
    queues = (
        "dead-emails",
        "dead-payments",
        "unrouted",
    )

    def start(self, parent):
        with parent.connection.channel() as channel:
            for name in self.queues:
                parent.app.amqp.queues[name](channel).declare()


@celeryd_init.connect
def declare_unconsumed(instance, **_):
    instance.app.steps["consumer"].add(DeclareUnconsumed)
