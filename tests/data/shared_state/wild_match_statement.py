# ruff: noqa
from celery import shared_task

state = {"phase": "idle"}


@shared_task
def step(event):
    match event:
        case {"type": "start", "id": ident}:
            state["phase"] = ident  # expect: module-object
        case [first, *rest]:
            state.update(first=first)  # expect: module-object
        case _:
            local = dict(state)
            local["phase"] = "none"
