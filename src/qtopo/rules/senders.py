"""Every place of the file that sends tasks to a queue, and what becomes of what it sends.

Routes, tasks with a queue, schedule entries, and the default queue. What is
worked out here, once for each topology, is what the rules about routing read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.routing.delivery import deliveries
from qtopo.routing.table import table
from qtopo.topology.publishing import publishing
from qtopo.topology.routes import Regex, Route

if TYPE_CHECKING:
    from qtopo.rules.base import Context
    from qtopo.topology.finding import Path
    from qtopo.topology.publishing import Publishing
    from qtopo.topology.topology import Topology

ROUTE, TASK, ENTRY, DEFAULT = "route", "task", "entry", "default"

EVERYTHING = ("", ".*", "^.*", "^.*$", ".*$", "^", ".*?")
"""Expressions that match every name; of others it is not known what they contain."""


class Sender(NamedTuple):
    """One place that sends tasks.

    `kind` is `route`, `task`, `entry` or `default`; `path` its key path; `label`
    what a sentence calls it. `route` is what decides (None: nothing but the
    default), `queue_path` where the queue is named, `key_path` where a `key` is
    given (each None where it is not). `sent` is what is published.
    """

    kind: str
    path: Path
    label: str
    queue: str
    route: Route | None
    queue_path: Path | None
    key_path: Path | None
    key: str | None
    sent: Publishing

    @property
    def place(self) -> Path:
        """The most precise spot for what is wrong with the destination."""
        return self.queue_path or self.path

    def delivered_to(self, topology: Topology) -> tuple[str, ...]:
        """Return the queues the message gets into."""
        if self.sent.wire_exchange is None:
            return ()
        return deliveries(topology).queues(
            self.sent.wire_exchange, self.sent.wire_key or "", self.sent.headers
        )


def route_label(route: Route) -> str:
    """Return what a sentence calls a route: `route 'shop.*'`."""
    task = route.task
    if isinstance(task, Regex):
        return f"the route for the expression {task.regex!r}" if task.regex else "a route"
    if isinstance(task, tuple):
        task = next(filter(None, task), "")
    # It may be missing, or not be readable.
    return f"the route for {task!r}" if task else "a route"


def takes_everything(topology: Topology) -> bool:
    """Whether a route takes every task, so that none is left to the default queue."""
    for route in topology.routes:
        if any(not glob.strip("*") for glob in route.globs):
            return True
        if isinstance(route.task, Regex) and route.task.regex in EVERYTHING:
            return True
    return False


def senders(topology: Topology) -> list[Sender]:
    """Return the senders of a topology, in the order of the file, the default last.

    Tasks whose queue is reached by its name are left out: nothing can go wrong.
    """
    built: list[Sender] = topology.wiring.memo("rules.senders", lambda: _senders(topology))
    return built


def sound_senders(context: Context) -> list[Sender]:
    """Return the senders that can be judged.

    Their queue is declared, and neither they, their queue nor its exchanges are
    broken or refer to what is not declared: that has been reported already.
    """
    if "sound senders" not in context.memory:
        context.memory["sound senders"] = _sound(context)
    built: list[Sender] = context.memory["sound senders"]
    return built


def binding_place(context: Context, name: str) -> Path:
    """Return where a queue says how it is bound; its header where it says nothing."""
    queue = context.topology.queues[name]
    for key in ("bindings", "routing_key", "binding_arguments", "exchange"):
        if getattr(queue, key):
            return ("queues", name, key)
    return ("queues", name)


def sound_queue(context: Context, name: str) -> bool:
    """Whether a queue is declared, and it and what it is bound to can be judged."""
    topology = context.topology
    queue = topology.queues.get(name)
    if queue is None or not context.is_sound("queues", name):
        return False
    return all(
        binding.exchange in context.wiring.exchanges
        and context.is_sound("exchanges", binding.exchange)
        for binding in context.wiring.bindings[name]
    )


def _sound(context: Context) -> list[Sender]:
    verdicts: dict[str, bool] = {}
    found = []
    for one in senders(context.topology):
        verdict = verdicts.get(one.queue)
        if verdict is None:
            verdict = verdicts[one.queue] = sound_queue(context, one.queue)
        if not verdict or not context.is_sound(*one.path):
            continue
        # What a route says holds for its schedule entries too.
        given = None if one.route is None else one.route.exchange
        if given is not None and given not in context.wiring.exchanges:
            continue
        found.append(one)
    return found


def _senders(topology: Topology) -> list[Sender]:
    found: list[Sender] = []
    for index, route in enumerate(topology.routes):
        path: Path = ("routes", index)
        sent = publishing(topology, route)
        found.append(
            Sender(
                ROUTE,
                path,
                route_label(route),
                sent.queue,
                route,
                (*path, "queue") if route.queue else None,
                (*path, "routing_key") if route.routing_key else None,
                route.routing_key,
                sent,
            )
        )
    # Tasks that name the same queue are published alike.
    by_queue: dict[str, tuple[Route, Publishing]] = {}
    for name, task in topology.tasks.items():
        if not task.queue:
            continue
        shared = by_queue.get(task.queue)
        if shared is None:
            own = Route(task=name, queue=task.queue)
            shared = by_queue[task.queue] = (own, publishing(topology, own))
        if not shared[1].wire_exchange:
            # By name, and so safely: of these there may be very many.
            continue
        path = ("tasks", name)
        found.append(
            Sender(
                TASK,
                path,
                f"task {name!r}",
                task.queue,
                shared[0],
                (*path, "queue"),
                None,
                None,
                shared[1],
            )
        )
    if topology.beat is not None:
        find = table(topology).find
        for name, entry in topology.beat.schedule.items():
            if not entry.task or not (entry.queue or entry.routing_key):
                # Its route says where it goes.
                continue
            decided = find(entry.task).route
            path = ("beat", "schedule", name)
            sent = publishing(
                topology, decided, queue=entry.queue or None, routing_key=entry.routing_key or None
            )
            found.append(
                Sender(
                    ENTRY,
                    path,
                    f"schedule entry {name!r}",
                    sent.queue,
                    None if entry.queue else decided,
                    (*path, "queue") if entry.queue else None,
                    (*path, "routing_key") if entry.routing_key else None,
                    entry.routing_key,
                    sent,
                )
            )
    if takes_everything(topology):
        return found
    named: Path = ("defaults", "queue") if topology.defaults.queue else ("defaults",)
    sent = publishing(topology, None)
    found.append(
        Sender(DEFAULT, named, "a task without a route", sent.queue, None, named, None, None, sent)
    )
    return found
