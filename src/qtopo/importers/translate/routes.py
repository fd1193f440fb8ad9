"""Routes, decorators and default priorities as `[[routes]]` and `[tasks]`.

Each route is written in the shortest way whose meaning (`topology.publishing`) is
what Celery does with it; where there is none, a note names the trap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.importers.draft import ERROR, INFO, WARNING
from qtopo.importers.translate.facts import FATAL, HARMLESS, ROUTING
from qtopo.importers.translate.routers import Routing, Rule, shown_key
from qtopo.importers.translate.sending import Sent, send
from qtopo.importers.values import RegexSpec, known, settled, shown
from qtopo.routing.delivery import deliver
from qtopo.topology.priority import HIGHEST, STEPS, on_wire
from qtopo.topology.publishing import publishing
from qtopo.topology.routes import Route
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.importers.draft import Draft, Path
    from qtopo.importers.translate.declared import Declared
    from qtopo.importers.translate.facts import TaskFacts

_STAR = "*"


class Routes:
    """Turns the routes of an application into tables; `declare` first, then `write`."""

    def __init__(
        self,
        found: Routing,
        tasks: Sequence[TaskFacts],
        declared: Declared,
        default_priority: int | None,
        draft: Draft,
    ) -> None:
        self.found = found
        self.tasks = tasks
        self.declared = declared
        self.default_priority = default_priority
        self.draft = draft
        self.rules = self._rules()
        self.topology = Topology()
        self.prioritised = False
        self.folded: list[str] = []

    def _rules(self) -> list[Rule]:
        """Return all routes to write: exact ones, what tasks say themselves, then patterns."""
        exact = dict(self.found.exact)
        for task in self.tasks:
            own = {key: value for key, value in task.options.items() if value is not None}
            if not own:
                continue
            base = self.found.find(task.name)
            given = {} if base is None else dict(base.options)
            self._hidden(task, own, base)
            exact[task.name] = Rule(task.name, {**given, **own}, task.where, "task-options")
        rules = [self._masked(rule) for rule in (*exact.values(), *self.found.patterns)]
        if not any(rule.key == _STAR for rule in self.found.patterns):
            rules.append(self._masked(Rule(_STAR, {}, None, "catch-all")))
        return rules

    def _hidden(self, task: TaskFacts, own: dict[str, Any], base: Rule | None) -> None:
        if base is None:
            return
        differing = [key for key in own if base.options.get(key) not in (None, own[key])]
        if differing:
            self.draft.note(
                WARNING,
                f"task {task.name!r} says {differing[0]} = {shown(own[differing[0]])} itself, "
                f"which beats its route {shown_key(base.key)} "
                f"({shown(base.options.get(differing[0]))})",
                ("tasks", task.name),
                task.where,
                "decorator-overrides-route",
            )

    def _masked(self, rule: Rule) -> Rule:
        """Put the default priority over a route's own: for registered tasks it wins."""
        if self.default_priority is None:
            return rule
        mine = settled(rule.options.get("priority"))
        if rule.trap == "task-options" and any(
            one.name == rule.key and one.options.get("priority") is not None for one in self.tasks
        ):
            return rule
        if mine is not None and mine != self.default_priority:
            self.draft.note(
                WARNING,
                f"the route of {shown_key(rule.key)} gives priority {mine}, and "
                f"task_default_priority {self.default_priority} hides it for every registered "
                "task",
                None,
                rule.where,
                "default-priority-masks-route",
            )
        return rule._replace(options={**rule.options, "priority": self.default_priority})

    def declare(self) -> None:
        """Make the queues that routes name, as Celery would; before queues are written."""
        if self.default_priority is not None:
            self.draft.note(
                INFO,
                f"task_default_priority {self.default_priority} is written into every route: "
                "names that the sender has not registered went without one",
                None,
                None,
                "default-priority",
            )
        for rule in self.rules:
            sent = self._send(rule)
            self.prioritised |= sent.priority is not None

    def write(self) -> None:
        """Put routes and tasks into the draft; its queues and broker are there."""
        data = {key: self.draft.data.get(key, {}) for key in ("broker", "exchanges", "queues")}
        if self.declared.default != "celery":
            data["defaults"] = {"queue": self.declared.default}
        if self.prioritised:
            # On Redis the first priority gives one to every message.
            data["routes"] = [{"task": "qtopo", "priority": 0}]
        self.topology, _ = Topology.from_data({k: v for k, v in data.items() if v})
        tables: dict[Any, dict[str, Any]] = {}
        for rule in self.rules:
            table = self._table(rule)
            if table is not None:
                tables[rule.key] = table
        for rule in self.rules:
            if rule.key in tables:
                self._write(rule, tables)
        queues = self.draft.data.pop("tasks", {})
        for name in _interleaved([task.name for task in self.tasks], self.folded):
            facts = next((dict(one.facts) for one in self.tasks if one.name == name), {})
            where = next((one.where for one in self.tasks if one.name == name), None)
            self.draft.put(("tasks", name), {**queues.pop(name, {}), **facts}, where)
        self._steps()

    def _steps(self) -> None:
        """Keep the lists that Redis has now: qtopo would give each priority one of its own."""
        kind = self.topology.broker.kind
        options = self.draft.table("broker").get("options", {})
        if kind.priorities == "inverted" and self.prioritised and "priority_steps" not in options:
            self.draft.put(("broker", "options", "priority_steps"), [0, 3, 6, 9])
            self.draft.note(
                INFO,
                "priority_steps are kombu's own, so that messages stay in the lists they are in",
                ("broker", "options", "priority_steps"),
            )

    def _write(self, rule: Rule, tables: dict[Any, dict[str, Any]]) -> None:
        table = tables[rule.key]
        if rule.trap == "catch-all":
            if self._needs_catch_all(table):
                self.draft.append("routes", {"task": _STAR, **table})
            return
        if rule.exact and rule.trap is None and self._folds(rule, tables):
            # What the pattern says anyway; the name stays known.
            self.folded.append(str(rule.key))
            return
        if rule.trap == "task-options" and set(table) == {"queue"}:
            self.draft.put(("tasks", str(rule.key), "queue"), table["queue"])
            return
        task: Any = {"regex": _python(rule.key)} if isinstance(rule.key, RegexSpec) else rule.key
        routes = self.draft.data.setdefault("routes", [])
        last = routes[-1] if routes else {}
        said = {key: value for key, value in last.items() if key != "task"}
        names = last.get("task")
        if isinstance(task, str) and said == table and isinstance(names, str | list):
            last["task"] = [*(names if isinstance(names, list) else [names]), task]
            return
        self.draft.append("routes", {"task": task, **table}, rule.where)

    def _folds(self, rule: Rule, tables: dict[Any, dict[str, Any]]) -> bool:
        pattern = self.found.pattern(str(rule.key))
        return pattern is not None and tables.get(pattern.key) == tables[rule.key]

    def _needs_catch_all(self, table: dict[str, Any]) -> bool:
        plain = publishing(self.topology, None)
        route = _route(table)
        said = publishing(self.topology, route)
        if self.prioritised and self.topology.broker.kind.priorities == "inverted":
            return True
        return (plain.wire_exchange, plain.wire_key, plain.wire_priority or 0) != (
            said.wire_exchange,
            said.wire_key,
            said.wire_priority or 0,
        ) or said.delivery_mode is not None

    def _send(self, rule: Rule) -> Sent:
        return send(rule.options, self.declared, f"the route of {shown_key(rule.key)}", rule.where)

    def _table(self, rule: Rule) -> dict[str, Any] | None:
        """Return what a route says besides its task, or None where it cannot be said."""
        self._other_options(rule)
        sent = self._send(rule)
        table = self._destination(rule, sent)
        if table is None:
            return None
        if sent.headers:
            table["headers"] = sent.headers
        said = sent.delivery_mode == "transient" or "delivery_mode" in rule.options
        if said and sent.delivery_mode is not None:
            table["delivery_mode"] = sent.delivery_mode
        priority = self._priority(rule, sent, table)
        if priority is not None:
            table["priority"] = priority
        return table

    def _destination(self, rule: Rule, sent: Sent) -> dict[str, Any] | None:
        """Return the queue, exchange and key to write."""
        name = sent.queue if sent.queue in self.topology.queues else None
        if sent.queue is not None and name is None:
            # Celery refuses it: written as it is, so that `check` says so.
            return {"queue": sent.queue}
        if name is not None:
            for table in _candidates(name, sent):
                if self._same(table, sent):
                    return table
        targets = self._targets(sent)
        for target in targets:
            for table in _candidates(target, sent):
                if self._same(table, sent) or deliver(
                    self.topology, *self._wire(table), sent.headers
                ) == tuple(targets):
                    self._overridden(rule, sent, targets)
                    return table
        return self._lost(rule, sent, targets)

    def _same(self, table: dict[str, Any], sent: Sent) -> bool:
        exchange, key = self._wire(table)
        if exchange != (sent.exchange or ""):
            return False
        fanout = self.topology.wiring.exchange_type(exchange) == "fanout" if exchange else False
        return fanout or key == sent.key

    def _wire(self, table: dict[str, Any]) -> tuple[str, str]:
        said = publishing(self.topology, _route(table))
        return said.wire_exchange or "", said.wire_key or ""

    def _targets(self, sent: Sent) -> list[str]:
        if sent.exchange is None or sent.key is None:
            return []
        return list(deliver(self.topology, sent.exchange, sent.key, sent.headers))

    def _overridden(self, rule: Rule, sent: Sent, targets: list[str]) -> None:
        if sent.queue is None or targets == [sent.queue]:
            return
        self.draft.note(
            WARNING,
            f"the route of {shown_key(rule.key)} names queue {sent.queue!r}, and its exchange and "
            f"key ({sent.exchange!r}, {sent.key!r}) take the message to {', '.join(targets)}",
            ("routes",),
            rule.where,
            "route-overridden",
        )

    def _lost(self, rule: Rule, sent: Sent, targets: list[str]) -> dict[str, Any] | None:
        if targets:
            trap = "multi-delivery"
            message = (
                f"reaches {', '.join(targets)} through exchange {sent.exchange!r} with key "
                f"{sent.key!r}, which the file cannot say: it is written for the first alone"
            )
        elif sent.key is None:
            trap = "route-exchange-without-key"
            message = "names an exchange without a key: Celery publishes it to nowhere"
        else:
            trap = "route-key-unbound"
            message = (
                f"is published to exchange {sent.exchange!r} with key {sent.key!r}, which no "
                "declared queue is bound to: it is lost"
            )
        self.draft.note(
            ERROR, f"the route of {shown_key(rule.key)} {message}", None, rule.where, trap
        )
        self.draft.leave("routes", f"{shown_key(rule.key)}: {shown(rule.options)}")
        return {"queue": targets[0]} if targets else None

    def _priority(self, rule: Rule, sent: Sent, table: dict[str, Any]) -> int | None:
        """Return the priority of the file that makes the message carry what it carries now."""
        queue = self.topology.queues.get(table.get("queue") or self.topology.default_queue)
        kind = self.topology.broker.kind.priorities
        if kind == "inverted":
            if not self.prioritised:
                return None
            # Redis takes a message without a priority for one of step 0, the most urgent.
            return HIGHEST - min(max(sent.priority or 0, 0), HIGHEST)
        wanted = sent.priority or 0
        levels = [on_wire(self.topology, queue, one) for one in STEPS]
        if levels[0] is None:
            if sent.priority is not None:
                self.draft.note(
                    INFO,
                    f"the route of {shown_key(rule.key)} gives priority {sent.priority}, which its "
                    "queue does not look at: it is left out",
                    None,
                    rule.where,
                    "priority-without-levels",
                )
            return None
        exact = [one for one in STEPS if levels[one] == wanted]
        if exact:
            # Of several that mean the same the middle one.
            return exact[len(exact) // 2] if wanted else exact[0]
        nearest = min(STEPS, key=lambda one: abs((levels[one] or 0) - wanted))
        self.draft.note(
            WARNING,
            f"the route of {shown_key(rule.key)} gives priority {wanted}; the file's scale ends "
            f"at {HIGHEST}, so {nearest} is written",
            None,
            rule.where,
            "priority-beyond-scale",
        )
        return nearest

    def _other_options(self, rule: Rule) -> None:
        for key, value in rule.options.items():
            path: Path | None = None
            if key in ROUTING or value is None:
                if not known(value):
                    self.draft.note(
                        WARNING,
                        f"the route of {shown_key(rule.key)}: {key} is not known without running "
                        f"code: {shown(value)}",
                        path,
                        rule.where,
                        "route-unknown",
                    )
                    self.draft.leave("routes", f"{shown_key(rule.key)}: {key} = {shown(value)}")
                continue
            if key in FATAL:
                severity, trap = ERROR, "route-fatal-key"
                what = "makes Celery raise TypeError at every message"
            elif key in HARMLESS:
                severity, trap = WARNING, "route-option-not-carried"
                what = "has no key in the file"
            else:
                severity, trap = WARNING, "route-key-ignored"
                what = "sets nothing: it becomes a property of the message that nobody reads"
            self.draft.note(
                severity,
                f"the route of {shown_key(rule.key)}: {key} {what}",
                path,
                rule.where,
                trap,
            )
            self.draft.leave("routes", f"{shown_key(rule.key)}: {key} = {shown(value)}")


def _candidates(queue: str, sent: Sent) -> list[dict[str, Any]]:
    """Return ways to write a destination, the shortest first."""
    said, key = sent.said_key, sent.key
    tables: list[dict[str, Any]] = []
    if said is not None and sent.exchange == "" and said != queue:
        # A direct exchange does not look at it; it stays what the route resolves to.
        tables.append({"queue": queue, "routing_key": said})
    tables.append({"queue": queue})
    if key:
        tables.append({"queue": queue, "routing_key": key})
        if sent.exchange:
            tables.append({"queue": queue, "exchange": sent.exchange, "routing_key": key})
    return tables


def _interleaved(names: list[str], others: list[str]) -> list[str]:
    """Return both lists as one, each in its own order as far as they agree."""
    found: dict[str, None] = {}
    rest = list(others)
    for name in names:
        if name in rest:
            at = rest.index(name)
            found.update(dict.fromkeys(rest[: at + 1]))
            del rest[: at + 1]
        found[name] = None
    found.update(dict.fromkeys(rest))
    return list(found)


def _route(table: dict[str, Any]) -> Route:
    return Route(task=_STAR, **{k: v for k, v in table.items() if k != "task"})


def _python(regex: RegexSpec) -> str:
    """Return the pattern with its flags inside, since the file has no place for them."""
    import re

    letters = {re.I: "i", re.S: "s", re.M: "m", re.X: "x", re.A: "a"}
    flags = "".join(letter for flag, letter in letters.items() if regex.flags & flag)
    return f"(?{flags}){regex.pattern}" if flags else regex.pattern
