"""The whole file as one immutable value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from qtopo.topology.app import App, Broker, Defaults, Results
from qtopo.topology.beat import Beat
from qtopo.topology.common import ARGUMENTS, EMPTY, TEXT
from qtopo.topology.exchanges import Exchange
from qtopo.topology.kinds import Items, Named, Table
from qtopo.topology.model import Model, field
from qtopo.topology.queues import Queue
from qtopo.topology.raw import Raw
from qtopo.topology.routes import Route
from qtopo.topology.shape import Reader
from qtopo.topology.tasks import Resource, Task
from qtopo.topology.wiring import Wiring
from qtopo.topology.workers import Machine, Worker
from qtopo.topology.workflows import Workflow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtopo.topology.deploy import Deploy
    from qtopo.topology.finding import Finding
    from qtopo.topology.lint import Lint
    from qtopo.topology.tests import Case

DEFAULT_QUEUE = "celery"
"""Celery's own default queue, where the file names none."""


def _lint() -> type[Lint]:
    """Most files have no such table."""
    from qtopo.topology.lint import Lint

    return Lint


def _case() -> type[Case]:
    """Most files have no tests."""
    from qtopo.topology.tests import Case

    return Case


def _deploy() -> type[Deploy]:
    """Only who emits launch files needs it."""
    from qtopo.topology.deploy import Deploy

    return Deploy


class Topology(Model):
    """A Celery deployment: what exists, what goes where, who works, what flows through.

    `source` knows where each key path stands in which file; it takes no part in
    comparison. `environment` is the overlay that was merged in, or None.
    """

    __slots__ = ("_wiring", "environment", "source")

    environment: str | None
    source: Any
    _wiring: Wiring | None

    include: tuple[str, ...] = field(
        Items(TEXT, "a list of file patterns"),
        "Files that are part of this one, relative to it; globs are sorted.",
        default=(),
    )
    app: App = field(Table(App), "The Celery application.", default=App())
    broker: Broker = field(Table(Broker), "The broker that tasks travel through.", default=Broker())
    results: Results | None = field(
        Table(Results), "Where tasks leave their results.", default=None
    )
    defaults: Defaults = field(
        Table(Defaults), "What holds where nothing else is said.", default=Defaults()
    )
    settings: Mapping[str, Any] = field(
        ARGUMENTS, "Any other Celery setting, by its new lower-case name.", default=EMPTY
    )
    exchanges: Mapping[str, Exchange] = field(
        Named(Table(Exchange)), "Exchanges, by name.", default=EMPTY
    )
    queues: Mapping[str, Queue] = field(Named(Table(Queue)), "Queues, by name.", default=EMPTY)
    routes: tuple[Route, ...] = field(
        Items(Table(Route), "a list of tables: write [[routes]]"),
        "Which tasks go where, in order.",
        default=(),
    )
    tasks: Mapping[str, Task] = field(
        Named(Table(Task)), "What is known of tasks, by name.", default=EMPTY
    )
    workers: Mapping[str, Worker] = field(
        Named(Table(Worker)), "Kinds of worker processes, by name.", default=EMPTY
    )
    machines: Mapping[str, Machine] = field(
        Named(Table(Machine)), "Kinds of machines, by name.", default=EMPTY
    )
    beat: Beat | None = field(Table(Beat), "What is sent on a schedule.", default=None)
    workflows: Mapping[str, Workflow] = field(
        Named(Table(Workflow)), "Canvases, by name.", default=EMPTY
    )
    resources: Mapping[str, Resource] = field(
        Named(Table(Resource)), "State that tasks share, by name.", default=EMPTY
    )
    tests: tuple[Case, ...] = field(
        Items(Table(_case), "a list of tables: write [[tests]]"),
        "Where tasks are meant to go: `qtopo test` says whether they do.",
        default=(),
    )
    deploy: Deploy | None = field(
        Table(_deploy), "The platforms that start the processes.", default=None
    )
    lint: Lint | None = field(Table(_lint), "What `qtopo check` looks for.", default=None)
    environments: Mapping[str, Mapping[str, Any]] = field(
        Named(Raw(dict)), "Overlays, by name: merged over the rest with --env.", default=EMPTY
    )

    SECTIONS: ClassVar[tuple[str, ...]] = (
        "exchanges",
        "queues",
        "tasks",
        "workers",
        "machines",
        "workflows",
        "resources",
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.attach(None, None)

    @classmethod
    def from_data(
        cls, data: dict[str, Any], *, source: Any = None, environment: str | None = None
    ) -> tuple[Topology, list[Finding]]:
        """Read parsed TOML; returns the topology and what is wrong with its shape.

        With findings of severity error the topology is only what could be read.
        """
        reader = Reader()
        topology = cls.read(data, (), reader)
        topology.attach(source, environment)
        return topology, reader.findings

    def attach(self, source: Any, environment: str | None) -> None:
        """Tell a new value where it came from."""
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "environment", environment)

    @property
    def default_queue(self) -> str:
        """The queue of tasks that nothing else routes."""
        return self.defaults.queue or DEFAULT_QUEUE

    @property
    def wiring(self) -> Wiring:
        """How exchanges, queues and workers hang together; computed once."""
        wiring = getattr(self, "_wiring", None)
        if wiring is None:
            wiring = Wiring(self)
            object.__setattr__(self, "_wiring", wiring)
        return wiring

    def known_tasks(self) -> list[str]:
        """Every task named in tasks, exact routes, the schedule and workflows, each once."""
        from qtopo.topology.workflows import steps

        names = dict.fromkeys(self.tasks)
        for route in self.routes:
            names.update(dict.fromkeys(route.names))
        if self.beat is not None:
            names.update(
                dict.fromkeys(entry.task for entry in self.beat.schedule.values() if entry.task)
            )
        for name, workflow in self.workflows.items():
            names.update(dict.fromkeys(task for _, task in steps(workflow, ("workflows", name))))
        return list(names)
