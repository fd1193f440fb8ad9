# ruff: noqa
from celery import shared_task


@shared_task(bind=True)
def work(self, x):
    self.last = x  # expect: task-instance
    self.update_state(state="PROGRESS", meta={"x": x})
    self.request.note = x
    return self.request.id
