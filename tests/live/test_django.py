"""The Django site: emitted with Django's prefix, and beat's schedule in the database."""

from __future__ import annotations

import sqlite3
import sys

import pytest

pytest.importorskip("django_celery_beat", reason="django-celery-beat is not for this Python")

from arrivals import Application, all_is_where_the_file_says, every_way, nodes
from fleet import EXAMPLES, running

pytestmark = pytest.mark.broker

SITE = Application("djangosite.app:app", "djangosite.celeryconfig", "CELERY")


@pytest.fixture(scope="module")
def django(make_site, redis_broker, results_url):
    site = make_site(EXAMPLES, SITE_BROKER_URL=redis_broker, SITE_RESULT_URL=results_url)
    site.env["DJANGO_SETTINGS_MODULE"] = "djangosite.settings"
    emit = ("emit", "-t", "django.toml", "--namespace", "CELERY", "djangosite/celeryconfig.py")
    site.qtopo(*emit)
    site.run(sys.executable, "-m", "django", "migrate", "--verbosity", "0")
    with running(site, "django.toml") as fleet:
        yield fleet


def rows(fleet):
    """The schedule as Django's database has it: task, every how many of what, enabled."""
    database = fleet.site.folder / "var" / "site.sqlite3"
    connection = sqlite3.connect(database)
    try:
        return connection.execute(
            "select task.name, task.task, every, period, enabled, expire_seconds"
            " from django_celery_beat_periodictask task"
            " join django_celery_beat_intervalschedule on interval_id ="
            " django_celery_beat_intervalschedule.id"
        ).fetchall()
    finally:
        connection.close()


def test_every_task_is_where_the_file_says(django):
    assert django.nodes == nodes(django.topology)
    requests = every_way(django.topology, SITE)
    all_is_where_the_file_says(django, requests, django.site.send(*requests))


def test_beat_puts_the_schedule_into_the_database(django):
    wanted = ("forget-sessions", "accounts.tasks.forget_sessions", 21600, "seconds", 1, 3600)
    assert django.until(lambda: rows(django), what="beat wrote no schedule") == [wanted]
