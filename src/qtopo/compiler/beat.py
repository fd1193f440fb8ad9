"""The beat settings: the schedule, and what its entries have to say against their routes."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from qtopo.compiler.routes import Routes
from qtopo.compiler.values import CrontabValue, SolarValue, TimedeltaValue, number
from qtopo.topology import crontab
from qtopo.topology.publishing import publishing
from qtopo.topology.raw import thaw

if TYPE_CHECKING:
    from qtopo.topology.beat import Beat, Entry
    from qtopo.topology.topology import Topology

Schedule = CrontabValue | SolarValue | TimedeltaValue


def compile_beat(topology: Topology, beat: Beat) -> dict[str, Any]:
    """Return the settings of beat, by name."""
    settings: dict[str, Any] = {}
    if beat.scheduler_path is not None:
        settings["beat_scheduler"] = beat.scheduler_path
    if beat.schedule_file is not None:
        settings["beat_schedule_filename"] = beat.schedule_file
    if beat.max_interval is not None:
        settings["beat_max_loop_interval"] = number(beat.max_interval)
    if beat.lock_timeout is not None:
        settings["redbeat_lock_timeout"] = number(beat.lock_timeout)
    if beat.schedule:
        routes = Routes(topology)
        settings["beat_schedule"] = {
            name: _entry(topology, routes, entry) for name, entry in beat.schedule.items()
        }
    return settings


def _entry(topology: Topology, routes: Routes, entry: Entry) -> dict[str, Any]:
    compiled: dict[str, Any] = {"task": entry.task, "schedule": _schedule(entry)}
    if entry.args:
        compiled["args"] = thaw(entry.args)
    if entry.kwargs:
        compiled["kwargs"] = thaw(entry.kwargs)
    options = entry_options(topology, routes, entry)
    if options:
        compiled["options"] = options
    return compiled


def entry_options(topology: Topology, routes: Routes, entry: Entry) -> dict[str, Any]:
    """Return an entry's options.

    Celery lays them over the task's route key by key. So an entry with a queue
    or key of its own has to say something for every key that the route says
    and that means another thing for the entry.
    """
    options: dict[str, Any] = {}
    base = routes.options(entry.task)
    if entry.queue or entry.routing_key:
        over = publishing(
            topology, routes.decide(entry.task), queue=entry.queue, routing_key=entry.routing_key
        )
        if entry.queue:
            options["queue"] = entry.queue
        if over.explicit_exchange is not None:
            options["exchange"] = over.explicit_exchange
        elif "exchange" in base and over.wire_exchange is not None:
            # Empty means the anonymous exchange, and is not None: it does go over.
            options["exchange"] = over.wire_exchange
        if over.explicit_key is not None:
            options["routing_key"] = over.explicit_key
        elif over.wire_exchange and ("routing_key" in base or options.get("exchange")):
            options["routing_key"] = over.wire_key
        if over.wire_priority != base.get("priority"):
            # A queue without priorities: what the route says can only be replaced
            # by another number, and the broker takes none for 0.
            options["priority"] = over.wire_priority or 0
    if "headers" in base:
        # Beat adds a header of its own, and by that replaces all of the route's.
        options["headers"] = base["headers"]
    if entry.expires is not None:
        if _in_django(topology):
            # django-celery-beat forgets `expires`; its own word takes whole seconds.
            options["expire_seconds"] = ceil(entry.expires)
        else:
            options["expires"] = number(entry.expires)
    return options


def _in_django(topology: Topology) -> bool:
    """Whether the schedule is copied into Django's database."""
    path = None if topology.beat is None else topology.beat.scheduler_path
    return path is not None and path.startswith("django_celery_beat.")


def _schedule(entry: Entry) -> Schedule:
    if entry.crontab is not None:
        fields = crontab.split(entry.crontab)
        return CrontabValue({name: text for name, text in fields.items() if text != "*"})
    if entry.solar is not None:
        solar = entry.solar
        return SolarValue(solar.event, number(solar.latitude), number(solar.longitude))
    return TimedeltaValue(entry.every or 0.0)
