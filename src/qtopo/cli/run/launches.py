"""What `qtopo workers --run` starts: processes of a topology with their whole environment."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from qtopo.cli.common import render, rule_errors
from qtopo.cli.run.child import Launch
from qtopo.cli.run.restarts import Plan
from qtopo.errors import QtopoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qtopo.compiler.processes import Command, Process
    from qtopo.source import Loaded
    from qtopo.topology.topology import Topology

_SHOWN = 5


def launches(topology: Topology, processes: Iterable[Process]) -> list[Launch]:
    """Return what is started, a launch for each replica.

    Raises QtopoError where nothing is, and where there is no `celery`.
    """
    # A cold shutdown waits for Celery's soft one where the app asks for it.
    soft = topology.settings.get("worker_soft_shutdown_timeout")
    cold = 10.0 + (soft if isinstance(soft, (int, float)) else 0.0)
    found = []
    for one in processes:
        for command in one.commands():
            env = {**os.environ, "PYTHONUNBUFFERED": "1", **command.env}
            found.append(
                Launch(
                    label=command.label,
                    argv=(_celery(command, env.get("PATH")), *command.argv[1:]),
                    env=env,
                    grace=one.shutdown.grace,
                    cold=cold if one.shutdown.soft is None else one.shutdown.soft + 10.0,
                    first=one.kind == "beat",
                )
            )
    if not found:
        raise QtopoError(
            "there is no process to run", "see `qtopo workers` for what is switched off"
        )
    return found


class Replanning:
    """Decides what is to run after files were saved: the `Replan` of the runner.

    `read` reads the topology again, `choose` picks its processes. What does not
    check clean is not applied.
    """

    def __init__(
        self,
        loaded: Loaded,
        read: Callable[[], Loaded],
        choose: Callable[[Loaded], Sequence[Process]],
    ) -> None:
        self._read = read
        self._choose = choose
        self._loaded = loaded
        self.launches = launches(loaded.topology, choose(loaded))

    @property
    def files(self) -> Sequence[str]:
        """The files that the topology is made of."""
        return self._loaded.source.files

    def __call__(self, saved: set[str]) -> Plan:
        """Return what is to run.

        Code that has changed begins anew everywhere: any process may import it.
        So does everything where the topology's settings have changed; else only
        the processes that are started in another way.
        """
        named = {os.path.realpath(path) for path in self.files}
        code = bool(saved - named)
        if not saved & named:
            return Plan(self.launches, all_anew=code)
        try:
            fresh = self._read_clean()
            found = launches(fresh.topology, self._choose(fresh))
        except QtopoError as error:
            # What cannot be applied must not hold up what can be.
            return Plan(self.launches, all_anew=code, refused=error)
        settings = _settings(fresh.topology) != _settings(self._loaded.topology)
        self._loaded, self.launches = fresh, found
        return Plan(found, all_anew=code or settings)

    def _read_clean(self) -> Loaded:
        fresh = self._read()
        found = rule_errors(fresh, plugins=False)
        if found:
            text = render("concise", fresh.source.files, found, fresh.source.texts, sys.stderr)
            lines = text.strip().split("\n")
            raise QtopoError(
                f"{fresh.source.file} does not check clean, so it is not applied",
                "\n  ".join(lines[:_SHOWN]),
            )
        return fresh


def _settings(topology: Topology) -> object:
    from qtopo.compiler.plain import to_plain
    from qtopo.compiler.settings import compile_settings

    return to_plain(compile_settings(topology)), topology.deploy and topology.deploy.heartbeat_file


def _celery(command: Command, path: str | None) -> str:
    """Return the path of `celery`: of our own environment before that of PATH."""
    program = command.argv[0]
    beside = os.path.join(os.path.dirname(sys.executable), program)
    if os.path.isfile(beside) and os.access(beside, os.X_OK):
        return beside
    from shutil import which

    found = which(program, path=path)
    if found is None:
        raise QtopoError(
            f"no {program!r} beside {sys.executable!r} or on PATH",
            "install Celery where qtopo is, or activate the environment that has it",
        )
    return found
