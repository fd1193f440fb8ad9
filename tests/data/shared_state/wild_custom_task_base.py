# ruff: noqa
from celery import Celery, Task

app = Celery("proj")


class DatabaseTask(Task):
    abstract = True
    _db = None

    @property
    def db(self):
        if self._db is None:
            self._db = object()  # expect: task-instance
        return self._db


@app.task(base=DatabaseTask, bind=True)
def load(self, key):
    return self.db, key
