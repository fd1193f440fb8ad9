"""Workers that a platform starts from what qtopo emits, and stops while a task runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from fleet import BIN, HERE, OBSERVER

TOPOLOGY = """\
[app]
name = "stopping"
celery = "stopping:app"

[broker]
transport = "{transport}"
url = "env:STOPPING_BROKER_URL"

[deploy]
bin = "{bin}"
directory = "{folder}"
env_file = "secret env"
logs = "stdout"

[defaults]
queue = "drained"

[queues.drained]
[queues.soft]

[[routes]]
task = "stopping.late"
queue = "soft"

[tasks."stopping.nap"]
time_limit = "30s"

[tasks."stopping.late"]
acks_late = true
idempotent = true

[workers.drain]
queues = ["drained"]
concurrency = 1
replicas = 2
env = {{ ODD = "a ;b 'c' %(here)s $HOME" }}

[workers.soft]
queues = ["soft"]
concurrency = 1
shutdown = {{ soft = "2s" }}
"""


class Stopping:
    """The application in a folder of its own, with what a platform needs to start it."""

    def __init__(self, make_site, url):
        self.site = make_site(HERE / "sites" / "stopping", STOPPING_BROKER_URL=url)
        self.folder = self.site.folder
        text = TOPOLOGY.format(
            transport="redis" if url.startswith("redis") else "rabbitmq",
            bin=BIN,
            folder=self.folder,
        )
        (self.folder / "topology.toml").write_text(text)
        self.site.qtopo("emit", "celeryconfig.py")
        # Nothing of one worker alone is in the settings of all.
        settings = (self.folder / "celeryconfig.py").read_text()
        assert not [word for word in ("shutdown", "concurrency", "ODD") if word in settings]
        self.env = {
            **self.site.env,
            "PYTHONPATH": str(OBSERVER),
            "QTOPO_OBSERVED": str(self.site.observed),
        }

    def emit(self, target, output):
        self.site.qtopo("emit", "--target", target, output)

    def up(self, process):
        """Wait until every worker is, started as the file says; returns the names of the nodes."""
        self.until(lambda: len(self.site.notes("ready")) >= 3, process)
        return sorted(one["node"].partition("@")[0] for one in self.site.notes("ready"))

    def send(self, process, **tasks):
        """Send tasks, each a name and how long it takes, and wait until they run."""
        code = (
            "import sys; from stopping import app\n"
            "for one in eval(sys.argv[1]): app.send_task(*one)"
        )
        calls = [
            (f"stopping.{task}", (seconds, str(self.folder / task)))
            for task, seconds in tasks.items()
        ]
        self.site.run(sys.executable, "-c", code, repr(calls), env={"PYTHONPATH": str(self.folder)})
        self.until(lambda: all(map(self.begun, tasks)), process)

    def begun(self, mark):
        return (self.folder / f"{mark}.begun").exists()

    def done(self, mark):
        return (self.folder / f"{mark}.done").exists()

    def waiting(self, queue):
        """How many messages there are in a queue."""
        from kombu import Connection

        with Connection(self.site.env["STOPPING_BROKER_URL"]) as connection:
            # Not passive: to kombu an empty Redis list is no queue.
            declare = connection.default_channel.queue_declare
            return declare(queue, durable=True, auto_delete=False).message_count

    def until(self, condition, process, seconds=40.0):
        end = time.monotonic() + seconds
        while not condition():
            assert process.poll() is None, f"ended by itself\n{self.log()}"
            assert time.monotonic() < end, self.log()
            time.sleep(0.05)

    def start(self, *argv):
        """Start what starts the workers; its output goes to a file."""
        with (self.folder / "log").open("wb") as stream:
            return subprocess.Popen(
                argv,
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self):
        logs = [path for path in map(self.folder.joinpath, ("log", "manager.log")) if path.exists()]
        return "\n".join(one.read_text("utf-8", "replace")[-4000:] for one in logs)

    def gone(self):
        """Whether no process of a worker is left."""
        return not any(os.path.exists(f"/proc/{one['pid']}") for one in self.site.notes("ready"))
