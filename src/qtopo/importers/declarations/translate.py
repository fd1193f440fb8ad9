"""What a broker holds as a draft: Celery's own left out, everything else kept or said."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from qtopo.importers.declarations.internal import (
    DELAYED,
    Kind,
    delay_bindings,
    internal_exchange,
    internal_queue,
    is_broadcast,
)
from qtopo.importers.declarations.keep import count, inline, names
from qtopo.importers.declarations.letters import tell_letters
from qtopo.importers.declarations.objects import PREDECLARED, BindingFound, ExchangeFound
from qtopo.importers.declarations.policy_notes import tell_policies
from qtopo.importers.declarations.tables import (
    binding_problem,
    exchange_binding,
    exchange_problem,
    exchange_table,
    is_plain,
    queue_options,
    unwritable,
    wiring,
)
from qtopo.importers.draft import INFO, WARNING
from qtopo.topology.kinds import name_problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtopo.importers.declarations.objects import Objects, QueueFound
    from qtopo.importers.draft import Draft


def translate(objects: Objects, draft: Draft) -> None:
    """Put exchanges, queues and their bindings into the draft; the rest is noted and kept."""
    _Translation(objects, draft).run()


class _Translation:
    """Sorts one vhost's objects: into the file, into notes, into comments at the end."""

    def __init__(self, objects: Objects, draft: Draft) -> None:
        self.objects = objects
        self.draft = draft
        self.exchanges: dict[str, ExchangeFound] = {}
        self.queues: dict[str, QueueFound] = {}
        self.broadcasts: dict[str, list[QueueFound]] = defaultdict(list)
        self.bindings: list[BindingFound] = []
        self.left: dict[Kind, set[str]] = defaultdict(set)
        self.refused: list[str] = []

    def run(self) -> None:
        """Translate; the order of the notes is that of what is written."""
        self._sort_exchanges()
        self._sort_queues()
        self._sort_bindings()
        self._write_broadcasts()
        self._write_queues()
        self._write_exchanges()
        self._tell()
        tell_letters(self.objects, self.queues, self.bindings, self.draft)
        tell_policies(self.objects, self.queues, self.exchanges, self.draft)

    def _refuse(self, title: str, table: dict[str, Any], reason: str) -> None:
        """Keep something out of the file: a line for the report, a comment for the file."""
        self.refused.append(f"{title}: {reason}")
        self.draft.leave(title, inline(table))

    def _sort_exchanges(self) -> None:
        predeclared = {name: ExchangeFound(name, kind) for name, kind in PREDECLARED.items()}
        for name, exchange in sorted((predeclared | self.objects.exchanges).items()):
            kind = internal_exchange(exchange)
            if kind is not None:
                if not name.startswith("amq.") and name:
                    self.left[kind].add(name)
                continue
            problem = exchange_problem(exchange)
            if problem is None:
                self.exchanges[name] = exchange
                self._without(f"exchanges.{name}", exchange.arguments)
            else:
                self._refuse(f"exchanges.{name}", exchange._asdict(), problem)

    def _sort_queues(self) -> None:
        homes = defaultdict(list)
        for binding in self.objects.bindings:
            if not binding.to_exchange and binding.source in self.exchanges:
                homes[binding.destination].append(self.exchanges[binding.source])
        for name, queue in sorted(self.objects.queues.items()):
            kind = internal_queue(queue)
            if is_broadcast(queue, homes[name]):
                self.broadcasts[homes[name][0].name].append(queue)
            elif kind is not None:
                self.left[kind].add(name)
            elif name_problem(name) is not None:
                reason = f"its name {name_problem(name)}"
                self._refuse(f"queues.{name}", queue._asdict(), reason)
            else:
                self.queues[name] = queue

    def _sort_bindings(self) -> None:
        delays = delay_bindings(self.objects)
        away = {name for found in self.left.values() for name in found}
        away |= {one.name for found in self.broadcasts.values() for one in found}
        delayed = 0
        seen: set[str] = set()
        for index, binding in enumerate(self.objects.bindings):
            spelt = repr(binding)
            if index in delays:
                delayed += binding.destination in self.queues
            elif binding.source in away or binding.destination in away or spelt in seen:
                # Said with what it belongs to.
                pass
            else:
                problem = self._binding_problem(binding)
                if problem is None:
                    self.bindings.append(binding)
                else:
                    self._refuse("bindings", binding.table(), problem)
            seen.add(spelt)
        self.bindings.sort(key=lambda one: (one.source, one.key, repr(one.arguments)))
        if delayed:
            self.draft.note(
                INFO,
                f"{count(delayed, 'binding')} left out that Celery adds for {DELAYED.text}",
                None,
                self.objects.where,
                "celery-internal",
            )

    def _binding_problem(self, binding: BindingFound) -> str | None:
        targets: Any = self.exchanges if binding.to_exchange else self.queues
        if binding.source not in self.exchanges:
            return f"exchange {binding.source!r} is not in the file"
        if binding.destination not in targets:
            kind = "exchange" if binding.to_exchange else "queue"
            return f"{kind} {binding.destination!r} is not in the file"
        missing = unwritable(binding.arguments)
        if missing:
            return f"TOML has no value for its argument {names(missing)}"
        return binding_problem(binding)

    def _write_broadcasts(self) -> None:
        for name, found in sorted(self.broadcasts.items()):
            path = ("queues", name)
            if name in self.queues:
                self._refuse(
                    f"queues.{name}",
                    {"broadcast": True},
                    "a queue has the same name as this broadcast exchange",
                )
                continue
            keys = {
                one.key
                for one in self.objects.bindings
                if one.source == name and any(one.destination == queue.name for queue in found)
            }
            table: dict[str, Any] = {"broadcast": True}
            # Celery puts its default key where a broadcast queue has none.
            if keys and keys != {"celery"}:
                table["routing_key"] = min(keys)
            options = queue_options(found[0])
            options.pop("auto_delete", None)
            self.draft.put(path, table | options, self.objects.where)
            self.draft.note(
                INFO,
                f"{count(len(found), 'queue')} with made-up names on fanout exchange {name!r} "
                f"became one broadcast queue: {names(one.name for one in found)}",
                path,
                self.objects.where,
                "broadcast-queue",
            )

    def _write_queues(self) -> None:
        bound = defaultdict(list)
        for binding in self.bindings:
            if not binding.to_exchange:
                bound[binding.destination].append(binding)
        unbound = []
        for name, queue in self.queues.items():
            table = wiring(name, bound[name], self.exchanges) | queue_options(queue)
            self._without(f"queues.{name}", queue.arguments)
            self.draft.put(("queues", name), table, self.objects.where)
            if not bound[name]:
                unbound.append(name)
        self._say(
            INFO,
            unbound,
            "queues with no binding but the default exchange's get one in the file, which Celery "
            "needs: to an exchange of their own, or to amq.direct where one of that name is there",
            "unbound-queue",
        )
        self._say(
            INFO,
            (name for name, queue in self.queues.items() if queue.auto_delete),
            "queues that go with their last consumer may belong to one process alone; they are "
            "in the file as they are",
            "auto-delete-queue",
        )
        self._say(
            INFO,
            (
                name
                for name, queue in self.queues.items()
                if queue.type in ("quorum", "stream") and "x-queue-type" not in queue.arguments
            ),
            "queues whose type nobody declared have it from the vhost's default, and say it in "
            "the file",
            "default-queue-type",
        )

    def _write_exchanges(self) -> None:
        tables = self.draft.table("queues")
        used = {one.source for one in self.bindings}
        used |= {one.destination for one in self.bindings if one.to_exchange}
        used |= {table["exchange"] for table in tables.values() if "exchange" in table}
        used |= set(self._named_elsewhere())
        own = {
            name
            for name, table in tables.items()
            if not table.keys() & {"exchange", "bindings", "broadcast"}
        }
        feeds = defaultdict(list)
        for binding in self.bindings:
            if binding.to_exchange:
                feeds[binding.destination].append(exchange_binding(binding))
        for name, exchange in self.exchanges.items():
            if name in PREDECLARED and name not in used:
                continue
            table = exchange_table(exchange)
            if feeds[name]:
                table["bindings"] = feeds[name]
            if name in own and is_plain(exchange) and not feeds[name]:
                continue
            broadcast = tables.get(name, {}).get("broadcast") is True
            if broadcast and table == {"type": "fanout"}:
                continue
            self.draft.put(("exchanges", name), table, self.objects.where)

    def _named_elsewhere(self) -> Iterable[str]:
        """Yield the exchanges that take dead letters, and what others do not route."""
        for queue in self.queues.values():
            exchange = queue.arguments.get("x-dead-letter-exchange")
            if isinstance(exchange, str):
                yield exchange
        for one in self.exchanges.values():
            alternate = one.arguments.get("alternate-exchange")
            if isinstance(alternate, str):
                yield alternate

    def _without(self, title: str, arguments: dict[str, Any]) -> None:
        """Say which arguments TOML cannot hold."""
        missing = unwritable(arguments)
        if missing:
            self._refuse(title, missing, f"TOML has no value for its argument {names(missing)}")

    def _say(self, severity: str, found: Iterable[str], what: str, trap: str) -> None:
        every = list(found)
        if every:
            self.draft.note(severity, f"{what}: {names(every)}", None, self.objects.where, trap)

    def _tell(self) -> None:
        for kind, found in sorted(self.left.items()):
            self._say(INFO, found, f"left out, {kind.text}", "celery-internal")
        if self.refused:
            shown = "; ".join(
                one if len(one) <= 200 else f"{one[:197]}..." for one in self.refused[:10]
            )
            rest = len(self.refused) - 10
            self.draft.note(
                WARNING,
                "kept as comments, the file has no place for them: "
                + shown
                + (f"; and {rest} more" if rest > 0 else ""),
                None,
                self.objects.where,
                "kept-out",
            )
