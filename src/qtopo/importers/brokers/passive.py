"""What AMQP alone says of RabbitMQ: whether a queue or an exchange of a known name exists.

Nothing is declared: a passive declaration only asks. Arguments, types and bindings
cannot be seen this way, nor names that nobody told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.errors import UnreadableFileError
from qtopo.importers.declarations.keep import names
from qtopo.importers.draft import INFO, WARNING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.importers.brokers.addresses import Address
    from qtopo.importers.draft import Draft

HINT = "passive"
_SECONDS = 10
_WAY_OUT = (
    "enable it (rabbitmq-plugins enable rabbitmq_management), name it (http://HOST:15672), or "
    "import an export: rabbitmqctl export_definitions FILE"
)


class Unseen(NamedTuple):
    """A broker whose management does not answer: what is asked once all names are known."""

    where: Address
    vhost: str | None
    reason: str
    help: str | None


def ask(draft: Draft) -> None:
    """Ask the broker of a merged draft which of its queues and exchanges exist.

    Does nothing where no broker is left to ask. Raises UnreadableFileError where
    there is nothing to ask about, or where the broker does not answer.
    """
    unseen = draft.hints.pop(HINT, None)
    if not isinstance(unseen, Unseen):
        return
    queues = [name for name, one in draft.table("queues").items() if not _broadcast(one)]
    exchanges = list(_exchanges(draft))
    if not queues and not exchanges:
        raise UnreadableFileError(
            f"{unseen.reason}; over AMQP nothing can be listed", unseen.help or _WAY_OUT
        )
    missing = _missing(unseen, queues, exchanges)
    shown = unseen.where.shown
    draft.note(
        WARNING,
        f"{unseen.reason}: over AMQP it can be asked alone whether {len(queues)} queues and "
        f"{len(exchanges)} exchanges of the other sources exist; their arguments, bindings and "
        "policies, and whatever else is declared, were not seen",
        None,
        shown,
        "broker-not-seen",
    )
    for kind, found, every in (
        ("queues", missing["queue"], queues),
        ("exchanges", missing["exchange"], exchanges),
    ):
        if found:
            message = f"{kind} that the broker does not have: {names(found)}"
            draft.note(WARNING, message, None, shown, "missing-on-broker")
        elif every:
            draft.note(INFO, f"the broker has all {len(every)} {kind}", None, shown)


def _broadcast(queue: Any) -> bool:
    return isinstance(queue, dict) and queue.get("broadcast") is True


def _exchanges(draft: Draft) -> Iterator[str]:
    own = {
        name
        for name, table in draft.table("queues").items()
        if _broadcast(table) or not table.keys() & {"exchange", "bindings"}
    }
    yield from dict.fromkeys((*draft.table("exchanges"), *sorted(own)))


def _missing(unseen: Unseen, queues: list[str], exchanges: list[str]) -> dict[str, list[str]]:
    import amqp

    connection = _connected(unseen)
    found: dict[str, list[str]] = {"queue": [], "exchange": []}
    try:
        channel = connection.channel()
        for kind, every in (("queue", queues), ("exchange", exchanges)):
            for name in every:
                try:
                    if kind == "queue":
                        channel.queue_declare(name, passive=True)
                    else:
                        channel.exchange_declare(name, "direct", passive=True)
                except amqp.NotFound:
                    # The answer closes the channel.
                    found[kind].append(name)
                    channel = connection.channel()
                except amqp.AMQPError as error:
                    # It is there, and somebody else's, or not to be seen by this user.
                    if getattr(error, "reply_code", None) not in (403, 405, 406):
                        raise
                    channel = connection.channel()
    except (amqp.AMQPError, OSError) as error:
        raise UnreadableFileError(
            f"{unseen.where.shown} stopped answering: {type(error).__name__}"
        ) from None
    finally:
        connection.close()
    return found


def _connected(unseen: Unseen) -> Any:
    import amqp

    where = unseen.where
    host = f"[{where.host}]" if ":" in where.host else where.host
    vhost = unseen.vhost if unseen.vhost is not None else where.path
    connection = amqp.Connection(
        f"{host}:{where.port or (5671 if where.tls else 5672)}",
        userid=where.user or "guest",
        password=where.password or "guest",
        virtual_host=vhost or "/",
        ssl=where.tls,
        connect_timeout=_SECONDS,
        read_timeout=_SECONDS,
        write_timeout=_SECONDS,
    )
    try:
        connection.connect()
    except (amqp.AMQPError, OSError) as error:
        said = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise UnreadableFileError(
            f"{unseen.reason}, and {where.shown} neither: {said or type(error).__name__}",
            unseen.help or _WAY_OUT,
        ) from None
    return connection
