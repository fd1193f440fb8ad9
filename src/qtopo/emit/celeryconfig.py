"""The Python module of settings: `celeryconfig.py`, or Django's spelling of it.

It needs celery and kombu, never qtopo, holds no secret, and is the same for
the same topology.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.compiler.settings import compile_settings
from qtopo.compiler.values import BroadcastValue, EnvUrl
from qtopo.emit import python_values
from qtopo.emit.base import Artifact, Proof, counted
from qtopo.emit.python_literal import Spread, assignment, comment, expression, width
from qtopo.errors import EmitError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qtopo.compiler.queues import Declared
    from qtopo.compiler.values import ExchangeValue
    from qtopo.emit.base import Job

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+|[a-z][a-z0-9]{2,}")
_NAMESPACE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

_RESERVED = {
    "declare_unconsumed",
    "keep_heartbeat",
    *(name for names in python_values.IMPORTS.values() for name in names),
}
_SHORT = 30
_SPREAD = ("task_queues", "task_annotations", "beat_schedule", "broker_transport_options")


class _Section(NamedTuple):
    """Settings that stand together: by the beginning of their names."""

    title: str
    prefixes: tuple[str, ...]


_SECTIONS = (
    _Section("Broker", ("broker_url", "broker_transport_options")),
    _Section("Results", ("result_backend", "result_expires")),
    _Section(
        "Queues. Each names its exchange and key, and no other is created",
        ("task_default_", "task_create_missing_queues", "task_queues"),
    ),
    _Section(
        "Routes. An exact name beats any pattern, else the first match wins", ("task_routes",)
    ),
    _Section("What is known of tasks", ("task_annotations",)),
    _Section(
        "Beat",
        (
            "beat_scheduler",
            "beat_schedule_filename",
            "beat_max_loop_interval",
            "redbeat_lock_timeout",
            "beat_schedule",
        ),
    ),
)
_REST = "Other settings"

_UNSET = """\
Without its variable a URL leads nowhere, by name: importing this is fine,
connecting fails and says which variable is missing."""

_STEP = """\
# No worker consumes these, so none would declare them, and what is sent to them
# would be lost. A step of the worker's consumer runs when Celery has connected,
# with its own retries, and before the first message is taken. As for queues that
# are consumed: one that the broker holds with other arguments stops the worker.
class DeclareUnconsumed(bootsteps.StartStopStep):
    requires = ("celery.worker.consumer.connection:Connection",)
{attributes}
    def start(self, parent):
        with parent.connection.channel() as channel:
{body}

@celeryd_init.connect
def declare_unconsumed(instance, **_):
    instance.app.steps["consumer"].add(DeclareUnconsumed)
"""

_HEARTBEAT = """\
# For liveness probes: a file that grows old when the worker's loop stands still.
{step}

{path}


@celeryd_init.connect
def keep_heartbeat(instance, **_):
    instance.app.steps["worker"].add(Heartbeat)
"""

_BODIES = {
    "queues": """\
            for name in self.queues:
                parent.app.amqp.queues[name](channel).declare()
""",
    "exchanges": """\
            for exchange in self.exchanges:
                exchange(channel).declare()
""",
    "bindings": """\
            for exchange, source, routing_key, arguments in self.bindings:
                source(channel).declare()
                exchange(channel).declare()
                exchange(channel).bind_to(source, routing_key, arguments)
""",
}


def emit(job: Job) -> Sequence[Artifact]:
    """Return the module.

    Raises EmitError where a setting's name, or the namespace, cannot stand in
    Python, and what the compiler raises.
    """
    return [Artifact(job.output, module(job))]


def summary(job: Job) -> str:
    """Return how many queues and routes there are."""
    settings = compile_settings(job.topology, known_tasks=job.known_tasks).settings
    routes = settings.get("task_routes", ([],))[0]
    parts = [
        counted(len(settings.get("task_queues", ())), "queue"),
        counted(len(routes), "route"),
    ]
    if "beat_schedule" in settings:
        entries = len(settings["beat_schedule"])
        parts.append("1 schedule entry" if entries == 1 else f"{entries} schedule entries")
    return ", ".join(parts)


def prove(
    job: Job, artifacts: Sequence[Artifact], progress: Callable[[int, int], None] | None = None
) -> Proof | None:
    """Load the module into a Celery app and route every known task."""
    from qtopo.emit import proof

    return proof.prove_module(artifacts[0].content, job, progress)


def module(job: Job) -> str:
    """Return the text of the module."""
    compiled = compile_settings(job.topology, known_tasks=job.known_tasks)
    spell = speller(job.namespace)
    used = python_values.Names(_shared(compiled.settings))
    blocks: list[str] = []
    for title, settings in _grouped(compiled.settings):
        lines = [comment(title + ".")]
        if any(isinstance(value, EnvUrl) for value in settings.values()) and not any(
            _UNSET.split("\n")[0] in block for block in blocks
        ):
            lines += [comment(line) for line in _UNSET.split("\n")]
        for name, value in settings.items():
            if name == "task_queues" and used.shared:
                lines.append(assignment(python_values.EXCHANGES, _exchanges(used)))
            written = python_values.source_of(value, used)
            lines.append(assignment(spell(name), _spread(name, written)))
        blocks.append("\n".join(lines) + "\n")
    text = "\n".join(blocks)
    if compiled.declared_at_start:
        text += "\n\n" + _declarations(compiled.declared_at_start, used)
    deploy = job.topology.deploy
    if deploy is not None and deploy.heartbeat_file is not None:
        text += "\n\n" + _heartbeat(deploy.heartbeat_file, used)
    imports = python_values.imports(used.used)
    return "\n".join(part for part in (_header(job), imports, text) if part)


def _header(job: Job) -> str:
    environment = job.topology.environment
    origin = job.source if environment is None else f"{job.source}, environment {environment}"
    lines = [
        '"""Celery\'s settings, compiled by qtopo: change the topology, not this file."""',
        "",
        comment(f"From: {origin}"),
        comment(f"By: qtopo {job.version}".rstrip()),
    ]
    return "\n".join(lines) + "\n"


def _grouped(settings: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    rest = dict(settings)
    groups = []
    for section in _SECTIONS:
        names = [
            name
            for prefix in section.prefixes
            for name in settings
            if name == prefix or (prefix.endswith("_") and name.startswith(prefix))
        ]
        found = {name: rest.pop(name) for name in names if name in rest}
        if found:
            groups.append((section.title, found))
    if rest:
        groups.append((_REST, rest))
    return groups


def _shared(settings: Mapping[str, Any]) -> dict[str, ExchangeValue]:
    """Return the exchanges that several queues, or bindings of one, are bound to."""
    count: Counter[str] = Counter()
    found: dict[str, ExchangeValue] = {}
    for queue in settings.get("task_queues", ()):
        own = () if isinstance(queue, BroadcastValue) else queue.bindings
        for exchange in (queue.exchange, *(one.exchange for one in own)):
            # A long name in brackets would have to be broken over lines.
            if exchange is not None and width(exchange.name) <= _SHORT:
                count[exchange.name] += 1
                found[exchange.name] = exchange
    return {name: exchange for name, exchange in found.items() if count[name] > 1}


def _exchanges(used: python_values.Names) -> Spread:
    return Spread(
        {name: python_values.exchange_call(one, used) for name, one in used.shared.items()}
    )


def _spread(name: str, value: Any) -> Any:
    """Write one item a line what people look up line by line."""
    if name == "task_routes":
        return tuple(Spread(pairs) for pairs in value)
    if name in _SPREAD and isinstance(value, (list, dict)) and value:
        return Spread(value)
    return value


def speller(namespace: str | None) -> Callable[[str], str]:
    """Return what gives a setting its name in the module; it refuses what is no name."""
    if namespace is not None and _NAMESPACE.fullmatch(namespace) is None:
        raise EmitError(
            f"the namespace cannot be {namespace!r}: it is the beginning of names in Python",
            "Django's is CELERY",
        )
    prefix = "" if namespace is None else namespace.rstrip("_") + "_"

    def spell(name: str) -> str:
        if _NAME.fullmatch(name) is None or keyword.iskeyword(name) or name in _RESERVED:
            raise EmitError(
                f"settings.{name!r} cannot be written: it is no name of a Celery setting",
                "settings have lower-case names, such as worker_send_task_events",
            )
        # Celery looks for upper case where the whole prefix is, else for lower.
        return prefix + name.upper() if prefix.isupper() else prefix.lower() + name

    return spell


def _declarations(declared: Declared, used: python_values.Names) -> str:
    used.add("bootsteps", "celeryd_init")
    attributes = ""
    body = ""
    for name, values in declared._asdict().items():
        if not values:
            continue
        written = tuple(python_values.source_of(value, used) for value in values)
        source = expression(Spread(written), depth=1, taken=len(name) + 3)
        attributes += f"    {name} = {source}\n"
        body += _BODIES[name]
    return _STEP.format(attributes=attributes, body=body)


def _heartbeat(path: str, used: python_values.Names) -> str:
    used.add("bootsteps", "celeryd_init", "contextlib", "logging", "os", "re", "threading", "time")
    # Read, not imported: the module is Celery's from the first line.
    text = files("qtopo.compiler").joinpath("heartbeat.py").read_text(encoding="utf-8")
    step = text[text.index("class Heartbeat(") :]
    return _HEARTBEAT.format(step=step, path=assignment("Heartbeat.path", path))
