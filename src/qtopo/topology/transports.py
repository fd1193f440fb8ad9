"""What each kind of broker can do (kombu's transports; facts measured on kombu 5.7).

Adding a transport is one line in `TRANSPORTS`.
"""

from __future__ import annotations

from typing import NamedTuple

_ALL = ("direct", "topic", "fanout", "headers")
_VIRTUAL = ("direct", "topic")


class Transport(NamedTuple):
    """A transport's capabilities.

    `scheme` starts its URLs; `exchange_types` are those that really deliver;
    `plugins` says whether `x-` exchange types exist; `virtual` that kombu, not
    the broker, matches routing keys; `priorities` is `native`, `inverted`
    (0 is the most urgent) or None; `arguments` are the queue arguments that
    have an effect (None: all).
    """

    name: str
    scheme: str
    exchange_types: tuple[str, ...]
    virtual: bool = True
    plugins: bool = False
    priorities: str | None = None
    arguments: tuple[str, ...] | None = ()


_AMQP = Transport(
    "rabbitmq", "amqp", _ALL, virtual=False, plugins=True, priorities="native", arguments=None
)
_REDIS = Transport("redis", "redis", _ALL[:3], priorities="inverted", arguments=("x-expires",))
_FANOUT = _ALL[:3]

TRANSPORTS = {
    "rabbitmq": _AMQP,
    "amqp": _AMQP,
    "amqps": _AMQP._replace(scheme="amqps"),
    "pyamqp": _AMQP._replace(scheme="pyamqp"),
    "redis": _REDIS,
    "rediss": _REDIS._replace(scheme="rediss"),
    "sentinel": _REDIS._replace(scheme="sentinel"),
    "sqs": Transport("sqs", "sqs", _VIRTUAL),
    "gcpubsub": Transport("gcpubsub", "gcpubsub", ("direct", "fanout")),
    "kafka": Transport("kafka", "confluentkafka", _VIRTUAL),
    "confluentkafka": Transport("kafka", "confluentkafka", _VIRTUAL),
    "azureservicebus": Transport("azureservicebus", "azureservicebus", _VIRTUAL),
    "azurestoragequeues": Transport("azurestoragequeues", "azurestoragequeues", _VIRTUAL),
    "pgmq": Transport("pgmq", "pgmq", _FANOUT),
    "mongodb": Transport("mongodb", "mongodb", _FANOUT, arguments=("x-expires", "x-message-ttl")),
    "sqlalchemy": Transport("sqlalchemy", "sqla", _VIRTUAL),
    "filesystem": Transport("filesystem", "filesystem", _FANOUT),
    "memory": Transport("memory", "memory", _FANOUT),
    "zookeeper": Transport("zookeeper", "zookeeper", _VIRTUAL),
    "etcd": Transport("etcd", "etcd", ("direct",)),
    "consul": Transport("consul", "consul", _VIRTUAL),
    "qpid": Transport("qpid", "qpid", _FANOUT, virtual=False, arguments=None),
    "pyro": Transport("pyro", "pyro", _VIRTUAL),
    "slmq": Transport("slmq", "slmq", _VIRTUAL),
}


def transport(name: str) -> Transport:
    """Return the capabilities of a transport of the file."""
    return TRANSPORTS[name]
