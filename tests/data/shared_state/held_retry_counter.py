# ruff: noqa
from celery import shared_task

FAILURES = {"total": 0, "by_host": {}}


@shared_task(bind=True, max_retries=3)
def fetch(self, host):
    try:
        return host
    except Exception as error:
        FAILURES["total"] += 1  # expect: module-object
        FAILURES["by_host"].setdefault(host, []).append(error)  # expect: module-object
        raise self.retry(exc=error, countdown=2**self.request.retries)
