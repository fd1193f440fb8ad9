# ruff: noqa
from celery import shared_task


class Report:
    def __init__(self):
        self.rows = []
        self.total = 0

    def add(self, row):
        self.rows.append(row)
        self.total += row["price"]
        return self

    @classmethod
    def of(cls, rows):
        report = cls()
        for row in rows:
            report.add(row)
        return report


@shared_task
def report(rows):
    made = Report.of(rows)
    made.rows.sort()
    made.title = "x"
    return made.total
