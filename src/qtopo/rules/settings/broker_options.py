"""The options of kombu's transports, `broker_transport_options`, by name.

Read from kombu's source; a test looks for options there that are not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtopo.topology.transports import Transport

COMMON = frozenset(
    {
        # kombu.Connection takes these for itself, whatever the transport.
        "callback",
        "connect_retries_timeout",
        "errback",
        "interval_max",
        "interval_start",
        "interval_step",
        "max_retries",
        "retry_errors",
    }
)
VIRTUAL = frozenset({"body_encoding", "deadletter_queue", "polling_interval"})

OPTIONS: dict[str, frozenset[str]] = {
    # amqp.Connection's parameters: what it does not know it ignores.
    "rabbitmq": frozenset(
        {
            "authentication",
            "channel_max",
            "client_properties",
            "confirm_publish",
            "connect_timeout",
            "frame_max",
            "heartbeat",
            "locale",
            "login_method",
            "login_response",
            "on_blocked",
            "on_open",
            "on_tune_ok",
            "on_unblocked",
            "read_timeout",
            "socket_settings",
            "ssl",
            "userid",
            "virtual_host",
            "write_timeout",
        }
    ),
    "redis": frozenset(
        {
            "ack_emulation",
            "client_name",
            "fanout_patterns",
            "fanout_prefix",
            "global_keyprefix",
            "health_check_interval",
            "master_name",
            "max_connections",
            "min_other_sentinels",
            "priority_steps",
            "queue_order_strategy",
            "reauth_check_interval",
            "retry_on_timeout",
            "sentinel_fanout_compat",
            "sentinel_kwargs",
            "sep",
            "socket_connect_timeout",
            "socket_keepalive",
            "socket_keepalive_options",
            "socket_timeout",
            "unacked_index_key",
            "unacked_key",
            "unacked_mutex_expire",
            "unacked_mutex_key",
            "unacked_restore_interval",
            "unacked_restore_limit",
            "unacked_restore_throttle",
            "visibility_timeout",
        }
    ),
    "sqs": frozenset(
        {
            "client-config",
            "fetch_message_attributes",
            "is_secure",
            "port",
            "predefined_exchanges",
            "predefined_queues",
            "queue_name_prefix",
            "queue_tags",
            "region",
            "regioninfo",
            "sqs-creation-attributes",
            "sqs_base64_encoding",
            "sts_role_arn",
            "sts_token_buffer_time",
            "sts_token_timeout",
            "supports_fanout",
            "visibility_timeout",
            "wait_time_seconds",
        }
    ),
    "gcpubsub": frozenset(
        {
            "ack_deadline_seconds",
            "ack_modify_batch_size",
            "bulk_max_messages",
            "enable_exactly_once_delivery",
            "expiration_seconds",
            "queue_name_prefix",
            "retry_timeout_seconds",
            "wait_time_seconds",
        }
    ),
    "kafka": frozenset(
        {
            "allow_create_topics",
            "connection_wait_time_seconds",
            "kafka_admin_config",
            "kafka_common_config",
            "kafka_consumer_config",
            "kafka_producer_config",
            "num_partitions",
            "replication_factor",
            "sasl_mechanism",
            "security_protocol",
            "topic_config",
            "wait_time_seconds",
        }
    ),
    "azureservicebus": frozenset(
        {
            "max_lock_renewal_duration",
            "peek_lock_seconds",
            "queue_name_prefix",
            "retry_backoff_factor",
            "retry_backoff_max",
            "retry_total",
            "uamqp_keep_alive_interval",
            "use_lock_renewal",
            "wait_time_seconds",
        }
    ),
    "azurestoragequeues": frozenset({"queue_name_prefix"}),
    "pgmq": frozenset(
        {
            "conn_string",
            "fifo_mode",
            "init_extension",
            "max_poll_seconds",
            "notify_throttle_interval_ms",
            "poll_interval_ms",
            "pool_size",
            "pool_timeout",
            "queue_name_prefix",
            "use_notify",
            "visibility_timeout",
            "wait_time_seconds",
        }
    ),
    "mongodb": frozenset(
        {
            "broadcast_collection",
            "calc_queue_size",
            "capped_queue_size",
            "connect_timeout",
            "default_database",
            "default_hostname",
            "default_port",
            "messages_collection",
            "queues_collection",
            "routing_collection",
            "ssl",
            "ttl",
        }
    ),
    "filesystem": frozenset(
        {
            "control_folder",
            "data_folder_in",
            "data_folder_out",
            "processed_folder",
            "store_processed",
        }
    ),
    "slmq": frozenset({"queue_name_prefix", "secure", "visibility_timeout"}),
    "memory": frozenset(),
    "zookeeper": frozenset(),
    "etcd": frozenset(),
    "consul": frozenset(),
    "pyro": frozenset(),
}
"""By the transport's own name. sqlalchemy and qpid hand what they get to a library."""


def known(transport: Transport) -> frozenset[str] | None:
    """Return the options that a transport looks at, or None where they are anybody's guess."""
    own = OPTIONS.get(transport.name)
    if own is None:
        return None
    return own | COMMON | (VIRTUAL if transport.virtual else frozenset())
