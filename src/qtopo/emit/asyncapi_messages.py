"""A Celery task as a message of AsyncAPI: version 2 of Celery's protocol, in JSON Schema.

Read in `celery/app/amqp.py` (`as_task_v2`) of Celery 5.7; a test holds what Celery
makes against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtopo.topology.topology import Topology

HEADERS, BODY = "celeryHeaders", "celeryBody"

CONTENT_TYPES = {
    "json": "application/json",
    "yaml": "application/x-yaml",
    "pickle": "application/x-python-serialize",
    "msgpack": "application/x-msgpack",
}
"""kombu's own serializers."""


def content_type(topology: Topology) -> str | None:
    """Return what bodies are, None for a serializer of the application's own."""
    return CONTENT_TYPES.get(topology.settings.get("task_serializer", "json"))


def schemas() -> dict[str, Any]:
    """Return what every task's message has in common: its headers and its body."""
    return {HEADERS: _headers(), BODY: _body()}


def message(topology: Topology, name: str) -> dict[str, Any]:
    """Return the message of a task."""
    task = topology.tasks.get(name)
    found: dict[str, Any] = {"name": name, "title": name}
    if task is not None and task.description:
        found["summary"] = task.description
    if task is not None and task.owner:
        found["tags"] = owner(task.owner)
    found["headers"] = {
        "allOf": [
            {"$ref": f"#/components/schemas/{HEADERS}"},
            {"type": "object", "properties": {"task": {"const": name}}},
        ]
    }
    found["payload"] = {"$ref": f"#/components/schemas/{BODY}"}
    found["correlationId"] = {
        "description": "The id of the task, also the property correlation_id.",
        "location": "$message.header#/id",
    }
    return found


def owner(name: str) -> list[dict[str, str]]:
    """Return the tag that tells who answers for something."""
    return [{"name": name, "description": "who answers for it"}]


def _headers() -> dict[str, Any]:
    text = {"type": ["string", "null"]}
    seconds = {"type": ["number", "null"], "minimum": 0}
    return {
        "type": "object",
        "description": "The headers of Celery's message protocol, version 2.",
        "required": ["lang", "task", "id", "root_id"],
        "properties": {
            "lang": {"type": "string", "description": "The language of the task: py."},
            "task": {"type": "string", "description": "The task's name."},
            "id": {"type": "string", "description": "The task's id."},
            "root_id": {"type": "string", "description": "The id of what began it all."},
            "parent_id": {**text, "description": "The id of the task that sent it."},
            "group": {**text, "description": "The id of the group that it is part of."},
            "group_index": {"type": ["integer", "null"], "description": "Where in the group."},
            "shadow": {**text, "description": "The name to show in place of the task's."},
            "eta": {**text, "description": "When it is to run, ISO 8601."},
            "expires": {**text, "description": "When it is too late, ISO 8601."},
            "retries": {"type": ["integer", "null"], "description": "How often it was retried."},
            "timelimit": {
                "type": "array",
                "description": "The hard and the soft limit in seconds.",
                "items": seconds,
                "minItems": 2,
                "maxItems": 2,
            },
            "argsrepr": {**text, "description": "The arguments, to be shown."},
            "kwargsrepr": {**text, "description": "The keyword arguments, to be shown."},
            "origin": {**text, "description": "The node that sent it."},
            "ignore_result": {"type": ["boolean", "null"]},
            "replaced_task_nesting": {"type": ["integer", "null"]},
            "stamped_headers": {"type": ["array", "null"], "items": {"type": "string"}},
            "stamps": {"type": ["object", "null"]},
        },
    }


def _body() -> dict[str, Any]:
    signatures = {"type": ["array", "null"], "items": {"type": "object"}}
    return {
        "type": "array",
        "description": "Arguments, keyword arguments, and what is to follow.",
        "items": [
            {"type": "array", "description": "Positional arguments."},
            {"type": "object", "description": "Keyword arguments."},
            {
                "type": "object",
                "description": "What is called afterwards, as signatures.",
                "properties": {
                    "callbacks": signatures,
                    "errbacks": signatures,
                    "chain": signatures,
                    "chord": {"type": ["object", "null"]},
                },
            },
        ],
        "minItems": 3,
        "maxItems": 3,
    }
