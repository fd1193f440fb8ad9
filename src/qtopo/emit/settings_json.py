"""Settings as JSON, for programs (`compiler.plain` says how).

Where no marker is needed, `app.conf.update(json.load(file))` takes the document
as it is. URLs of environment variables are not in it as settings; Celery reads
CELERY_BROKER_URL and CELERY_RESULT_BACKEND itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from qtopo.compiler.plain import DECLARE, ENV, from_plain, marked, to_plain
from qtopo.compiler.settings import compile_settings
from qtopo.compiler.values import SolarValue, TimedeltaValue
from qtopo.emit import celeryconfig
from qtopo.emit.base import Artifact, Proof
from qtopo.emit.celeryconfig import speller

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qtopo.emit.base import Job

_DAILY = TimedeltaValue(86_400)


def emit(job: Job) -> Sequence[Artifact]:
    """Return the JSON document; EmitError where Celery cannot be told what the file says."""
    spell = speller(job.namespace)
    plain = to_plain(compile_settings(job.topology, known_tasks=job.known_tasks))
    spelt = {name if name in (ENV, DECLARE) else spell(name): one for name, one in plain.items()}
    return [Artifact(job.output, json.dumps(spelt, indent=2, ensure_ascii=False) + "\n")]


def summary(job: Job) -> str:
    """Return what is in it, and what Celery cannot take as it is."""
    plain = to_plain(compile_settings(job.topology, known_tasks=job.known_tasks))
    markers = sorted(marked(plain) | ({DECLARE} & set(plain)))
    said = celeryconfig.summary(job)
    return f"{said} ({', '.join(markers)} need a reader)" if markers else said


def notes(job: Job) -> Sequence[str]:
    """Return what a JSON document cannot carry."""
    known = job.topology.deploy
    if known is None or known.heartbeat_file is None:
        return []
    note = (
        "JSON holds no code, so who uses this file has no heartbeat: the step that touches "
        f"{known.heartbeat_file!r} is part of celeryconfig.py, and a probe that looks at the file "
        "would restart every worker"
    )
    return [note]


def prove(
    job: Job, artifacts: Sequence[Artifact], progress: Callable[[int, int], None] | None = None
) -> Proof | None:
    """Give the document to a Celery app and route every known task.

    As it is where Celery can take it, else with the real objects in place of
    the marked ones.
    """
    from qtopo.compiler.live import to_live
    from qtopo.emit import proof

    spelt: dict[str, Any] = json.loads(artifacts[0].content)
    names = {speller(job.namespace)(name): name for name in _names(job)}
    plain = {names.get(name, name): one for name, one in spelt.items()}
    settings = {name: one for name, one in plain.items() if name not in (ENV, DECLARE)}
    if marked(plain):
        compiled = dict(from_plain(plain).settings)
        for entry in compiled.get("beat_schedule", {}).values():
            # The sun needs a library that only the app has, and decides no route.
            if isinstance(entry["schedule"], SolarValue):
                entry["schedule"] = _DAILY
        settings = {name: to_live(one) for name, one in compiled.items() if name in settings}
    return proof.prove_settings(settings, job, progress)


def _names(job: Job) -> list[str]:
    return list(compile_settings(job.topology, known_tasks=job.known_tasks).settings)
