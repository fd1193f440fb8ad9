"""An example of every key of the file, for the JSON Schema: what an editor offers to a reader.

Where the kind of value has examples of its own (durations, sizes, fixed words,
true and false) none stand here. Tests hold each against what the key takes.
"""

from __future__ import annotations

from typing import Any

_NAMES = ["shop.emails.send", "shop.reports.build"]
_DESCRIPTION = {"description": "what people should know of it", "owner": "team-mail"}
_SENT = {"queue": "emails", "exchange": "events", "routing_key": "mail.send", "priority": 7}

EXAMPLES: dict[str, dict[str, Any]] = {
    "Topology": {
        "include": ["queues/*.toml"],
        "settings": {"task_track_started": True, "worker_send_task_events": True},
        "routes": [{"task": "shop.emails.*", "queue": "emails"}],
        "tests": [{"task": "shop.emails.send", "expect": {"queue": "emails"}}],
        "environments": {"staging": {"workers": {"mail": {"replicas": 1}}}},
    },
    "App": {"name": "shop", "celery": "shop.celery:app", **_DESCRIPTION},
    "Broker": {
        "version": "4.1",
        "url": "env:BROKER_URL",
        "options": {"visibility_timeout": "2h"},
    },
    "Results": {"url": "env:RESULT_URL", "backend": "redis"},
    "Defaults": {"queue": "default"},
    "Exchange": {
        "type": "topic",
        "alternate": "unrouted",
        "arguments": {"x-delayed-type": "direct"},
        "bindings": [{"exchange": "events", "routing_key": "mail.#"}],
        **_DESCRIPTION,
    },
    "Binding": {
        "exchange": "events",
        "routing_key": "mail.#",
        "arguments": {"x-match": "all", "kind": "mail"},
    },
    "Queue": {
        "exchange": "events",
        "routing_key": "mail.#",
        "binding_arguments": {"x-match": "all", "kind": "mail"},
        "bindings": [{"exchange": "events", "routing_key": "mail.#"}],
        "max_priority": 9,
        "max_length": 100_000,
        "delivery_limit": 5,
        "dead_letter": "dead",
        "consumer_arguments": {"x-priority": 10},
        "arguments": {"x-queue-leader-locator": "balanced"},
        **_DESCRIPTION,
    },
    "Lint": {
        "select": ["routing", "queue-unconsumed"],
        "ignore": ["queue-expires", "QT310"],
        "severity": {"route-shadowed": "error"},
        "rules": {},
        "plugins": ["./rules.py"],
    },
    "DeadLetter": {"exchange": "dead", "routing_key": "dead.mail"},
    "Slo": {},
    "Route": {
        "task": "shop.emails.*",
        "queue": "emails",
        "exchange": "events",
        "routing_key": "mail.send",
        "headers": {"kind": "mail"},
        "priority": 9,
    },
    "Regex": {"regex": "shop\\.(emails|reports)\\."},
    "Task": {
        "queue": "emails",
        "duration": {"mean": "2s", "p99": "40s"},
        "cpu": 0.05,
        "max_retries": 3,
        "uses": ["mail-server"],
        "waits_for": _NAMES[1:],
        **_DESCRIPTION,
    },
    "Resource": {"lock": "redis lock", "max_concurrent": 4, **_DESCRIPTION},
    "Worker": {
        "queues": ["emails", "reports"],
        "concurrency": 8,
        "replicas": 2,
        "prefetch_multiplier": 1,
        "max_tasks_per_child": 1000,
        "include": ["shop.emails"],
        "shutdown": "drain",
        "machine": "small",
        "env": {"OMP_NUM_THREADS": "1"},
        "extra_args": ["--without-gossip"],
        **_DESCRIPTION,
    },
    "Autoscale": {"min": 2, "max": 16},
    "Scale": {"min": 0, "max": 20},
    "Deploy": {
        "targets": ["systemd", "kubernetes"],
        "bin": "/srv/shop/.venv/bin",
        "directory": "/srv/shop",
        "user": "shop",
        "group": "shop",
        "env_file": "/etc/shop/environment",
        "image": "registry.example.com/shop:1.4",
        "namespace": "shop",
        "secret": "shop-celery",
        "redis_database": 0,
        "heartbeat_file": "/run/shop/%n.heartbeat",
        "logs": "/var/log/shop",
        "vhost": "shop",
        "rabbitmq_cluster": "rabbitmq",
    },
    "Machine": {"cpus": 4, "count": 2, **_DESCRIPTION},
    "Beat": {
        "scheduler": "redbeat",
        "replicas": 1,
        "schedule_file": "/var/lib/shop/schedule",
    },
    "Entry": {
        "task": _NAMES[0],
        "crontab": "0 4 * * mon-fri",
        "queue": "emails",
        "routing_key": "mail.send",
        "args": ["daily"],
        "kwargs": {"dry_run": True},
        **_DESCRIPTION,
    },
    "Solar": {"latitude": 52.52, "longitude": 13.4},
    "Case": {
        "name": "mail is sent once",
        "task": _NAMES[0],
        "call": {"priority": 7, "countdown": "5m"},
        "expect": {"queue": "emails", "exactly_once": True},
    },
    "CaseCall": {
        **_SENT,
        "headers": {"kind": "mail"},
        "decorator": {"queue": "emails"},
        "registered": True,
    },
    "DecoratorOptions": _SENT,
    "Expected": {
        **_SENT,
        "delivered_to": ["emails"],
        "workers": ["emails"],
        "exactly_once": True,
        "decided_by": ["routes", 0],
        "refused": "QueueNotFound",
    },
    "Workflow": {"chain": _NAMES, "group": _NAMES, **_DESCRIPTION},
    "Canvas": {"chain": _NAMES, "group": _NAMES},
    "Chord": {"header": _NAMES, "body": "shop.reports.mail"},
}
"""By table and key; `description` and `owner` are the same wherever a table has them."""
