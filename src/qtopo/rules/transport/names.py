"""What becomes of a queue's name on each transport, and which names a service refuses.

The replacements are those of kombu's `entity_name` functions.
"""

from __future__ import annotations

import re

_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def _table(kept: str, to: str, **other: str) -> dict[int, str]:
    table = {ord(one): to for one in _PUNCTUATION if one not in kept}
    return table | {ord("."): other["dot"]} if other else table


_TABLES = {
    "sqs": _table("-_", "_", dot="-"),
    "gcpubsub": _table("-_", "_", dot="-"),
    "azureservicebus": _table("-_.", "_"),
    "azurestoragequeues": _table("", "-"),
    "pgmq": _table("_", "_"),
    "slmq": _table("_", "_"),
    "kafka": {ord("@"): ""},
}
_FIFO = ".fifo"
_LIMITS = {
    "sqs": (re.compile(r"[A-Za-z0-9_-]"), 1, 80, "letters, digits, - and _"),
    "azurestoragequeues": (re.compile(r"[a-z0-9-]"), 3, 63, "small letters, digits and -"),
    "kafka": (re.compile(r"[A-Za-z0-9._-]"), 1, 249, "letters, digits, ., _ and -"),
}


def entity_name(transport: str, name: str) -> str | None:
    """Return the queue's name on the broker; None where every name stays as it is."""
    table = _TABLES.get(transport)
    if table is None:
        return None
    if name.endswith(_FIFO) and transport == "sqs":
        return name[: -len(_FIFO)].translate(table) + _FIFO
    return name.translate(table)


def refusal(transport: str, prefix: str, name: str) -> str | None:
    """Return why the service refuses a queue's name, or None where it takes it."""
    limits = _LIMITS.get(transport)
    entity = entity_name(transport, prefix + name)
    if limits is None or entity is None:
        return None
    allowed, least, most, words = limits
    if not least <= len(entity) <= most:
        return f"it has {len(entity)} characters, and takes {least} to {most}"
    bare = entity.removesuffix(_FIFO) if transport == "sqs" else entity
    wrong = next((one for one in bare if not allowed.match(one)), None)
    if wrong is not None:
        return f"it has {wrong!r}, and takes {words}"
    if transport == "azurestoragequeues" and ("--" in entity or entity.strip("-") != entity):
        return "dashes stand alone, between letters or digits"
    return None
