"""The users of a broker that a topology needs: a name for each principal, and its permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from qtopo.compiler.permissions import LONGEST, Access, Permissions
from qtopo.compiler.principals import CONTROL, PRODUCER, principals
from qtopo.compiler.redis_acl import BrokerRules, Rules, results_rules
from qtopo.emit.launching import application, slugged
from qtopo.errors import EmitError
from qtopo.routing.table import table
from qtopo.topology.deploy import Deploy

if TYPE_CHECKING:
    from qtopo.compiler.principals import Principal
    from qtopo.topology.topology import Topology

DEFAULT_VHOST = "/"


class Account(NamedTuple):
    """A user.

    `user` is its name: lower-case letters, digits and hyphens. `access` is what it
    needs on RabbitMQ; `broker` on Redis, `results` where Redis keeps results; None
    where there is no such server, or nothing is needed there.
    """

    user: str
    principal: Principal
    access: Access | None
    broker: Rules | None
    results: Rules | None

    @property
    def results_user(self) -> str:
        """The user's name where results are kept, which may be the server of the broker."""
        return f"{self.user}-results"


def accounts(topology: Topology) -> list[Account]:
    """Return the users of a topology: workers in the order of the file, beat, producer, control.

    Raises EmitError where the broker is neither RabbitMQ nor Redis, where names that
    only callers know may be created, and where an expression is too long for RabbitMQ.
    """
    kind = topology.broker.kind.name
    if kind not in ("rabbitmq", "redis"):
        raise EmitError(
            f"transport {topology.broker.transport!r} has no permissions that qtopo knows",
            "it knows those of RabbitMQ and Redis",
        )
    if topology.defaults.create_missing_queues:
        raise EmitError(
            "create_missing_queues lets callers create queues of any name",
            "declare the queues, and take create_missing_queues out of [defaults]",
        )
    routes = table(topology)
    found = principals(topology, lambda task: routes.find(task).route)
    names = _users(topology, found)
    rabbit = Permissions(topology) if kind == "rabbitmq" else None
    redis = BrokerRules(topology, database(topology)) if kind == "redis" else None
    listed = []
    for one in found:
        access = None if rabbit is None else _fitting(rabbit.of(one), one)
        rules = None if redis is None else redis.of(one)
        listed.append(Account(names[one], one, access, rules, results_rules(topology, one)))
    return listed


def vhost(topology: Topology) -> str:
    """Return the virtual host: that of `[deploy]`, else of a URL that is in the file, else /."""
    said = (topology.deploy or Deploy()).vhost
    if said is not None:
        return said
    url = topology.broker.url
    if url is None or url.startswith("env:"):
        return DEFAULT_VHOST
    return unquote(urlsplit(url).path[1:]) or DEFAULT_VHOST


def database(topology: Topology) -> int:
    """Return the number of the broker's database on Redis."""
    url = topology.broker.url
    if url is not None and not url.startswith("env:"):
        number = urlsplit(url).path.strip("/")
        if number.isdecimal():
            return int(number)
    return (topology.deploy or Deploy()).redis_database or 0


def _users(topology: Topology, found: list[Principal]) -> dict[Principal, str]:
    """Return names that begin with the application's: users are those of the whole server."""
    stem = application(topology)
    workers = [one.name for one in found if one.node is not None]
    slugs = slugged(workers, {"beat", PRODUCER, CONTROL})
    return {one: f"{stem}-{slugs[one.name] if one.node is not None else one.kind}" for one in found}


def _fitting(access: Access, principal: Principal) -> Access:
    for expression in access:
        if len(expression.encode()) > LONGEST:
            raise EmitError(
                f"the names that {principal.name!r} needs make an expression of "
                f"{len(expression.encode())} bytes, and RabbitMQ takes {LONGEST}",
                "write permissions by hand, by a common beginning of the names",
            )
    return access
