"""Topology to processes: what is started, with which arguments and environment.

The forms of the arguments are those that Celery was measured to honour:
`-P gevent` in two words (else nothing is monkey-patched), one `-Q`, memory in
KiB, `%` doubled in node names, `--queues=-x` for values that look like options.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.compiler.needs import Needs, needs
from qtopo.compiler.shell import shell_line
from qtopo.compiler.shutdown import BEAT_GRACE, Stopping, stopping

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from qtopo.topology.beat import Beat
    from qtopo.topology.topology import Topology
    from qtopo.topology.workers import Scale, Worker

WORKER, BEAT = "worker", "beat"

_SCALING = ("prefork", "gevent", "eventlet")
_KIB = 1024


class Command(NamedTuple):
    """One process to start: `label` tells it from its siblings (`emails-2`)."""

    label: str
    argv: tuple[str, ...]
    env: Mapping[str, str]

    @property
    def line(self) -> str:
        """The command as one line of a POSIX shell."""
        return shell_line(self.argv, self.env)


class Process(NamedTuple):
    """One kind of process: a worker with its replicas, or beat.

    `kind` is "worker" or "beat"; `argv` and `env` are those of a single
    replica, `env` on top of what the process inherits; `replicas` 0 is switched
    off; `pool` is None for beat; `shutdown` is in seconds; `scale` is how many
    replicas an autoscaler may keep, None where there is none; `needs` are those
    of one replica.
    """

    name: str
    kind: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    replicas: int
    queues: tuple[str, ...]
    pool: str | None
    machine: str | None
    shutdown: Stopping
    scale: Scale | None = None
    needs: Needs = Needs()

    @property
    def runs(self) -> bool:
        """Whether any of it is ever started."""
        return self.replicas > 0 or self.scale is not None

    def commands(self) -> list[Command]:
        """Return the processes to start: one for each replica, none where it is switched off.

        Beat is one however many replicas it has: they have no node names that
        would tell them apart, and a second one helps on another machine alone.
        """
        if self.replicas == 0:
            return []
        if self.kind == BEAT or self.replicas == 1:
            return [Command(self.name, self.argv, self.env)]
        return [
            Command(f"{self.name}-{number}", self.replica_argv(number), self.env)
            for number in range(1, self.replicas + 1)
        ]

    def replica_argv(self, number: int | str) -> tuple[str, ...]:
        """Return the arguments of one of several replicas, whose node is `name-NUMBER@%h`.

        A platform that counts by itself passes a text, to put its own word for it there.
        """
        node = _option("-n", "--hostname", node_name(f"{self.name}-{number}"))
        own = _option("-n", "--hostname", node_name(self.name))
        at = next(
            index for index in range(len(self.argv)) if self.argv[index : index + len(own)] == own
        )
        return (*self.argv[:at], *node, *self.argv[at + len(own) :])

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object of `qtopo workers --format json`."""
        return {
            **self._asdict(),
            "argv": list(self.argv),
            "env": dict(self.env),
            "queues": list(self.queues),
            "shutdown": self.shutdown._asdict(),
            "scale": self.scale and {"min": self.scale.min, "max": self.scale.max},
            "needs": self.needs._asdict(),
        }


def worker_processes(
    topology: Topology, reach: Mapping[str, Collection[str]] | None = None
) -> list[Process]:
    """Return the workers in the order of the file, then beat; those switched off too.

    Beat is there where the file has a `[beat]`: the table declares the process,
    even without a schedule, since the app may add entries of its own. `reach`
    maps each known task to the queues it gets to (see `shutdown.stopping`).
    """
    found = [_worker(topology, worker, reach) for worker in topology.workers.values()]
    if topology.beat is not None:
        found.append(_beat(topology, topology.beat))
    return found


def url_variables(topology: Topology) -> tuple[str, ...]:
    """Return the environment variables that the URLs are read from, each once."""
    urls = [topology.broker.url]
    if topology.results is not None:
        urls.append(topology.results.url)
    return tuple(
        dict.fromkeys(url[len("env:") :] for url in urls if url and url.startswith("env:"))
    )


def node_name(name: str) -> str:
    """Return the `-n` of a worker: Celery puts the host's name in for `%h`."""
    return f"{name.replace('%', '%%')}@%h"


def _worker(
    topology: Topology, worker: Worker, reach: Mapping[str, Collection[str]] | None
) -> Process:
    queues = tuple(dict.fromkeys(worker.queues or ()))
    how = stopping(topology, worker, reach)
    env = dict(worker.env)
    argv = [
        *_celery(topology),
        "worker",
        *_option("-n", "--hostname", node_name(worker.name)),
        # A broadcast queue goes by its alias, which is the name in the file.
        *_option("-Q", "--queues", ",".join(queues)),
        "-P",
        worker.pool,
        *_size(worker),
    ]
    if worker.prefetch_multiplier is not None:
        argv += ["--prefetch-multiplier", str(worker.prefetch_multiplier)]
    if worker.pool == "prefork":
        # The other pools have no children to replace.
        if worker.max_tasks_per_child is not None:
            argv += ["--max-tasks-per-child", str(worker.max_tasks_per_child)]
        if worker.max_memory_per_child is not None:
            argv += ["--max-memory-per-child", str(max(1, worker.max_memory_per_child // _KIB))]
    if worker.include:
        argv += _option("-I", "--include", ",".join(worker.include))
    argv += worker.extra_args
    if how.soft is not None:
        # Celery's soft shutdown answers SIGQUIT alone, and its time is a
        # setting; a setting of one worker goes behind `--` (measured: it beats
        # the app's own). What the file says in `env` has the last word.
        env = {"REMAP_SIGTERM": "SIGQUIT", **env}
        if "--" not in worker.extra_args:
            argv.append("--")
        seconds = int(how.soft) if how.soft.is_integer() else how.soft
        argv.append(f"worker.soft_shutdown_timeout={seconds}")
        if _delays(topology, queues, reach):
            # A worker that runs nothing leaves at once, and what waits in it for
            # its time would be lost.
            argv.append("worker.enable_soft_shutdown_on_idle=true")
    return Process(
        name=worker.name,
        kind=WORKER,
        argv=tuple(argv),
        env=MappingProxyType(env),
        replicas=worker.replicas,
        queues=queues,
        pool=worker.pool,
        machine=worker.machine,
        shutdown=how,
        scale=worker.scale,
        needs=needs(topology, worker, reach),
    )


def _delays(
    topology: Topology, queues: Collection[str], reach: Mapping[str, Collection[str]] | None
) -> bool:
    """Whether tasks with a countdown or an ETA get to the queues."""
    return any(
        task.max_delay and (reach is None or not set(queues).isdisjoint(reach.get(name, ())))
        for name, task in topology.tasks.items()
    )


def _beat(topology: Topology, beat: Beat) -> Process:
    return Process(
        name=BEAT,
        kind=BEAT,
        argv=(*_celery(topology), "beat"),
        env=MappingProxyType({}),
        replicas=beat.replicas,
        queues=(),
        pool=None,
        machine=None,
        shutdown=Stopping(BEAT_GRACE),
    )


def _celery(topology: Topology) -> tuple[str, ...]:
    app = topology.app.celery
    return ("celery",) if app is None else ("celery", *_option("-A", "--app", app))


def _size(worker: Worker) -> tuple[str, ...]:
    """Return how many tasks run at a time, where the pool can be told."""
    scale = worker.autoscale
    if scale is not None and worker.pool in _SCALING:
        return ("--autoscale", f"{scale.max},{scale.min}")
    # solo runs one whatever it is told (`-c` would only make it reserve more);
    # threads die of --autoscale at the first scale-up, so they get the most.
    if worker.pool == "solo" or worker.capacity is None:
        return ()
    return ("-c", str(worker.capacity))


def _option(short: str, long: str, value: str) -> tuple[str, ...]:
    """Return an option so that no value is taken for another one.

    Celery looks for `-P` by itself, anywhere in the arguments, before click
    reads them: a queue named "-P" must not stand alone.
    """
    return (f"{long}={value}",) if value.startswith("-") else (short, value)
