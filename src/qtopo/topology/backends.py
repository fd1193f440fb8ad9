"""How a result backend waits for the header of a chord.

Read in `celery/backends` of Celery 5.7 and in django-celery-results 2.5: a backend
either counts what came back, or lets `celery.chord_unlock` ask again and again, or
refuses chords.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtopo.topology.app import Results

COUNTS, POLLS, REFUSES = "counts", "polls", "refuses"
"""`counts`: the worker that ends the header sends the body; no `celery.chord_unlock`."""

_COUNTING = ("redis", "rediss", "sentinel", "cache", "dynamodb", "gs", "django-db")
_POLLING = (
    "arangodb",
    "azureblockblob",
    "cassandra",
    "consul",
    "cosmosdbsql",
    "couchbase",
    "couchdb",
    "database",
    "db",
    "django-cache",
    "elasticsearch",
    "file",
    "filesystem",
    "mongodb",
    "s3",
)
_REFUSING = ("rpc", "disabled")

CHORDS = {
    **dict.fromkeys(_COUNTING, COUNTS),
    **dict.fromkeys(_POLLING, POLLS),
    **dict.fromkeys(_REFUSING, REFUSES),
}
"""What each kind of result backend does about a chord, by Celery's names."""


def chords_of(results: Results | None) -> str | None:
    """Return what a result backend does about chords; None where its kind is not known.

    Without a backend Celery's own stands in (`disabled`), which refuses them.
    """
    return REFUSES if results is None else CHORDS.get(results.kind or "")
