# ruff: noqa

from celery import Celery, current_task

app = Celery("shop")


@app.task
def work(x):
    app.conf.task_always_eager = True  # expect: module-object
    app.conf["x"] = x  # expect: module-object
    current_task.note = x
