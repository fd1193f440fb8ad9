"""Settings, by the names they were given, as a draft: what Celery does with them, said openly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.importers.draft import INFO
from qtopo.importers.naming import resolve
from qtopo.importers.translate.beat import declare_beat, write_beat
from qtopo.importers.translate.connections import write_broker, write_results
from qtopo.importers.translate.declared import Declared
from qtopo.importers.translate.others import annotated, write_settings, write_unknown
from qtopo.importers.translate.queues import write_queues
from qtopo.importers.translate.routers import routing
from qtopo.importers.translate.routes import Routes
from qtopo.importers.values import ExchangeSpec, settled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtopo.importers.draft import Draft
    from qtopo.importers.translate.facts import TaskFacts
    from qtopo.importers.values import Setting


def translate(
    given: Mapping[str, Setting],
    namespace: str | None,
    draft: Draft,
    tasks: Sequence[TaskFacts] = (),
) -> None:
    """Fill the draft from settings, and from the tasks that are registered, where known."""
    resolved = resolve(given, namespace, draft)
    settings = resolved.settings
    write_broker(settings, draft)
    write_results(settings, draft)
    declared = Declared(settings, draft)
    tasks = annotated(settings, tasks, draft)
    router = settings.get("task_routes")
    found = routing(
        None if router is None else router.value,
        None if router is None else router.where,
        tasks,
        draft,
    )
    default = settings.get("task_default_priority")
    priority = None if default is None else settled(default.value)
    routes = Routes(found, tasks, declared, priority if type(priority) is int else None, draft)
    routes.declare()
    declare_beat(settings, declared)
    _defaults(settings, declared, draft)
    write_queues(declared, draft)
    routes.write()
    write_beat(settings, found, declared, draft)
    write_settings(settings, draft)
    _only_declared(given, draft)
    write_unknown(resolved.unknown, draft)


def _defaults(settings: Mapping[str, Setting], declared: Declared, draft: Draft) -> None:
    named = settings.get("task_default_queue")
    if declared.default != "celery" or named is not None:
        draft.put(("defaults", "queue"), declared.default, None if named is None else named.where)
    creating = settings.get("task_create_missing_queues")
    if creating is not None and settled(creating.value) is True:
        draft.put(("defaults", "create_missing_queues"), True)
    elif creating is None:
        draft.note(
            INFO,
            "Celery makes queues that are only named; the file declares all it knows of, and "
            "refuses others: say create_missing_queues = true where calls make up names",
            ("defaults",),
            None,
            "auto-created-queue",
        )


def _only_declared(given: Mapping[str, Setting], draft: Draft) -> None:
    """Read what a module that `qtopo emit` wrote declares at start: exchanges without queues."""
    step = given.get("DeclareUnconsumed")
    value: Any = None if step is None else step.value
    if not isinstance(value, dict):
        return
    from qtopo.importers.translate.facts import ExchangeFacts
    from qtopo.importers.translate.queues import exchange_table

    def facts(spec: ExchangeSpec) -> ExchangeFacts:
        options = settled(spec.options)
        return ExchangeFacts(
            str(settled(spec.name)),
            str(settled(spec.type) or "direct"),
            options.get("durable") is not False,
            options.get("auto_delete") is True,
            dict(options.get("arguments") or {}),
        )

    for spec in value.get("exchanges") or ():
        if isinstance(spec, ExchangeSpec):
            one = facts(spec)
            draft.put(("exchanges", one.name), exchange_table(one))
    for item in value.get("bindings") or ():
        bound, source, key, arguments = item
        for spec in (bound, source):
            one = facts(spec)
            if one.name not in draft.table("exchanges"):
                draft.put(("exchanges", one.name), exchange_table(one))
        table = {"exchange": str(source.name)}
        table |= {"routing_key": key} if key else {}
        table |= {"arguments": arguments} if arguments else {}
        draft.data["exchanges"][bound.name].setdefault("bindings", []).append(table)
