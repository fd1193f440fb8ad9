"""A live broker: what is declared there now. Nothing of it is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.importers.brokers.addresses import address, write_url
from qtopo.importers.brokers.management import RefusedError, read_vhost
from qtopo.importers.brokers.passive import HINT, Unseen
from qtopo.importers.declarations.keep import count, inline, names
from qtopo.importers.declarations.records import objects_of
from qtopo.importers.declarations.translate import translate
from qtopo.importers.definitions import write_version
from qtopo.importers.draft import INFO, WARNING, Draft

if TYPE_CHECKING:
    from qtopo.importers.brokers.addresses import Address
    from qtopo.importers.brokers.management import Seen
    from qtopo.importers.sources import Options


def read(named: tuple[str, ...], options: Options) -> Draft:
    """Return the draft of a broker by its URL, or by `env:NAME` of the variable that holds it.

    RabbitMQ is asked through its management API. Where that does not answer, the
    draft is empty, and carries the hint to ask over AMQP about the names that other
    sources know (`brokers.passive`).
    """
    (url,) = named
    where = address(url)
    draft = Draft(f"broker {where.shown}")
    if where.kind == "redis":
        from qtopo.importers.brokers.redis_tables import read_tables

        scheme = where.url.partition("://")[0].lower()
        draft.put(("broker", "transport"), "rediss" if scheme == "rediss" else "redis", where.shown)
        write_url(where, draft)
        translate(read_tables(where, options.key_prefix, draft), draft)
        return draft
    draft.put(("broker", "transport"), "rabbitmq", where.shown)
    write_url(where, draft)
    try:
        seen = read_vhost(where, options.vhost)
    except RefusedError as error:
        if where.kind == "http":
            raise
        draft.hints[HINT] = Unseen(where, options.vhost, str(error), error.help)
        return draft
    _write(seen, where, draft)
    return draft


def _write(seen: Seen, where: Address, draft: Draft) -> None:
    write_version(seen.version, draft)
    shown = where.shown
    draft.note(INFO, f"vhost {seen.vhost!r} is read", None, shown, "one-vhost")
    if seen.unseen:
        draft.note(
            WARNING,
            f"this user may not see {names(seen.unseen)}: what they add to queues is not said",
            None,
            shown,
            "broker-not-seen",
        )
    translate(objects_of(seen.tables, shown, draft, live=True), draft)
    parameters = [
        one
        for one in seen.tables.get("parameters", ())
        if one.get("component") != "operator_policy"
    ]
    if parameters:
        draft.leave("parameters", *map(inline, parameters))
        kinds = names({str(one.get("component"))[:100] for one in parameters})
        message = f"{count(len(parameters), 'parameter')} ({kinds}) kept as comments"
        draft.note(WARNING, message, None, shown, "parameters-stay-on-broker")
