# ruff: noqa
import time

from celery import shared_task


class Limiter:
    def __init__(self, per_second):
        self.gap = 1 / per_second
        self.last = 0.0

    def wait(self):
        now = time.monotonic()
        if now - self.last < self.gap:
            time.sleep(self.gap)
        self.last = now  # expect: module-object


limiter = Limiter(5)


@shared_task(bind=True)
def fetch(self, url):
    limiter.wait()
    return url
