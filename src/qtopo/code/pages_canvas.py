"""Pages of the rules about canvases."""

from __future__ import annotations

PAGES = {
    "chord-in-code-without-backend": """
## Why is this bad?

A chord counts in the result backend how many of its steps are done. Without one, or with one
that runs no chords (`rpc`), it raises as it is sent, or its body never runs. A group in
the middle of a chain is a chord too.

## Example

```toml
[queues.celery]

[workers.main]
queues = ["celery"]
```

```python
# shop/tasks.py
from celery import chord, shared_task


@shared_task
def send(order): ...


@shared_task
def report(sent): ...


def every(orders):
    chord(send.s(order) for order in orders)(report.s())
```

## Use instead

```toml
[results]
url = "env:RESULT_URL"
backend = "redis"

[queues.celery]

[workers.main]
queues = ["celery"]
```

```python
# shop/tasks.py
from celery import chord, shared_task


@shared_task
def send(order): ...


@shared_task
def report(sent): ...


def every(orders):
    chord(send.s(order) for order in orders)(report.s())
```

## Versions

Any.

## Source

`celery/backends/base.py`, `apply_chord`; `celery/backends/rpc.py`.
""",
    "canvas-through-unconsumed-queue": """
## Why is this bad?

A step of a chain, group or chord goes to a queue that no running worker consumes: it waits
there, and what comes after it never runs.

## Example

```toml
[queues.celery]

[queues.archive]
parking = true

[[routes]]
task = "shop.tasks.archive"
queue = "archive"

[[routes]]
task = "shop.tasks.report"
queue = "celery"

[workers.main]
queues = ["celery"]
```

```python
# shop/tasks.py
from celery import chain, shared_task


@shared_task
def archive(order): ...


@shared_task
def report(order): ...


def finish(order):
    chain(archive.si(order), report.si(order)).apply_async()
```

## Use instead

```toml
[queues.celery]
[queues.archive]

[[routes]]
task = "shop.tasks.*"
queue = "archive"

[workers.main]
queues = ["celery", "archive"]
```

```python
# shop/tasks.py
from celery import chain, shared_task


@shared_task
def archive(order): ...


@shared_task
def report(order): ...


def finish(order):
    chain(archive.si(order), report.si(order)).apply_async()
```

## Versions

Any.

## Source

`celery/canvas.py`, `_chain.run`: the next step is sent when the one before has run.
""",
    "chord-header-without-result": """
## Why is this bad?

A task with `ignore_result=True` stands in the header of a chord. The body waits for the
result of every step, and the one of this is thrown away.

## Example

```toml
[results]
url = "env:RESULT_URL"
backend = "redis"

[queues.celery]

[workers.main]
queues = ["celery"]
```

```python
# shop/tasks.py
from celery import chord, shared_task


@shared_task(ignore_result=True)
def send(order): ...


@shared_task
def report(sent): ...


def every(orders):
    chord(send.s(order) for order in orders)(report.s())
```

## Use instead

```toml
[results]
url = "env:RESULT_URL"
backend = "redis"

[queues.celery]

[workers.main]
queues = ["celery"]
```

```python
# shop/tasks.py
from celery import chord, shared_task


@shared_task
def send(order): ...


@shared_task
def report(sent): ...


def every(orders):
    chord(send.s(order) for order in orders)(report.s())
```

## Versions

Any.

## Source

`celery/backends/base.py`, `mark_as_done` and `on_chord_part_return`.
""",
}
