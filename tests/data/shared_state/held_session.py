# ruff: noqa
from celery import shared_task

import requests
from sqlalchemy.orm import sessionmaker

http = requests.Session()
Session = sessionmaker()


@shared_task
def work(token):
    http.headers["Authorization"] = token  # expect: module-object
    http.verify = False  # expect: module-object
    session = Session()
    session.add(token)
    session.info["x"] = 1
    session.commit()
