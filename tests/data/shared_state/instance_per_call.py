# ruff: noqa
from celery import shared_task


class Report:
    def __init__(self, name):
        self.name = name
        self.rows = []

    def add(self, row):
        self.rows.append(row)
        self.count = len(self.rows)


@shared_task
def work(rows):
    report = Report("x")
    for row in rows:
        report.add(row)
    report.done = True
    return report.rows
