# ruff: noqa
from shop.celery import app


class Import(app.Task):
    name = "shop.import"
    rows = []

    def __init__(self):
        self.ready = True

    def run(self, row):
        self.rows.append(row)  # expect: task-instance
        self._step(row)

    def _step(self, row):
        self.current = row  # expect: task-instance

    def on_failure(self, exc, task_id, args, kwargs, einfo):
        self.failed = task_id  # expect: task-instance


app.register_task(Import())
