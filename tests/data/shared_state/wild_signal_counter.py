# ruff: noqa
from celery import shared_task
from celery.signals import task_postrun

done = 0


@task_postrun.connect
def count(**kwargs):
    global done
    done += 1


@shared_task
def work():
    return done
