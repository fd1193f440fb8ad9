"""The queues that settings make: as Celery builds `app.amqp.queues`, traps included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.importers.draft import ERROR, INFO, WARNING
from qtopo.importers.translate.facts import ExchangeFacts, QueueFacts
from qtopo.importers.values import BindingSpec, ExchangeSpec, QueueSpec, known, settled, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qtopo.importers.draft import Draft
    from qtopo.importers.values import Setting

_OPTIONS = frozenset(
    {
        "alias",
        "auto_delete",
        "binding_arguments",
        "consumer_arguments",
        "durable",
        "exclusive",
        "expires",
        "max_length",
        "max_length_bytes",
        "max_priority",
        "message_ttl",
        "no_ack",
        "no_declare",
        "on_declared",
        "queue",
        "queue_arguments",
        "unique",
    }
)
_EXCHANGE_OPTIONS = frozenset(
    {"durable", "auto_delete", "arguments", "delivery_mode", "passive", "no_declare"}
)
_FROM_DICT = ("exchange_type", "exchange_durable", "exchange_auto_delete", "exchange_arguments")


class Declared:
    """Queues by name, in Celery's order; `get` makes those that are only named, as Celery does."""

    def __init__(self, settings: Mapping[str, Setting], draft: Draft) -> None:
        self.draft = draft
        self._settings = settings
        self.default = self._text("task_default_queue", "celery")
        self.home = ExchangeFacts(
            self._text("task_default_exchange", self.default),
            self._text("task_default_exchange_type", "direct"),
        )
        self.key = self._text("task_default_routing_key", self.default)
        self.creates = self._value("task_create_missing_queues", True) is not False
        self.most = self._value("task_queue_max_priority", None)
        self.queues: dict[str, QueueFacts] = {}
        self.aliases: dict[str, str] = {}
        self._build()

    def _value(self, name: str, default: Any) -> Any:
        setting = self._settings.get(name)
        value = None if setting is None else settled(setting.value)
        return default if value is None or not known(value) else value

    def _text(self, name: str, default: str) -> str:
        value = self._value(name, default)
        return value if isinstance(value, str) and value else default

    def get(self, name: str, what: str, where: str | None) -> QueueFacts | None:
        """Return a queue by its name or alias; one that is not declared is made and noted."""
        name = self.aliases.get(name, name)
        found = self.queues.get(name)
        if found is not None:
            return found
        if not self.creates:
            self.draft.note(
                ERROR,
                f"{what} names queue {name!r}, which is not declared and may not be created: "
                "Celery raises QueueNotFound",
                ("queues", name),
                where,
                "unknown-queue",
            )
            return None
        kind = self._text("task_create_missing_queue_exchange_type", "direct")
        queue = QueueFacts(name, ExchangeFacts(name, kind), name, where=where, created=True)
        if self._value("task_create_missing_queue_type", None) == "quorum":
            queue.options["queue_arguments"] = {"x-queue-type": "quorum"}
        self._prioritise(queue)
        self.queues[name] = queue
        trap, said = "auto-created-queue", f"queue {name!r} is only named, by {what}"
        if name == self.default:
            trap = "default-queue-undeclared"
            said = f"the default queue {name!r} is not in task_queues"
        self.draft.note(
            WARNING,
            f"{said}: Celery makes it on the first message, and a worker without -Q does not "
            "consume it",
            ("queues", name),
            where,
            trap,
        )
        return queue

    def _build(self) -> None:
        setting = self._settings.get("task_queues")
        given = None if setting is None else setting.value
        where = None if setting is None else setting.where
        if not known(given) and not isinstance(given, list | tuple | dict):
            message = f"task_queues is not known without running code: {shown(given)}"
            self.draft.note(WARNING, message, None, where)
            self.draft.leave("task_queues", shown(given, 2000))
            given = None
        given = settled(given) if not isinstance(given, list | tuple | dict) else given
        if not given:
            self._default_alone()
            return
        for item in self._items(given, where):
            self._add(item, where)
        kind = self._settings.get("task_default_queue_type")
        if kind is not None:
            self.draft.note(
                WARNING,
                "task_default_queue_type sets nothing: task_queues is given",
                None,
                kind.where,
                "default-queue-type-ignored",
            )
        # Celery makes it on the first message that needs it.
        self.get(self.default, "task_default_queue", where)

    def _default_alone(self) -> None:
        queue = QueueFacts(self.default, self.home, self.key)
        setting = self._settings.get("task_default_queue")
        queue.where = None if setting is None else setting.where
        if self._value("task_default_queue_type", None) == "quorum":
            queue.options["queue_arguments"] = {"x-queue-type": "quorum"}
        self._prioritise(queue)
        self.queues[self.default] = queue

    def _items(self, given: Any, where: str | None) -> Iterator[QueueSpec]:
        if isinstance(given, list | tuple):
            for item in given:
                if isinstance(item, QueueSpec):
                    yield item
                else:
                    self._refused(item, where)
            return
        for key, item in given.items():
            name = settled(key)
            if isinstance(item, QueueSpec):
                if item.name != name:
                    self.draft.note(
                        WARNING,
                        f"the key {name!r} of task_queues is dropped: the queue is called "
                        f"{shown(item.name)}",
                        None,
                        item.where or where,
                        "queue-key-dropped",
                    )
                yield item
            elif isinstance(item, dict) and isinstance(name, str):
                yield self._from_dict(name, item, where)
            elif item is None and isinstance(name, str):
                yield self._from_dict(name, {}, where)
            else:
                self._refused(item, where)

    def _refused(self, item: Any, where: str | None) -> None:
        message = f"an item of task_queues is no queue that can be read: {shown(item)}"
        self.draft.note(WARNING, message, None, where)
        self.draft.leave("task_queues", shown(item, 2000))

    def _from_dict(self, name: str, item: dict[Any, Any], where: str | None) -> QueueSpec:
        """Read `{"exchange": ..., "binding_key": ...}`; without a key it is the queue's name."""
        options = {str(key): value for key, value in item.items()}
        for old, new in (("queue_durable", "durable"), ("queue_auto_delete", "auto_delete")):
            if old in options:
                options[new] = options.pop(old)
        exchange = options.pop("exchange", None)
        about = {key: options.pop(key) for key in _FROM_DICT if key in options}
        mode = options.pop("delivery_mode", None)
        key = options.pop("binding_key", None) or options.pop("routing_key", None)
        options.pop("routing_key", None)
        if exchange is not None and not isinstance(exchange, ExchangeSpec):
            more = {
                "durable": about.get("exchange_durable", options.get("durable")),
                "auto_delete": about.get("exchange_auto_delete", options.get("auto_delete")),
                "arguments": about.get("exchange_arguments"),
                "delivery_mode": mode,
            }
            given = {one: value for one, value in more.items() if value is not None}
            exchange = ExchangeSpec(exchange, about.get("exchange_type"), given)
        return QueueSpec(name, exchange, key or name, None, options=options, where=where)

    def _add(self, spec: QueueSpec, where: str | None) -> None:
        where = spec.where or where
        name = settled(spec.name)
        if not isinstance(name, str) or not name:
            self._refused(spec.name, where)
            return
        path = ("queues", name)
        if name in self.queues:
            # A further declaration takes the place of the first, binding and all.
            self.draft.note(
                WARNING,
                f"queue {name!r} is declared twice: the last counts, the binding of the first is "
                "lost",
                path,
                where,
                "duplicate-queue",
            )
        exchange = self._exchange(spec.exchange, where)
        key = settled(spec.routing_key)
        bindings = self._bindings(spec, where)
        bare = exchange is None or not exchange.name
        if exchange is None or not exchange.name:
            exchange = ExchangeFacts(name, "fanout") if spec.broadcast else self.home
        keyless = not isinstance(key, str) or not key
        if not isinstance(key, str) or not key:
            key = self.key
        queue = QueueFacts(name, exchange, key, bindings, spec.broadcast, where=where)
        self._options(queue, spec)
        if bare and keyless and not spec.broadcast and not bindings and name != self.default:
            self.draft.note(
                WARNING,
                f"queue {name!r} names no exchange and no key: it is bound to the default "
                f"exchange {exchange.name!r} with the default key {key!r}, like every such queue",
                path,
                where,
                "shared-default-binding",
            )
        self._prioritise(queue)
        self.queues[name] = queue

    def _options(self, queue: QueueFacts, spec: QueueSpec) -> None:
        for option, value in spec.options.items():
            if option not in _OPTIONS:
                self.draft.note(
                    INFO,
                    f"queue {queue.name!r}: kombu drops the option {option!r}, which sets nothing",
                    ("queues", queue.name),
                    queue.where,
                    "queue-option-ignored",
                )
            elif known(value):
                plain = settled(value)
                queue.options[option] = dict(plain) if isinstance(plain, dict) else plain
            else:
                self.draft.note(
                    WARNING,
                    f"queue {queue.name!r}: {option} is not known without running code: "
                    f"{shown(value)}",
                    ("queues", queue.name),
                    queue.where,
                )
                self.draft.leave(f"queues.{queue.name}", f"{option} = {shown(value)}")
        alias = queue.options.pop("alias", None)
        if isinstance(alias, str) and alias != queue.name:
            self.aliases[alias] = queue.name
            self.draft.note(
                WARNING,
                f"queue {queue.name!r} has the alias {alias!r}, which the file has no key for: "
                "routes and commands that used it name the queue",
                ("queues", queue.name),
                queue.where,
                "queue-alias",
            )

    def _exchange(self, value: Any, where: str | None) -> ExchangeFacts | None:
        if isinstance(value, ExchangeSpec):
            name = settled(value.name)
            kind = settled(value.type)
            options = {key: settled(one) for key, one in value.options.items() if known(one)}
            if not isinstance(name, str):
                self.draft.note(
                    WARNING, f"an exchange is not known: {shown(value.name)}", None, where
                )
                return None
            arguments = options.get("arguments")
            return ExchangeFacts(
                name,
                kind if isinstance(kind, str) and kind else "direct",
                options.get("durable") is not False,
                options.get("auto_delete") is True,
                dict(arguments) if isinstance(arguments, dict) else {},
                options.get("delivery_mode"),
            )
        value = settled(value)
        return ExchangeFacts(value) if isinstance(value, str) else None

    def _bindings(
        self, spec: QueueSpec, where: str | None
    ) -> list[tuple[ExchangeFacts, str, dict[str, Any]]]:
        found: list[tuple[ExchangeFacts, str, dict[str, Any]]] = []
        items = spec.bindings if isinstance(spec.bindings, list | tuple) else ()
        for item in items:
            if not isinstance(item, BindingSpec):
                self._refused(item, where)
                continue
            exchange = self._exchange(item.exchange, where)
            key = settled(item.routing_key)
            arguments = settled(item.arguments)
            if exchange is not None:
                found.append(
                    (
                        exchange,
                        key if isinstance(key, str) else "",
                        arguments if isinstance(arguments, dict) else {},
                    )
                )
        return found

    def _prioritise(self, queue: QueueFacts) -> None:
        arguments = queue.options.get("queue_arguments") or {}
        if self.most is None or queue.options.get("max_priority") is not None:
            return
        if "x-max-priority" not in arguments:
            queue.options["max_priority"] = self.most
