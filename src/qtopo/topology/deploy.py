"""`[deploy]`: the platforms that start the processes, and what those need to know."""

from __future__ import annotations

import re
from typing import Any

from qtopo.topology.common import COUNT, FLAG, NAME, TEXT
from qtopo.topology.kinds import Items, Text
from qtopo.topology.model import Model, field

PLATFORMS = ("procfile", "supervisor", "systemd", "compose", "kubernetes")
"""What starts processes; each is a target of `qtopo emit` by the same name."""

PROCFILE_GRACE = 5
"""Seconds between honcho's SIGTERM to a process group and its SIGKILL (its manager.py)."""

PROCFILE_SOFT = 3
"""The longest soft shutdown, in seconds, that Celery was measured to end within that grace."""

STDOUT = "stdout"

_OWN = re.compile("%[nh]")


def _absolute(value: str) -> str | None:
    if value.startswith("/"):
        return None
    return f'cannot be {value!r}: write the whole path, such as "/srv/shop/.venv/bin"'


def _absolute_form() -> dict[str, Any]:
    return {"pattern": "^/"}


def _logs(value: str) -> str | None:
    if value == STDOUT or value.startswith("/"):
        return None
    return f'cannot be {value!r}: write "{STDOUT}", or the whole path of a folder'


def _logs_form() -> dict[str, Any]:
    return {"pattern": f"^(/.*|{STDOUT})$"}


def _heartbeat(value: str) -> str | None:
    wrong = _absolute(value)
    if wrong is None and _OWN.search(value.rpartition("/")[0]):
        return f"cannot be {value!r}: `%n` and `%h` may be in the file's name, not in its folder's"
    return wrong


def _heartbeat_form() -> dict[str, Any]:
    return {"pattern": "^/(([^%/]|%+[^%/nh])*%*/)*[^/]*$"}


_PATH = Text("an absolute path", check=_absolute, form=_absolute_form)


class Deploy(Model):
    """Where the processes run. Nothing in it is secret, and no routing depends on it."""

    targets: tuple[str, ...] = field(
        Items(Text(options=PLATFORMS), "a list of platforms"),
        "The platforms in use: rules say what each of them cannot honour.",
        default=(),
    )
    bin: str | None = field(
        _PATH,
        "The folder that holds `celery`: systemd starts nothing by a bare name.",
        default=None,
    )
    directory: str | None = field(_PATH, "The working directory of the processes.", default=None)
    user: str | None = field(
        NAME,
        "The user they run as; as root Celery warns, and with pickle it refuses.",
        default=None,
    )
    group: str | None = field(NAME, "The group they run as.", default=None)
    env_file: str | None = field(
        TEXT,
        "The file of environment variables, secrets among them: systemd and compose read it.",
        default=None,
    )
    image: str | None = field(TEXT, "The container image of compose and Kubernetes.", default=None)
    namespace: str | None = field(NAME, "The namespace in Kubernetes.", default=None)
    secret: str | None = field(
        NAME,
        "The Kubernetes Secret whose keys are the variables that URLs are read from.",
        default=None,
    )
    redis_database: int | None = field(
        COUNT,
        "The number of the broker's Redis database, where its URL is in a variable: KEDA and "
        "permissions need it.",
        default=None,
    )
    heartbeat_file: str | None = field(
        Text("an absolute path", check=_heartbeat, form=_heartbeat_form),
        "A file that each worker touches while its loop turns, for liveness probes; `%n` in it "
        "is the worker's name, so that workers of one machine do not share it, and `%h` the "
        "host's.",
        default=None,
    )
    logs: str | None = field(
        Text('"stdout" or an absolute path', check=_logs, form=_logs_form),
        'Where supervisor writes what processes print: a folder that exists, or "stdout".',
        default=None,
    )
    vhost: str | None = field(
        NAME,
        "The virtual host on RabbitMQ; else that of the broker's URL, or `/`.",
        default=None,
    )
    broker_users: bool = field(
        FLAG,
        "Whether workers, beat, producers and control get users of their own on the broker.",
        default=False,
    )
    rabbitmq_cluster: str | None = field(
        NAME, "The RabbitmqCluster in Kubernetes that the objects belong to.", default=None
    )
