"""The step of a worker that touches a file while the worker is well.

Emitted settings hold the text of the class as it stands here, and need celery
alone: nothing of qtopo and no type is in it, and its lines are short. Import
this where a worker is configured only: it imports celery.
"""

import contextlib
import logging
import os
import re
import threading
import time

from celery import bootsteps


class Heartbeat(bootsteps.StartStopStep):
    """Touches a file every two seconds, until the worker's loop stands still.

    A thread touches it, not the loop: while the broker is away there is no loop,
    and that is no reason to restart a worker. The same holds before the first
    message is taken, and while running tasks are waited for at the end.
    """

    # The pool first: its children are forked before there is another thread.
    requires = ("celery.worker.components:Pool",)
    path = ""

    def start(self, worker):
        """Begin to touch the file."""
        from celery.signals import worker_shutdown

        name, _, host = worker.hostname.partition("@")
        own = {"%n": name.replace("/", "-"), "%h": host.replace("/", "-")}
        self.file = re.sub("%[nh]", lambda found: own[found[0]], self.path)
        self.connection = None
        self.turned = 0.0
        self.asked = self.stopping = self.complained = False
        self.ended = threading.Event()
        self.finish_tasks = worker.wait_for_soft_shutdown
        worker.wait_for_soft_shutdown = self.soft_shutdown
        self.thread = threading.Thread(target=self.watch, args=(worker,), daemon=True)
        self.thread.start()
        worker_shutdown.connect(self.end, weak=False)

    def register_with_event_loop(self, worker, hub):
        """Have the loop say that it turns; it begins anew with each connection."""
        self.turn(worker)
        hub.timer.call_repeatedly(1.0, self.turn, (worker,))

    def turn(self, worker):
        """Note that the loop turns, and with which connection."""
        self.connection = worker.consumer.connection
        self.turned = time.monotonic()
        self.asked = False

    def soft_shutdown(self):
        """Note that the loop stands still for good reason: tasks get their last time."""
        self.stopping = True
        self.finish_tasks()

    def watch(self, worker):
        """Touch the file until the end, as long as the worker is well."""
        while not self.ended.is_set():
            if worker.hub is None and not self.asked:
                # A loop without timers answers when it is asked.
                self.asked = True
                worker.consumer.call_soon(self.turn, worker)
            if self.is_well(worker):
                self.touch()
            self.ended.wait(2.0)

    def is_well(self, worker):
        """Whether the loop turns, or has not begun, or has come to its end."""
        connection = worker.consumer.connection
        if self.stopping or worker.blueprint.state != bootsteps.RUN:
            return True
        if connection is None or connection is not self.connection:
            return True
        return time.monotonic() - self.turned < 3.0 or self.is_in_task(worker)

    def is_in_task(self, worker):
        """Whether the loop itself runs a task, as in the solo pool, and still may."""
        if type(worker.pool).__module__ != "celery.concurrency.solo":
            return False
        from celery.worker.state import active_requests

        try:
            running = list(active_requests)
        except RuntimeError:
            return True  # It has changed just now, so the loop turns.
        for request in running:
            limit = request.time_limits[0] or request.task.time_limit
            began = request.time_start or time.time()
            if not limit or time.time() - began < limit:
                return True
        return False

    def touch(self):
        """Touch the file; a worker that cannot says so once and goes on."""
        # Whatever it is that has this name, opening it must not wait.
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
        try:
            os.close(os.open(self.file, flags, 0o644))
            os.utime(self.file)
        except (OSError, ValueError) as error:
            if not self.complained:
                logger = logging.getLogger("celery.worker")
                logger.warning("cannot touch the heartbeat file: %s", error)
            self.complained = True
        else:
            self.complained = False

    def end(self, **_):
        """Take the file away: the worker has stopped as it should."""
        self.ended.set()
        self.thread.join(2.0)
        with contextlib.suppress(OSError, ValueError):
            os.unlink(self.file)
