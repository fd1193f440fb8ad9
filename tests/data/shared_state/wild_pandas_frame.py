# ruff: noqa
import pandas as pd
from celery import shared_task

FRAME = pd.DataFrame({"a": []})


@shared_task
def add(row):
    FRAME.loc[len(FRAME)] = row  # expect: module-object
    FRAME["b"] = 1  # expect: module-object
    frame = FRAME.copy()
    frame["c"] = 2
    frame.drop(columns=["a"], inplace=True)
    return len(frame)
