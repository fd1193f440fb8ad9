"""Queues that dead letters end in: a person may read them, which only a person knows."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from qtopo.importers.declarations.keep import names
from qtopo.importers.draft import INFO

if TYPE_CHECKING:
    from qtopo.importers.declarations.objects import BindingFound, Objects, QueueFound
    from qtopo.importers.draft import Draft


def tell_letters(
    objects: Objects, queues: dict[str, QueueFound], bindings: list[BindingFound], draft: Draft
) -> None:
    """Note the queues that dead letters come to and that nobody is known to consume."""
    bound = defaultdict(set)
    for one in bindings:
        if not one.to_exchange:
            bound[one.source].add(one.destination)
    found: set[str] = set()
    for queue in queues.values():
        exchange = queue.arguments.get("x-dead-letter-exchange")
        key = queue.arguments.get("x-dead-letter-routing-key")
        if exchange == "":
            found |= {key} & queues.keys() if isinstance(key, str) else set()
        elif isinstance(exchange, str):
            found |= bound[exchange]
    parked = [name for name in found if not queues[name].consumers]
    if parked:
        known = all(queues[name].consumers == 0 for name in parked)
        said = "nobody consumes them now" if known else "who consumes them is not known here"
        draft.note(
            INFO,
            f"dead letters come to queues {names(parked)}, and {said}: where they wait for a "
            "person, say parking = true",
            None,
            objects.where,
            "dead-letter-queue",
        )
