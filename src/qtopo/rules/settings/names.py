"""What Celery calls its settings: new names, old ones, and those of well-known extensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.topology.celery_settings import OLD_NAMES, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

EXTENSIONS = (
    "beat_dburi",
    "beat_engine_options",
    "beat_schema",
    "celerybeat_",
    "django_celery_",
    "dynamodb_",
    "flower_",
    "mongodb_scheduler_",
    "redbeat_",
    "singleton_",
    "sqlalchemy_scheduler_",
)
"""How the settings of extensions begin that many people use."""

UNLISTED = frozenset(
    (
        "cassandra_secure_bundle_path",
        "firestore_project",
        "redis_backend_credential_provider",
        "redis_backend_health_check_interval",
        "redis_client_name",
        "result_chord_ordered",
    )
)
"""What Celery 5.7's result backends look up although its own list leaves it out."""


def is_known(name: str) -> bool:
    """Whether Celery, or a well-known extension, looks at a setting of this name."""
    return name in SETTINGS or name in UNLISTED or name.startswith(EXTENSIONS)


def new_name(name: str) -> str | None:
    """Return the new name of an old one, or of a name in capitals; None where it is neither.

    `CELERY_ACKS_LATE`, `TASK_ACKS_LATE` and `CELERY_TASK_ACKS_LATE`, as Django's
    namespace has it, are all `task_acks_late`.
    """
    return next(_new_names(name), None)


def _new_names(name: str) -> Iterator[str]:
    upper = name.upper()
    if upper in OLD_NAMES:
        yield OLD_NAMES[upper]
    for one in (name.lower(), name.lower().removeprefix("celery_")):
        if one != name and is_known(one):
            yield one
