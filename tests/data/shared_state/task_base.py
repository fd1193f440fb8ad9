# ruff: noqa
from shop.celery import app

from celery import Task


class DatabaseTask(Task):
    _db = None

    @property
    def db(self):
        if self._db is None:
            self._db = object()  # expect: task-instance
        return self._db


@app.task(base=DatabaseTask, bind=True)
def work(self):
    return self.db
