"""Settings that the file says elsewhere: where each of them lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtopo.topology.topology import Topology

_DEFAULT_QUEUE = "the default queue's own table under [queues]"
_DECLARED = "nothing: what is not declared is not created"

HOMES = {
    "beat_max_loop_interval": "max_interval under [beat]",
    "beat_schedule": "[beat.schedule]",
    "beat_schedule_filename": "schedule_file under [beat]",
    "beat_scheduler": "scheduler under [beat]",
    "broker_read_url": "url under [broker]",
    "broker_transport": "transport under [broker]",
    "broker_transport_options": "[broker.options]",
    "broker_url": "url under [broker]",
    "broker_write_url": "url under [broker]",
    "result_backend": "url under [results]",
    "result_expires": "expires under [results]",
    "task_create_missing_queue_exchange_type": "a table under [queues] for each queue",
    "task_create_missing_queue_type": "type in each table under [queues]",
    "task_create_missing_queues": "create_missing_queues under [defaults]",
    "task_default_exchange": _DEFAULT_QUEUE,
    "task_default_exchange_type": _DEFAULT_QUEUE,
    "task_default_priority": "priority in each of [[routes]]",
    "task_default_queue": "queue under [defaults]",
    "task_default_queue_type": "type in the default queue's table under [queues]",
    "task_default_routing_key": _DEFAULT_QUEUE,
    "task_queue_max_priority": "max_priority in each table under [queues]",
    "task_queues": "[queues]",
    "task_routes": "[[routes]]",
    "worker_pool": "pool in each table under [workers]",
}
"""What the compiler writes, or never writes because it would undo what the file says."""


def home(topology: Topology, name: str) -> str | None:
    """Return where the file says what a setting says, or None where only the setting does."""
    beat = topology.beat
    if name == "redbeat_lock_timeout" and beat is not None and beat.lock_timeout is not None:
        return "lock_timeout under [beat]"
    return HOMES.get(name)
