"""Say the least that each worker, beat, producers and control need on the broker."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from qtopo.cli.common import (
    add_color_argument,
    add_topology_arguments,
    answer,
    answer_json,
    complain,
    load_and_warn,
    use_color,
)
from qtopo.cli.main import OK
from qtopo.cli.table import visible
from qtopo.compiler.redis_acl import quoted
from qtopo.compiler.shell import shell_line
from qtopo.emit.accounts import accounts, database, vhost

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from qtopo.compiler.redis_acl import Rules
    from qtopo.emit.accounts import Account
    from qtopo.topology.topology import Topology

EPILOG = """\
examples:
  qtopo permissions
  qtopo permissions --format json
  qtopo permissions --format commands

RabbitMQ has expressions for what may be configured, written and read; Redis has
rules for keys, channels and commands. Producers are whatever sends tasks, such as a
web application; control is what watches and commands workers: `celery inspect`,
Flower. `--format commands` prints what sets them, for rabbitmqctl or redis-cli, and
no password: a user that is there keeps its own.
"""

_ANONYMOUS = "the anonymous exchange"
_LABEL = len("results channels")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_topology_arguments(parser)
    parser.add_argument(
        "--format",
        choices=("table", "json", "commands"),
        default="table",
        help="how they are listed (default: table)",
    )
    add_color_argument(parser)


def call(args: argparse.Namespace) -> int:
    """List; returns the exit code."""
    topology = load_and_warn(args).topology
    listed = accounts(topology)
    _tell_database(topology)
    if args.format == "json":
        users = [_plain(one) for one in listed]
        answer_json({"format_version": 1, "vhost": _vhost(topology), "users": users})
    elif args.format == "commands":
        answer("\n".join(_commands(listed, vhost(topology))))
    else:
        answer(_table(listed, args.color))
    return OK


def _vhost(topology: Topology) -> str | None:
    return None if topology.broker.kind.virtual else vhost(topology)


def _tell_database(topology: Topology) -> None:
    """Say which database the names of channels are of, where the file does not show it."""
    url, said = topology.broker.url, topology.deploy and topology.deploy.redis_database
    if topology.broker.kind.name == "redis" and said is None and (url or "env:")[:4] == "env:":
        complain(
            f"channels are those of database {database(topology)}: say another one with "
            "redis_database in [deploy]",
            kind="note",
        )


def _plain(account: Account) -> dict[str, Any]:
    principal = account.principal
    plain: dict[str, Any] = {
        "user": account.user,
        "kind": principal.kind,
        "name": principal.name,
        "consumes": list(principal.consumes),
        "sends": [one._asdict() for one in principal.sends],
    }
    if account.access is not None:
        plain["rabbitmq"] = account.access._asdict()
    if account.broker is not None:
        plain["redis"] = _rules(account.broker)
    if account.results is not None:
        plain["results"] = {"user": account.results_user, **_rules(account.results)}
    return plain


def _rules(rules: Rules) -> dict[str, list[str]]:
    return {name: list(listed) for name, listed in rules._asdict().items()}


def _commands(listed: Sequence[Account], host: str) -> Iterator[str]:
    for one in listed:
        if one.access is not None:
            yield shell_line(("rabbitmqctl", "set_permissions", "-p", host, one.user, *one.access))
    for name, chosen in (
        ("broker", [(one.user, one.broker) for one in listed]),
        ("results", [(one.results_user, one.results) for one in listed]),
    ):
        told = [(user, rules) for user, rules in chosen if rules is not None]
        if told:
            yield f"# On the Redis of the {name}, with redis-cli:"
        for user, rules in told:
            yield quoted(("ACL", "SETUSER", user, *rules.words()))


def _table(listed: Sequence[Account], color: str) -> str:
    """Return a block for each user: an expression is too long for a column."""
    bold = "\x1b[1m{}\x1b[0m" if use_color(sys.stdout, color) else "{}"
    blocks = []
    for one in listed:
        rows = [f"  {label:<{_LABEL}}  {visible(text) or '-'}" for label, text in _rows(one)]
        blocks.append("\n".join((bold.format(one.user), *rows)))
    return "\n\n".join(blocks)


def _rows(account: Account) -> Iterator[tuple[str, str]]:
    yield "consumes", ", ".join(account.principal.consumes)
    sends = dict.fromkeys(one.exchange or _ANONYMOUS for one in account.principal.sends)
    yield "sends to", ", ".join(sends)
    if account.access is not None:
        yield from account.access._asdict().items()
    for prefix, rules in (("", account.broker), ("results ", account.results)):
        if rules is not None:
            for name, words in rules._asdict().items():
                yield prefix + name, quoted(words)
