"""Notes what a worker does, without a word in the application's code.

Python imports this at start when it is on PYTHONPATH. When `celery.signals` is
imported later (by Celery itself, so that a pool's monkey-patching comes first)
it listens, and appends a line of JSON for each event to QTOPO_OBSERVED:

    {"event": "ready", "node": ..., "pid": ...}        a worker, or beat, is up
    {"event": "received", "id": ..., "queue": ...}     a message came, from this queue
    {"event": "started", "id": ..., "node": ...}       a task begins
"""

import importlib.abc
import importlib.machinery
import json
import os
import sys
import threading

PLACE = os.environ.get("QTOPO_OBSERVED")


class Listener(importlib.abc.MetaPathFinder):
    """Runs a function after a module has been imported."""

    def __init__(self, module, then):
        self.module = module
        self.then = then

    def find_spec(self, name, path=None, target=None):
        if name != self.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            self.then(module)

        spec.loader.exec_module = exec_module
        return spec


def note(event, **facts):
    line = json.dumps({"event": event, **facts}, default=str) + "\n"
    # One write to a file opened for appending: lines of several processes do not mix.
    handle = os.open(PLACE, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


delivering = threading.local()


def virtual(base):
    """kombu's own transports do not tell the consumer which queue a message came from."""
    deliver = base.Transport._deliver

    def _deliver(self, message, queue):
        delivering.queue = queue
        try:
            return deliver(self, message, queue)
        finally:
            delivering.queue = None

    base.Transport._deliver = _deliver


def queue_of(consumer, message):
    name = getattr(delivering, "queue", None)
    queues = {one.name: one for one in consumer.task_consumer.queues}
    if name is None:
        tag = message.delivery_info.get("consumer_tag")
        tags = consumer.task_consumer._active_tags
        name = next((queue for queue, its in tags.items() if its == tag), None)
    # A broadcast queue has a made-up name; its alias is the one of the file.
    return getattr(queues.get(name), "alias", None) or name


def listen(signals):
    # weak=False: nothing else refers to these functions.
    @signals.worker_ready.connect(weak=False)
    def ready(sender, **_):
        note(
            "ready",
            node=sender.hostname,
            pid=os.getpid(),
            pool=sender.controller.pool_cls.__module__,
        )

    @signals.beat_init.connect(weak=False)
    def beat(sender, **_):
        note("ready", node="beat", pid=os.getpid())

    @signals.task_received.connect(weak=False)
    def received(sender, request, **_):
        message = request.message
        note(
            "received",
            id=request.id,
            task=request.name,
            node=sender.hostname,
            queue=queue_of(sender, message),
            delivery_info=message.delivery_info,
            priority=message.properties.get("priority", message.delivery_info.get("priority")),
            headers=message.headers,
        )

    @signals.task_prerun.connect(weak=False)
    def started(task_id, task, **_):
        request = task.request
        note(
            "started",
            id=task_id,
            task=task.name,
            node=request.hostname,
            delivery_info=request.delivery_info,
            pid=os.getpid(),
            thread=threading.current_thread().name,
        )


if PLACE:
    sys.meta_path.insert(0, Listener("celery.signals", listen))
    sys.meta_path.insert(0, Listener("kombu.transport.virtual.base", virtual))
