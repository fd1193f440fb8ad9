"""The URL of a broker: where it is, what may be shown of it, what the file says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from qtopo.errors import UnknownNameError, UnreadableFileError
from qtopo.importers.draft import INFO, WARNING
from qtopo.topology.common import env_problem, url_password, url_problem

if TYPE_CHECKING:
    from qtopo.importers.draft import Draft

_AMQP = {"amqp": False, "pyamqp": False, "librabbitmq": False, "amqps": True}
_HTTP = {"http": False, "https": True}
_REDIS = {"redis": False, "rediss": True, "redis+socket": False}
_ENV = "env:"
_WAYS = (
    "read RabbitMQ (amqp://, amqps://, http:// of its management) or Redis (redis://, rediss://)"
)


class Address(NamedTuple):
    """Where a broker is. `url` and `password` are secrets; `shown` is for people.

    `kind` is `amqp`, `http` (RabbitMQ's management alone) or `redis`; `variable` the
    name of the environment variable that holds the URL, where it came from one.
    `path` is what follows the host, without its first slash; None where there is none.
    """

    kind: str
    url: str
    tls: bool
    host: str
    port: int | None
    user: str | None
    password: str | None
    path: str | None
    variable: str | None

    @property
    def shown(self) -> str:
        """The address without user, password and query."""
        if self.variable is not None:
            return f"env:{self.variable}"
        return place(self.url)


def place(url: str) -> str:
    """Return a URL without user, password, query and fragment."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    if "@" in path:
        # A password with a slash in it: what comes before the last @ may be its.
        authority, slash, path = path.rpartition("@")[2].partition("/")
    host = authority.rpartition("@")[2]
    shown = f"{scheme}://{host}{slash}{path}"
    return shown.partition("?")[0].partition("#")[0]


def address(named: str) -> Address:
    """Return the address that a URL, or `env:NAME`, gives.

    Raises UnknownNameError where the variable is not set, UnreadableFileError for what is
    no URL of a broker that can be read; neither repeats a password.
    """
    variable = None
    url = named
    if named.startswith(_ENV):
        variable = named.removeprefix(_ENV)
        problem = env_problem(variable)
        if problem is not None:
            # It may be a URL with its password.
            raise UnknownNameError(f"what follows env: {problem}", "write env:NAME")
        url = os.environ.get(variable, "")
        if not url:
            raise UnknownNameError(
                f"the environment variable {variable} is not set", "it holds the broker's URL"
            )
    what = f"env:{variable}" if variable is not None else place(named)
    scheme = url.partition("://")[0].lower()
    if "://" not in url:
        raise UnreadableFileError("what follows `broker` is no URL", _WAYS)
    for kind, schemes in (("amqp", _AMQP), ("http", _HTTP), ("redis", _REDIS)):
        if scheme in schemes:
            return _split(kind, url, schemes[scheme], variable, what)
    shown = scheme if scheme.replace("+", "").replace("-", "").isalnum() else "that scheme"
    raise UnreadableFileError(
        f"a broker of {shown} cannot be asked what it holds",
        f"{_WAYS}; for others import the application: app MODULE:ATTR",
    )


def _split(kind: str, url: str, tls: bool, variable: str | None, what: str) -> Address:
    if ";" in url:
        raise UnreadableFileError(f"{what} holds several URLs", "name one of them")
    if "@" in url.partition("://")[2].partition("/")[2]:
        # Nobody knows where the password ends, which the rest of the text may show.
        raise UnreadableFileError(
            "the broker's URL has an @ behind a slash: it cannot be read for sure",
            "write / in a password as %2F, and @ in a vhost as %40",
        )
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or "localhost"
    except ValueError:
        raise UnreadableFileError(
            f"{what} is no URL that can be read",
            "special characters of a password are written as %XX",
        ) from None
    path = unquote(parts.path[1:]) if parts.path.startswith("/") else None
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return Address(kind, url, tls, host, port, user, password, path, variable)


def write_url(where: Address, draft: Draft) -> None:
    """Put the URL into the draft: the variable that holds it, or itself where it has no secret."""
    if where.kind == "http":
        draft.note(
            INFO,
            "the URL is that of RabbitMQ's management: the broker's own goes into the variable "
            "BROKER_URL",
            ("broker", "url"),
        )
        draft.put(("broker", "url"), "env:BROKER_URL")
        return
    held = where.variable
    if held is None:
        names = sorted(
            name
            for name, one in os.environ.items()
            if one == where.url and env_problem(name) is None
        )
        held = names[0] if names else None
    if held is not None:
        draft.put(("broker", "url"), f"env:{held}")
    elif where.password or url_password(where.url) or url_problem(where.url) or "?" in where.url:
        draft.note(
            WARNING,
            "the broker's URL holds a secret or options, and is not written: give it in the "
            "variable BROKER_URL",
            ("broker", "url"),
            None,
            "secret-in-settings",
        )
        draft.put(("broker", "url"), "env:BROKER_URL")
    else:
        draft.put(("broker", "url"), where.url)
