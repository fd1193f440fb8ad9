"""Commands that tell whether a worker is well, for what runs it in a container.

Both are started by Python, which is wherever Celery is; a shell, `find` or `curl`
need not be. Nothing of them is put into the text of a program: names and paths
are arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.compiler.processes import BEAT, url_variables
from qtopo.emit.launching import deploy, program

if TYPE_CHECKING:
    from qtopo.compiler.processes import Process
    from qtopo.emit.base import Job
    from qtopo.topology.topology import Topology

STALE = 60
"""Seconds without a touch after which a worker's loop counts as stuck; it touches far oftener."""

PING_WAIT = 10
"""Seconds that `inspect ping` waits for an answer."""

PING_TIMEOUT = 30
"""Seconds for the whole ping: Python has to start, and may have to import the application."""

_FRESH = (
    "import os, sys, time; "
    "raise SystemExit(time.time() - os.stat(sys.argv[1]).st_mtime > float(sys.argv[2]))"
)
# The words for the worker's name and the host's, as the worker itself reads them.
_FRESH_OWN = (
    "import os, re, socket, sys, time; own = {'%n': sys.argv[3], '%h': socket.gethostname()}; "
    "path = re.sub('%[nh]', lambda word: own[word[0]].replace('/', '-'), sys.argv[1]); "
    "raise SystemExit(time.time() - os.stat(path).st_mtime > float(sys.argv[2]))"
)
# Celery puts socket.gethostname() in for %h, and so does this.
_PING = (
    "import os, socket, sys; node = sys.argv[1] + '@' + socket.gethostname(); "
    "os.execvp(sys.argv[2], [*sys.argv[2:], '--destination=' + node])"
)
# What `celery -b URL` does, without a URL that the list of processes would show.
_PING_BY_URL = (
    "import os, socket, sys; node = sys.argv[1] + '@' + socket.gethostname(); "
    "os.environ['CELERY_BROKER_URL'] = os.environ[sys.argv[2]]; "
    "os.execvp(sys.argv[3], [*sys.argv[3:], '--destination=' + node])"
)
_NODE_OPTIONS = ("-n", "--hostname")
_CONNECTION_SETTINGS = ("accept_content", "broker_", "control_", "event_")


def heartbeat(job: Job, process: Process) -> tuple[str, ...] | None:
    """Return the command that fails once a worker's loop has stood still.

    None without a file, or where its name depends on options that nobody here reads.
    """
    path = deploy(job).heartbeat_file
    if path is None or process.kind == BEAT:
        return None
    if "%n" not in path and "%h" not in path:
        return (_python(job), "-c", _FRESH, path, str(STALE))
    if "@" in process.name or _renamed(job.topology, process):
        return None
    return (_python(job), "-c", _FRESH_OWN, path, str(STALE), process.name)


def ping(job: Job, process: Process) -> tuple[str, ...] | None:
    """Return the command that asks this very process for an answer; None where it cannot be asked.

    It asks through the broker, so it tells that a worker has arrived there. It
    is no sign of life: with the broker away it would have workers restarted,
    which helps nobody.
    """
    topology = job.topology
    node = _node(topology, process)
    if node is None or not _answers(topology, process):
        return None
    celery = program(job, process.argv)[0]
    asked = ("inspect", "ping", "-t", str(PING_WAIT))
    variable = _url_variable(topology)
    if variable is not None:
        # Nothing of the application is needed to ask, and importing it costs seconds of CPU.
        return (_python(job), "-c", _PING_BY_URL, node, variable, celery, *asked)
    app = process.argv[1 : _words_of_app(topology)]
    return (_python(job), "-c", _PING, node, celery, *app, *asked)


def _python(job: Job) -> str:
    return program(job, ("python",))[0]


def _node(topology: Topology, process: Process) -> str | None:
    """Return the part of the node's name before the host's, where one can be asked by it."""
    if process.kind == BEAT:
        return "celerybeat" if topology.settings.get("beat_enable_remote_control") else None
    # `--destination` takes several nodes, divided by commas.
    if "," in process.name or _renamed(topology, process):
        return None
    return process.name


def _renamed(topology: Topology, process: Process) -> bool:
    """Whether a worker's own arguments give its node another name."""
    extra = topology.workers[process.name].extra_args
    return any(one.startswith(_NODE_OPTIONS) for one in extra)


def _answers(topology: Topology, process: Process) -> bool:
    """Whether a process answers at any time: remote control is on, the loop is free."""
    controlled = topology.settings.get("worker_enable_remote_control", True)
    fanout = "fanout" in topology.broker.kind.exchange_types
    return process.pool != "solo" and fanout and (process.kind == BEAT or controlled is not False)


def _url_variable(topology: Topology) -> str | None:
    """Return the variable of the broker's URL where that alone makes the connection."""
    url = topology.broker.url
    if url is None or not url.startswith("env:") or topology.broker.options:
        return None
    if any(name.startswith(_CONNECTION_SETTINGS) for name in topology.settings):
        return None
    return url_variables(topology)[0]


def _words_of_app(topology: Topology) -> int:
    """Return how many of the arguments are `celery` and its application."""
    app = topology.app.celery
    if app is None:
        return 1
    return 2 if app.startswith("-") else 3
