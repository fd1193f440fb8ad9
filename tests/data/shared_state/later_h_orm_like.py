# ruff: noqa
from celery import shared_task
from sqlalchemy.orm import Session

from lib import engine


@shared_task
def work(x):
    with Session(engine) as session:
        session.add(x)
        session.info["x"] = 1
        x.name = "y"
        session.commit()
