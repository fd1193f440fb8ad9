# ruff: noqa
from celery import shared_task


@shared_task(bind=True)
def work(self, x):
    self.calls = getattr(self, "calls", 0) + 1  # expect: task-instance
    self.request.extra = x
    self.update_state(state="PROGRESS", meta={"n": x})
    other.seen = x  # expect: function-attribute


@shared_task
def other():
    return None
