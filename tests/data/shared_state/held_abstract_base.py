# ruff: noqa
from shop.celery import app

from celery import Task


class Counting(Task):
    abstract = True
    runs = {}

    def before_start(self, task_id, args, kwargs):
        self.runs[task_id] = 1  # expect: task-instance

    def on_success(self, retval, task_id, args, kwargs):
        self.runs.pop(task_id)  # expect: task-instance
        type(self).total = 1  # expect: class-attribute


@app.task(base=Counting)
def work():
    return 1
