"""The spellings of the schedulers that are known."""

from __future__ import annotations

PERSISTENT = ("persistent", "celery.beat:PersistentScheduler", "celery.beat.PersistentScheduler")
DJANGO = (
    "django",
    "django_celery_beat.schedulers:DatabaseScheduler",
    "django_celery_beat.schedulers.DatabaseScheduler",
)
REDBEAT = (
    "redbeat",
    "redbeat.RedBeatScheduler",
    "redbeat:RedBeatScheduler",
    "redbeat.schedulers:RedBeatScheduler",
    "redbeat.schedulers.RedBeatScheduler",
)
