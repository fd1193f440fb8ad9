"""Sends tasks as a program of its own, and writes down what came of them.

Run in the folder of the application, with a list of requests as JSON on stdin
and the list of answers, in order, on stdout. It is no part of a worker and
shares no connection with one, as a web server would.

    {"how": "delay", "app": "shop.app:app", "task": "shop.ping"}
    {"how": "apply_async", ..., "options": {"priority": 9}}
    {"how": "send_task", "config": "shop.celeryconfig", "task": "shop.ping"}
    {"how": "chain", "app": ..., "tasks": [...]}           also group
    {"how": "chord", "app": ..., "tasks": [...], "body": ...}
    {"how": "call", "function": "shop.app:checkout", "args": [7]}
"""

from __future__ import annotations

import functools
import json
import sys
from importlib import import_module

# Whatever is not taken by then is of no use to a test any more.
EXPIRES = 120


def attribute(path):
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


@functools.cache
def another_program(config, namespace):
    """An app that knows the settings and none of the tasks."""
    from celery import Celery

    app = Celery("another-program", set_as_current=False)
    app.config_from_object(config, namespace=namespace)
    return app


def send(one):
    import celery

    how = one["how"]
    options = {"expires": EXPIRES, **one.get("options", {})}
    if how == "send_task":
        app = another_program(one["config"], one.get("namespace"))
        return app.send_task(one["task"], **options)
    if how == "call":
        return attribute(one["function"])(*one.get("args", ())).apply_async(**options)
    app = attribute(one["app"])
    app.loader.import_default_modules()
    if how == "delay":
        return app.tasks[one["task"]].delay(*one.get("args", ()))
    if how == "apply_async":
        return app.tasks[one["task"]].apply_async(tuple(one.get("args", ())), **options)
    steps = [app.tasks[task].si() for task in one["tasks"]]
    if how == "chain":
        return celery.chain(*steps).apply_async(**options)
    if how == "group":
        return celery.group(*steps).apply_async(**options)
    if how == "chord":
        return celery.chord(steps, app.tasks[one["body"]].si()).apply_async(**options)
    raise SystemExit(f"no way to send: {how!r}")


def ids(result):
    """Every message that has to do with a result: its own, its group's, those before it."""
    found = []
    while result is not None:
        children = getattr(result, "results", None)
        found += [child for one in children for child in ids(one)] if children else [result.id]
        result = result.parent
    return found


def main():
    sent = [(one, send(one)) for one in json.load(sys.stdin)]
    answers = []
    for one, result in sent:
        answer = {"ids": ids(result), "result": None, "error": None}
        if one.get("wait", True):
            try:
                answer["result"] = result.get(timeout=one.get("timeout", 60))
            except Exception as error:
                answer["error"] = f"{type(error).__name__}: {error}"
        answers.append(answer)
    json.dump(answers, sys.stdout)


main()
