# ruff: noqa
from abc import ABC, abstractmethod

from celery import shared_task


class Exporter(ABC):
    written = []

    @abstractmethod
    def export(self, row): ...

    def run(self, rows):
        for row in rows:
            self.export(row)
        self.count = len(rows)


class CsvExporter(Exporter):
    def export(self, row):
        self.written.append(row)  # expect: class-attribute


@shared_task
def export(rows):
    CsvExporter().run(rows)
