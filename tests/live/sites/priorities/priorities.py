"""A task for each priority of the scale; one that no route names is called `p.nobody`."""

from celery import Celery

app = Celery("priorities")
app.config_from_object("celeryconfig")


def task():
    return None


for word in [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "unset",
    "nobody",
]:
    app.task(name=f"p.{word}", ignore_result=True, shared=False)(task)
