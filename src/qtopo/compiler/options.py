"""`broker_transport_options`: durations as seconds, and what the topology requires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.compiler.queues import has_quorum
from qtopo.compiler.values import number
from qtopo.errors import EmitError
from qtopo.topology.priority import STEPS, used
from qtopo.topology.raw import thaw
from qtopo.topology.units import parse_duration

if TYPE_CHECKING:
    from qtopo.topology.topology import Topology

DURATIONS = frozenset(
    {
        # kombu's connection, for every transport
        "connect_retries_timeout",
        "interval_max",
        "interval_start",
        "interval_step",
        # virtual transports
        "polling_interval",
        "visibility_timeout",
        "wait_time_seconds",
        # AMQP
        "connect_timeout",
        "heartbeat",
        "read_timeout",
        "write_timeout",
        # Redis
        "health_check_interval",
        "reauth_check_interval",
        "socket_connect_timeout",
        "socket_timeout",
        "unacked_mutex_expire",
        "unacked_restore_interval",
        # SQS
        "sts_token_buffer_time",
        "sts_token_timeout",
        # Azure Service Bus
        "max_lock_renewal_duration",
        "peek_lock_seconds",
        "retry_backoff_max",
        "uamqp_keep_alive_interval",
        # Google Pub/Sub
        "ack_deadline_seconds",
        "expiration_seconds",
        "retry_timeout_seconds",
        # PGMQ
        "max_poll_seconds",
        "pool_timeout",
        # Kafka
        "connection_wait_time_seconds",
    }
)
"""The options of kombu's transports that are seconds."""


def transport_options(topology: Topology) -> dict[str, Any]:
    """Return the options of the file, in its order, then those the topology requires.

    What the file says wins. Raises EmitError where a duration is not one.
    """
    broker = topology.broker
    options = {key: _seconds(key, thaw(value)) for key, value in broker.options.items()}
    if not broker.kind.virtual and has_quorum(topology):
        # Without confirms a message for a quorum queue without a majority is lost.
        options.setdefault("confirm_publish", True)
    if broker.kind.priorities == "inverted" and used(topology):
        options.setdefault("priority_steps", list(STEPS))
    return options


def _seconds(key: str, value: Any) -> Any:
    if key not in DURATIONS or not isinstance(value, str):
        return value
    try:
        return number(parse_duration(value))
    except ValueError as error:
        raise EmitError(f"broker.options.{key} is {value!r}: {error}") from None
