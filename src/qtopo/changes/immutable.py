"""What RabbitMQ compares when something is declared again, and refuses with 406.

Measured on RabbitMQ 3.10.8, each argument given, taken away and changed
(`tests/live/test_diff_refusals.py` does it again); `exclusive` is refused with 405.
Brokers that kombu plays itself compare nothing that outlives a connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtopo.topology.topology import Topology

QUEUE_FLAGS = ("durable", "exclusive", "auto_delete")

QUEUE_ARGUMENTS = frozenset(
    {
        "x-dead-letter-exchange",
        "x-dead-letter-routing-key",
        "x-dead-letter-strategy",
        "x-delivery-limit",
        "x-expires",
        "x-initial-cluster-size",
        "x-max-age",
        "x-max-in-memory-bytes",
        "x-max-in-memory-length",
        "x-max-length",
        "x-max-length-bytes",
        "x-max-priority",
        "x-message-ttl",
        "x-overflow",
        "x-queue-leader-locator",
        "x-queue-master-locator",
        "x-queue-mode",
        "x-queue-type",
        "x-queue-version",
        "x-quorum-initial-group-size",
        "x-single-active-consumer",
        "x-stream-max-segment-size-bytes",
    }
)
"""A value of another type is another value too (1000 and 1000.0); no `x-queue-type` is classic."""

NEWER = {
    "x-consumer-disconnected-timeout": (4, 3, 0),
    "x-consumer-timeout": (4, 3, 2),
    "x-delayed-retry-max": (4, 3, 0),
    "x-delayed-retry-min": (4, 3, 0),
    "x-delayed-retry-type": (4, 3, 0),
    "x-stream-filter-size-bytes": (4, 2, 7),
}
"""Arguments that 3.10 passes over, and the release that first compares them.

Read in RabbitMQ's source, releases 3.10.0 to 4.3.5: `rabbit_amqqueue` compares what
`queue_arguments` lists in the `capabilities/0` of `rabbit_classic_queue`,
`rabbit_quorum_queue` and `rabbit_stream_queue`. (4.3.0 alone leaves
`x-stream-filter-size-bytes` out again.) None of them ever listed
`x-quorum-target-group-size`, so a queue may be declared with another one.
"""

EXCHANGE_FLAGS = ("type", "durable", "auto_delete")
EXCHANGE_ARGUMENTS = frozenset({"alternate-exchange"})


def queue_argument_stays(topology: Topology, name: str) -> bool:
    """Whether a queue keeps this argument until it is re-created.

    Unknown arguments are accepted and ignored. Those that only newer versions
    compare count as kept, unless the file names an older one (4.2 may be any 4.2).
    """
    if name in QUEUE_ARGUMENTS:
        return True
    since = NEWER.get(name)
    if since is None:
        return False
    version = topology.broker.version_tuple
    return version is None or version >= since[: len(version)]


def exchange_argument_stays(kind: str, name: str) -> bool:
    """Whether an exchange keeps this argument until it is re-created.

    A plugin's exchange reads its arguments when it is made.
    """
    return name in EXCHANGE_ARGUMENTS or kind.startswith("x-")


def same(one: Any, other: Any) -> bool:
    """Whether RabbitMQ takes two values for equal: it looks at their types as well."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)
