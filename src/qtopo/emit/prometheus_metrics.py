"""Which metrics tell of a queue: RabbitMQ's own plugin, celery-exporter, redis_exporter.

Names and labels as RabbitMQ 3.10 gives them, and as the sources of the other two
have them (danihodovic/celery-exporter, oliver006/redis_exporter).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote_plus

from qtopo.emit.accounts import database
from qtopo.emit.accounts import vhost as named_vhost
from qtopo.emit.keda_triggers import RABBITMQ, REDIS, redis_lists
from qtopo.emit.prometheus_text import selected, span
from qtopo.errors import EmitError
from qtopo.topology.deploy import Deploy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.topology.topology import Topology

FAMILIES = ("queue_coarse_metrics", "queue_consumer_count", "channel_queue_metrics")
"""What the plugin has to be asked for: without it, the answer has no queue in it."""

_READY = "rabbitmq_detailed_queue_messages_ready"
_CONSUMERS = "rabbitmq_detailed_queue_consumers"
_TAKEN = "rabbitmq_detailed_channel_messages_delivered_ack_total"
_DONE = "rabbitmq_detailed_channel_messages_acked_total"


class Watched(NamedTuple):
    """What can be asked of a queue, in PromQL: series that can be compared with each other.

    The labels are `job` where one exporter tells all, none where it takes two.
    """

    topology: Topology
    queue: str

    def waiting(self, ago: str = "") -> str:
        """Return how many messages wait, `ago` as `offset 60s`."""
        series = [f"{one} offset {ago}" if ago else one for one in _lengths(*self)]
        if len(series) > 1:
            return f"sum({' or '.join(series)})"
        return f"max by (job) ({series[0]})"

    def consumers(self) -> str:
        """Return how many processes consume it."""
        return f"max by (job) ({self._consumers()})"

    def missing(self) -> str:
        """Return 1 where the queue is not known, while others are."""
        return f"(absent({self._consumers()}) unless on () absent({self._all_consumers()}))"

    def taken(self, seconds: float) -> str:
        """Return how many messages were handed to consumers in some time; 0 where none was."""
        metric = self._counter(_TAKEN, "celery_task_received_total")
        ago = span(seconds)
        most = f"max_over_time({metric}[{ago}])"
        # `increase` would leave out what a consumer got before it was first measured, which
        # after a restart is all that it prefetches.
        return self._or_none(f"{most} - ({metric} offset {ago} or 0 * {most})", ago)

    def done_each_second(self, seconds: float) -> str:
        """Return how many messages were done in a second, on average over some time."""
        metric = self._counter(_DONE, "celery_task_started_total")
        return self._or_none(f"rate({metric}[{span(seconds)}])")

    def _or_none(self, series: str, ago: str = "") -> str:
        one_exporter = len(_lengths(*self)) == 1
        grouped = f"sum by (job) ({series})" if one_exporter else f"sum({series})"
        # Counters begin with the first message: before, there is nothing to compare with.
        return f"({grouped} or 0 * {self.waiting(ago)})"

    def _counter(self, rabbit: str, celery: str) -> str:
        if _kind(self.topology) == RABBITMQ:
            return selected(rabbit, **_rabbit_labels(self.topology, self.queue))
        return selected(celery, queue_name=self.queue)

    def _consumers(self) -> str:
        if _kind(self.topology) == RABBITMQ:
            return selected(_CONSUMERS, **_rabbit_labels(self.topology, self.queue))
        return selected("celery_active_worker_count", queue_name=self.queue)

    def _all_consumers(self) -> str:
        return _CONSUMERS if _kind(self.topology) == RABBITMQ else "celery_active_worker_count"


def nothing_measured(topology: Topology) -> str:
    """Return what is there where no queue at all is measured."""
    return f"absent({_READY if _kind(topology) == RABBITMQ else 'celery_queue_length'})"


def exporters(topology: Topology) -> list[str]:
    """Return what has to be scraped for the rules of queues, a line each.

    The keys of redis_exporter may be many: they are on a line of their own, the last.
    """
    if _kind(topology) == RABBITMQ:
        asked = "&".join(f"family={one}" for one in FAMILIES)
        return [f"RabbitMQ's plugin rabbitmq_prometheus, at :15692/metrics/detailed?{asked}"]
    celery = (
        "celery-exporter (danihodovic/celery-exporter), with worker_send_task_events and "
        "task_send_sent_event in the settings: only then do its counters know the queue"
    )
    found = [celery]
    if keys := _keys(topology):
        found += [
            "redis_exporter (oliver006/redis_exporter) with --check-single-keys as the file says",
            f"--check-single-keys={keys}",
        ]
    return found


def splits(topology: Topology) -> bool:
    """Whether priorities split the queues of Redis into several lists."""
    return _kind(topology) == REDIS and len(redis_lists(topology, "")) > 1


def watchable(topology: Topology) -> str:
    """Return the kind of broker; EmitError where no exporter tells of its queues."""
    kind = topology.broker.kind.name
    if kind not in (RABBITMQ, REDIS):
        raise EmitError(
            f"no exporter known here measures the queues of {topology.broker.transport!r}",
            "rules are written for RabbitMQ and Redis",
        )
    return kind


def _kind(topology: Topology) -> str:
    return topology.broker.kind.name


def _lengths(topology: Topology, queue: str) -> Sequence[str]:
    """Return the series whose sum is the length of a queue."""
    if _kind(topology) == RABBITMQ:
        return [selected(_READY, **_rabbit_labels(topology, queue))]
    if not splits(topology):
        return [selected("celery_queue_length", queue_name=queue)]
    # celery-exporter looks at the first list alone.
    name = f"db{database(topology)}"
    return [selected("redis_key_size", db=name, key=key) for key in redis_lists(topology, queue)]


def _keys(topology: Topology) -> str:
    if not splits(topology):
        return ""
    name = f"db{database(topology)}"
    return ",".join(
        f"{name}={quote_plus(key)}"
        for queue in topology.queues.values()
        if not queue.broadcast
        for key in redis_lists(topology, queue.name)
    )


def _rabbit_labels(topology: Topology, queue: str) -> dict[str, str]:
    labels = {"queue": queue}
    url = topology.broker.url
    said = (topology.deploy or Deploy()).vhost
    # In the variable there may be any.
    if said is not None or (url is not None and not url.startswith("env:")):
        labels["vhost"] = named_vhost(topology)
    return labels
