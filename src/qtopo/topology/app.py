"""`[app]`, `[defaults]`, `[results]`, `[broker]`: what belongs to the whole deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.topology.common import (
    ARGUMENTS,
    EMPTY,
    FLAG,
    NAME,
    PERIOD,
    PROSE,
    TEXT,
    url_form,
    url_password,
    url_problem,
)
from qtopo.topology.kinds import Text
from qtopo.topology.model import Model, describe, field
from qtopo.topology.transports import TRANSPORTS, Transport, transport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.topology.finding import Path
    from qtopo.topology.shape import Reader


class Url(Text):
    """`env:NAME`, or a URL without a password."""

    def __init__(self) -> None:
        super().__init__('"env:NAME" or a URL', check=url_problem, form=url_form)

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        """Return the text; a password is reported without repeating it."""
        url = super().read(value, path, reader)
        if type(url) is str and not url.startswith("env:") and url_password(url):
            reader.add(
                "secret-in-file",
                path,
                f"{describe(path)} holds a password",
                help='keep it out of the file: put the URL into a variable and write "env:NAME"',
            )
        return url


URL = Url()


def _celery_app(value: str) -> str | None:
    return "is empty" if not value.strip() else None


def _celery_app_form() -> dict[str, Any]:
    from qtopo.topology.schema import CONTROL

    return {"pattern": rf"^[^{CONTROL}]*[^{CONTROL}\s][^{CONTROL}]*$"}


def _version(value: str) -> str | None:
    parts = value.split(".")
    if all(part.isdigit() and part.isascii() and len(part) < 6 for part in parts):
        return None
    return f'cannot be {value!r}: a version is numbers with points, such as "4.1"'


class App(Model):
    """The Celery application."""

    name: str | None = field(TEXT, "What people call the application.", default=None)
    celery: str | None = field(
        Text(check=_celery_app, form=_celery_app_form),
        "What follows `celery -A`, such as `shop.celery:app`.",
        default=None,
    )
    description: str | None = field(PROSE, "What it is for.", default=None)


class Broker(Model):
    """The message broker that tasks travel through."""

    transport: str = field(
        Text(options=tuple(sorted(TRANSPORTS))),
        "The kind of broker: kombu's transports, `rabbitmq` being `amqp`.",
        default="rabbitmq",
    )
    version: str | None = field(
        Text(check=_version, form=lambda: {"pattern": r"^[0-9]{1,5}(\.[0-9]{1,5})*$"}),
        "The broker's version; without it a rule warns of what fails on any supported one.",
        default=None,
    )
    url: str | None = field(
        URL,
        "`env:NAME` of the variable that holds the URL, or a URL without a password.",
        default=None,
    )
    options: Mapping[str, Any] = field(
        ARGUMENTS, "`broker_transport_options`; durations as text or seconds.", default=EMPTY
    )

    @property
    def kind(self) -> Transport:
        """What the transport can do."""
        return transport(self.transport)

    @property
    def version_tuple(self) -> tuple[int, ...] | None:
        """The version as numbers, or None where the file says none."""
        return (
            None if self.version is None else tuple(int(part) for part in self.version.split("."))
        )


class Results(Model):
    """Where tasks leave their results; without the table there is no result backend."""

    url: str | None = field(
        URL,
        "`env:NAME` of the variable that holds the URL, or a URL without a password.",
        default=None,
    )
    backend: str | None = field(
        NAME,
        "Its kind where the URL does not show it: `redis`, `rpc`, `database`, `cache`, ...",
        default=None,
    )
    expires: float | None = field(PERIOD, "How long results are kept.", default=None)

    @property
    def kind(self) -> str | None:
        """The kind of backend as Celery names it: what the URL or `backend` says."""
        if self.backend is not None:
            return self.backend
        if self.url is None or self.url.startswith("env:"):
            return None
        scheme = self.url.partition("://")[0].partition("+")[0]
        return {"db": "database", "rediss": "redis", "sentinel": "redis"}.get(scheme, scheme)


class Defaults(Model):
    """What holds where nothing else is said."""

    queue: str | None = field(
        NAME, "The queue of tasks without a route; Celery's own is `celery`.", default=None
    )
    create_missing_queues: bool = field(
        FLAG, "Whether Celery may create queues that are not declared.", default=False
    )
