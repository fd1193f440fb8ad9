"""RabbitMQ's management API, asked with GET alone: what one vhost holds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from qtopo.errors import QtopoError, UnknownNameError
from qtopo.importers.declarations.json_text import MOST_BYTES, parse
from qtopo.importers.declarations.keep import names

if TYPE_CHECKING:
    from qtopo.importers.brokers.addresses import Address

_PORTS = {False: 15672, True: 15671}
_SECONDS = 10.0
_AT_MOST = 60.0
_CHUNK = 1 << 16
_COLUMNS = "name,type,durable,auto_delete,exclusive,arguments,policy,operator_policy"
_MORE = {
    "policies": "policies/{}",
    "operator_policies": "operator-policies/{}",
    "parameters": "parameters",
}
_NOT_FOR_ALL = (401, 403, 404)
"""HTTP's answers to a user who may see the objects but no policies; 404 of an older broker."""


class RefusedError(QtopoError):
    """The management API does not give what it was asked for; `code` is HTTP's, or None."""

    def __init__(self, message: str, code: int | None = None, help: str | None = None) -> None:
        super().__init__(message, help)
        self.code = code


class Seen(NamedTuple):
    """What a vhost holds, as lists of records; `unseen` are lists the user may not read."""

    vhost: str
    version: Any
    tables: dict[str, Any]
    unseen: tuple[str, ...]


def read_vhost(where: Address, vhost: str | None) -> Seen:
    """Return what a vhost holds. Without a name the URL's, else the only one, is read.

    Raises RefusedError where the API does not answer, or not to this user, and
    UnknownNameError where the vhost is not there, or is to be chosen.
    """
    api = _Api(where)
    overview = api.get("overview")
    if not isinstance(overview, dict):
        raise RefusedError(f"{api.shown} is not RabbitMQ's management API")
    name = _chosen(api, where, vhost)
    path = quote(name, safe="")
    tables = {
        "exchanges": api.get(f"exchanges/{path}"),
        "bindings": api.get(f"bindings/{path}"),
        # Without statistics the policy is that of now, with them that of some seconds ago.
        "queues": api.get(f"queues/{path}?disable_stats=true&columns={_COLUMNS}"),
    }
    unseen = []
    for section, asked in _MORE.items():
        try:
            found = api.get(asked.format(path))
        except RefusedError as error:
            if error.code not in _NOT_FOR_ALL:
                raise
            unseen.append(section.replace("_", " "))
        else:
            tables[section] = [one for one in _records(found) if one.get("vhost") == name]
    _count_consumers(tables["queues"], api, path)
    return Seen(name, overview.get("rabbitmq_version"), tables, tuple(unseen))


def _records(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _count_consumers(queues: Any, api: _Api, path: str) -> None:
    """Add to each queue how many consume it, where the broker counts them."""
    try:
        counted = _records(api.get(f"queues/{path}?columns=name,consumers"))
    except RefusedError:
        return
    found = {
        one["name"]: one.get("consumers") for one in counted if isinstance(one.get("name"), str)
    }
    for one in _records(queues):
        if isinstance(one.get("name"), str):
            one["consumers"] = found.get(one["name"])


def _chosen(api: _Api, where: Address, vhost: str | None) -> str:
    records = _records(api.get("vhosts?columns=name"))
    known = [one["name"] for one in records if isinstance(one.get("name"), str)]
    name = vhost if vhost is not None else where.path
    if not name and where.kind == "amqp":
        # As kombu reads it: no path, or an empty one.
        name = "/"
    if not name:
        if len(known) != 1:
            raise UnknownNameError(
                f"the broker has {len(known)} vhosts: {names(known)}", "choose one: --vhost NAME"
            )
        name = known[0]
    if name not in known:
        raise UnknownNameError(
            f"no vhost {name!r} that this user may see: there are {names(known) or 'none'}",
            "choose one: --vhost NAME",
        )
    return name


class _Api:
    """GET requests straight to one host, with its credentials; nothing is followed elsewhere."""

    def __init__(self, where: Address) -> None:
        host = f"[{where.host}]" if ":" in where.host else where.host
        scheme = "https" if where.tls else "http"
        port = where.port if where.kind == "http" else None
        self.shown = f"{scheme}://{host}:{port or _PORTS[where.tls]}"
        self._account = (where.user or "guest", where.password or "guest")
        self._until = time.monotonic() + _AT_MOST

    def get(self, path: str) -> Any:
        """Return the JSON at a path below `/api/`; raises RefusedError."""
        import base64
        import http.client
        import urllib.error
        import urllib.request

        class Stay(urllib.request.HTTPRedirectHandler):
            """Follows nothing: the credentials are for this host."""

            def redirect_request(self, *_: Any) -> None:
                return None

        account = base64.b64encode(":".join(self._account).encode()).decode()
        request = urllib.request.Request(  # noqa: S310 (http or https by construction)
            f"{self.shown}/api/{path}",
            headers={"Authorization": f"Basic {account}", "Accept": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
        try:
            with opener.open(request, timeout=_SECONDS) as answer:
                raw = self._body(answer)
        except urllib.error.HTTPError as error:
            error.close()
            raise self._refused(error.code) from None
        except urllib.error.URLError as error:
            raise RefusedError(f"{self.shown} does not answer: {error.reason}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            said = str(error) or type(error).__name__
            raise RefusedError(f"{self.shown} does not answer: {said}") from None
        try:
            return parse(raw, f"the answer of {self.shown}")[0]
        except QtopoError as error:
            raise RefusedError(str(error)) from None

    def _body(self, answer: Any) -> bytes:
        found = bytearray()
        while chunk := answer.read1(_CHUNK):
            found += chunk
            if len(found) > MOST_BYTES:
                raise RefusedError(f"the answer of {self.shown} is larger than any broker's")
            if time.monotonic() > self._until:
                raise RefusedError(f"{self.shown} takes longer than {_AT_MOST:g} s to answer")
        return bytes(found)

    def _refused(self, code: int) -> RefusedError:
        if code == 401:
            return RefusedError(
                f"{self.shown} does not let user {self._account[0]!r} in",
                code,
                "it needs the password, and the tag `management` or more",
            )
        return RefusedError(f"{self.shown} answers with HTTP status {code}", code)
