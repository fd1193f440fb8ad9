# ruff: noqa
import json
import os
import tempfile

from celery import shared_task

HERE = os.path.dirname(__file__)


@shared_task
def dump(rows):
    handle, path = tempfile.mkstemp()
    with os.fdopen(handle, "w") as out:
        json.dump(rows, out)
        out.write("done")
    data = json.loads("{}")
    data["rows"] = rows
    data.setdefault("n", []).append(1)
    parts = path.split("/")
    parts.append("x")
    return data
