# ruff: noqa
from celery import shared_task


class Mailer:
    sent = 0
    _queue = []

    def __init__(self, host):
        self.host = host
        self.log = []

    def send(self, to):
        self.log.append(to)
        Mailer.sent += 1  # expect: class-attribute
        self._flush(to)

    def _flush(self, to):
        self._queue.append(to)  # expect: class-attribute

    @staticmethod
    def reset():
        Mailer._queue.clear()  # expect: class-attribute


class Jobs:
    mailer = Mailer("x")


@shared_task
def mail(to):
    mailer = Mailer("localhost")
    mailer.send(to)
    Mailer.reset()
    Jobs.mailer.log.append(to)  # expect: class-attribute
