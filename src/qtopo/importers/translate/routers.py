"""`task_routes` in all its forms, as one list of routes in the order Celery asks them."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.importers.draft import ERROR, INFO, WARNING
from qtopo.importers.values import Code, QueueSpec, RegexSpec, Unknown, settled, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtopo.importers.draft import Draft
    from qtopo.importers.translate.facts import TaskFacts


class Rule(NamedTuple):
    """One route: a name, a glob or a regular expression, and the options it gives."""

    key: str | RegexSpec
    options: dict[str, Any]
    where: str | None = None
    trap: str | None = None

    @property
    def exact(self) -> bool:
        """Whether it answers one name."""
        return isinstance(self.key, str) and "*" not in self.key

    def matches(self, name: str) -> bool:
        """Whether Celery's router takes it for a name."""
        if isinstance(self.key, RegexSpec):
            try:
                return re.compile(self.key.pattern, self.key.flags).match(name) is not None
            except (re.error, ValueError, RecursionError, OverflowError):
                return False
        return self.key == name if self.exact else fnmatch.fnmatchcase(name, self.key)


class Routing:
    """The routes of an application: `exact` names, then `patterns` in order."""

    def __init__(self) -> None:
        self.exact: dict[str, Rule] = {}
        self.patterns: list[Rule] = []

    def find(self, name: str) -> Rule | None:
        """Return the route that decides a task."""
        return self.exact.get(name) or self.pattern(name)

    def pattern(self, name: str) -> Rule | None:
        """Return the first pattern that matches."""
        return next((one for one in self.patterns if one.matches(name)), None)


def routing(value: Any, where: str | None, tasks: Sequence[TaskFacts], draft: Draft) -> Routing:
    """Return what the value of `task_routes` makes of names.

    Several routers are asked one after the other, and the first answer counts alone: what
    an earlier one answers hides what a later one says of the same name.
    """
    found = Routing()
    for router in _routers(value, where, draft):
        if isinstance(router, Code):
            _probe(router, found, tasks, where, draft)
            continue
        exact, patterns = _map(router, where, draft)
        hidden = list(found.patterns)
        for name, rule in exact.items():
            earlier = found.exact.get(name) or next((p for p in hidden if p.matches(name)), None)
            if earlier is None:
                found.exact[name] = rule
            elif earlier.options != rule.options:
                draft.note(
                    WARNING,
                    f"the route of {name!r} never counts: an earlier router answers "
                    f"{shown_key(earlier.key)}",
                    None,
                    rule.where,
                    "route-shadowed",
                )
        known = {one.key for one in found.patterns}
        found.patterns += [one for one in patterns if one.key not in known]
    return found


def shown_key(key: str | RegexSpec) -> str:
    """Return the key of a route for a message."""
    return repr(key) if isinstance(key, str) else f"regex {key.pattern!r}"


def _routers(value: Any, where: str | None, draft: Draft) -> list[Any]:
    if value is None:
        return []
    routers = list(value) if isinstance(value, list | tuple) else [value]
    found: list[Any] = []
    for router in routers:
        if isinstance(router, str):
            found.append(Code(router, where))
        elif isinstance(router, dict | list | tuple | Code):
            found.append(router)
        elif isinstance(router, Unknown):
            draft.note(
                WARNING,
                f"task_routes is not known without running code: {shown(router)}",
                None,
                router.where or where,
                "router-unknown",
            )
            draft.leave("routes", shown(router, 2000))
    return found


def _map(router: Any, where: str | None, draft: Draft) -> tuple[dict[str, Rule], list[Rule]]:
    exact: dict[str, Rule] = {}
    patterns: dict[Any, Rule] = {}
    for key, value in _pairs(router, where, draft):
        rule = _rule(key, value, where, draft)
        if rule is None:
            continue
        if rule.exact:
            exact[str(rule.key)] = rule
        else:
            # The later value, at the place of the earlier one.
            patterns[rule.key] = rule
    return exact, list(patterns.values())


def _pairs(router: Any, where: str | None, draft: Draft) -> Iterable[tuple[Any, Any]]:
    if isinstance(router, dict):
        return list(router.items())
    pairs = [one for one in router if isinstance(one, list | tuple) and len(one) == 2]
    if len(pairs) != len(router):
        text = shown(router)
        draft.note(
            ERROR,
            f"a router of task_routes is no list of pairs, and Celery raises ValueError at the "
            f"first message: {text} (a list of pairs has to stand in another list)",
            None,
            where,
            "router-list-of-pairs",
        )
        draft.leave("routes", shown(router, 2000))
        if _is_pair(router):
            # What was meant: `[("a.*", {...}), ...]` without the list around it.
            return [(router[0], router[1])]
    return [(one[0], one[1]) for one in pairs]


def _is_pair(router: Any) -> bool:
    return (
        len(router) == 2
        and isinstance(router[0], str | RegexSpec)
        and isinstance(router[1], str | dict)
    )


def _rule(key: Any, value: Any, where: str | None, draft: Draft) -> Rule | None:
    key = settled(key)
    if not isinstance(key, str | RegexSpec) or key == "":
        draft.note(WARNING, f"a route's key is not known: {shown(key)}", None, where)
        draft.leave("routes", f"{shown(key)}: {shown(value)}")
        return None
    options = answer(value)
    if options is None:
        draft.note(
            WARNING,
            f"the route of {shown_key(key)} cannot be carried over: {shown(value)}",
            None,
            where,
            "route-unknown",
        )
        draft.leave("routes", f"{shown_key(key)}: {shown(value)}")
        return None
    return Rule(key, options, where)


def answer(value: Any) -> dict[str, Any] | None:
    """Return what a route or router gives as options; None where that is not known."""
    value = settled(value)
    if isinstance(value, str):
        return {"queue": value} if value else {}
    if isinstance(value, dict):
        options = {str(key): one for key, one in value.items()}
        queue = options.get("queue")
        if isinstance(queue, QueueSpec):
            options["queue"] = settled(queue.name)
        if isinstance(queue, Unknown | Code):
            return None
        return options
    return None


def _probe(
    router: Code, found: Routing, tasks: Sequence[TaskFacts], where: str | None, draft: Draft
) -> None:
    """Ask a function for every task that no earlier router answers."""
    where = router.where or where
    if router.call is None:
        draft.note(
            WARNING,
            f"router {router.name} is code: where it sends tasks is not known (`qtopo import app` "
            "asks it for every registered task)",
            None,
            where,
            "router-function",
        )
        draft.leave("routes", f"router {router.name}")
        return
    asked = answered = 0
    for task in tasks:
        if found.find(task.name) is not None:
            continue
        asked += 1
        try:
            result = router.call(task.name, (), {}, {}, task=task.object)
        except Exception as error:
            draft.note(
                WARNING,
                f"router {router.name} fails for {task.name!r} without arguments: "
                f"{type(error).__name__}",
                None,
                where,
                "router-function",
            )
            continue
        from qtopo.importers.live import plain

        options = None if result is None else answer(plain(result))
        if options is not None:
            answered += 1
            found.exact[task.name] = Rule(task.name, options, where, "router-function")
    draft.note(
        INFO,
        f"router {router.name} was asked for {asked} tasks without arguments: its {answered} "
        "answers are written as exact routes, and names that are not registered here have none",
        None,
        where,
        "router-function",
    )
    draft.leave("routes", f"router {router.name}: asked, its answers are exact routes")
