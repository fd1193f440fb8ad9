"""What compose and Kubernetes have in common: an image, and folders that can be written."""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from qtopo.emit.launching import deploy
from qtopo.errors import EmitError

if TYPE_CHECKING:
    from qtopo.emit.base import Job

_SCHEDULE_FILE = "celerybeat-schedule"
_FILE_SCHEDULERS = (None, "celery.beat:PersistentScheduler", "celery.beat.PersistentScheduler")
_OF_THE_SYSTEM = re.compile(
    r"/((bin|boot|dev|etc|home|lib|lib64|opt|proc|root|sbin|srv|sys|usr|var)(/lib|/bin)?)?"
    r"|/usr/local(/lib|/bin)?"
)


def image(job: Job) -> str:
    """Return the image; EmitError where the file names none."""
    found = deploy(job).image
    if not found:
        raise EmitError(
            f"{job.target} runs containers, and the topology names no image",
            'write it into the file: [deploy] image = "registry.example.com/shop:1.4"',
        )
    return found


def schedule_file(job: Job) -> str | None:
    """Return the file that beat keeps its schedule in, as Celery is told; None: it keeps none."""
    beat = job.topology.beat
    if beat is None:
        return None
    if beat.scheduler_path in _FILE_SCHEDULERS:
        return beat.schedule_file or _SCHEDULE_FILE
    return beat.schedule_file


def volume_folder(job: Job, path: str) -> str | None:
    """Return the folder to mount a volume on, so that a file can be written; None: there is none.

    A volume hides what the image has in that place, so it cannot be the folder
    of the application, of its programs, or of the system.
    """
    known = deploy(job)
    if not path.startswith("/"):
        if known.directory is None:
            return None
        path = join(known.directory, path)
    folder = dirname(normpath("/" + path.lstrip("/")))
    if _OF_THE_SYSTEM.fullmatch(folder) or ":" in folder:
        return None
    needed = [normpath(one) for one in (known.directory, known.bin) if one is not None]
    if any(one == folder or one.startswith(f"{folder}/") for one in needed):
        return None
    return folder


def unwritable_schedule(job: Job) -> list[str]:
    """Return a note where beat keeps a file in a place that no volume can be mounted on."""
    path = schedule_file(job)
    if path is None or volume_folder(job, path) is not None:
        return []
    note = (
        f"beat keeps its schedule in {path!r}, in the image's own file system: it is lost with "
        "the container, and the user must be allowed to write there; give it a folder of its "
        'own: [beat] schedule_file = "/var/lib/beat/schedule"'
    )
    return [note]
