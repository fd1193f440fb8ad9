"""Pages of the rules about what is sent: calls, schedules, retries."""

from __future__ import annotations

PAGES = {
    "unknown-task-sent": """
## Why is this bad?

A schedule entry, a workflow, `send_task` or `signature` names a task that the project does
not have: it was renamed, or never there. The worker logs `Received unregistered task` and
throws the message away. Names that begin like none of the project's are let pass.

## Example

```toml
[queues.celery]

[workers.main]
queues = ["celery"]
```

```python
# shop/tasks.py
from celery import current_app, shared_task


@shared_task
def send(order): ...


def later(order):
    current_app.send_task("shop.tasks.send_mail", [order])
```

## Use instead

```toml
[queues.celery]

[workers.main]
queues = ["celery"]
```

```python
# shop/tasks.py
from celery import current_app, shared_task


@shared_task
def send(order): ...


def later(order):
    current_app.send_task("shop.tasks.send", [order])
```

## Versions

Any.

## Source

`celery/worker/consumer/consumer.py`, `on_unknown_task`.
""",
    "unknown-queue-sent": """
## Why is this bad?

A call, a decorator or a schedule entry in the code names a queue or exchange that is not
declared. Celery raises `QueueNotFound` when it sends. With `create_missing_queues` the queue
is created and nobody consumes it: what is sent waits for ever (then a warning).

## Example

```toml
[queues.celery]

[workers.main]
queues = ["celery"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task
def send(order): ...


def later(order):
    send.apply_async([order], queue="mails")
```

## Use instead

```toml
[queues.celery]
[queues.mails]

[workers.main]
queues = ["celery", "mails"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task
def send(order): ...


def later(order):
    send.apply_async([order], queue="mails")
```

## Versions

Any.

## Source

`celery/app/routes.py`, `Router.expand_destination`.
""",
    "priority-out-of-range": """
## Why is this bad?

Code gives a priority as the broker takes it. Redis has 0 to 9, of which 0 is the most
urgent: 10 counts as 9. RabbitMQ has as many as the queue's `max_priority`, and counts what is
above as that; over 255, or below 0, the message cannot be sent (an error).

## Example

```toml
[queues.celery]
max_priority = 5

[workers.main]
queues = ["celery"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task
def send(order): ...


def now(order):
    send.apply_async([order], priority=9)
```

## Use instead

```toml
[queues.celery]
max_priority = 5

[workers.main]
queues = ["celery"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task
def send(order): ...


def now(order):
    send.apply_async([order], priority=5)
```

## Versions

Any.

## Source

`kombu/transport/redis.py`, `_get_message_priority`; measured on RabbitMQ 3.10.
""",
    "broadcast-task-retries": """
## Why is this bad?

A task that goes to every worker calls `retry` or has `autoretry_for`: each retry is sent to
every worker again. Three workers and two retries ran a task 3 + 9 + 27 times.

## Example

```toml
[queues.celery]

[queues.all]
broadcast = true

[[routes]]
task = "shop.tasks.reload"
queue = "all"

[workers.main]
queues = ["celery", "all"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task(autoretry_for=(OSError,))
def reload(): ...
```

## Use instead

```toml
[queues.celery]

[queues.all]
broadcast = true

[[routes]]
task = "shop.tasks.reload"
queue = "all"

[workers.main]
queues = ["celery", "all"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task
def reload(): ...
```

## Versions

Any.

## Source

`celery/app/task.py`, `signature_from_request`; measured with three workers.
""",
    "bulk-call-leaves-route": """
## Why is this bad?

`chunks` of a task are sent as `celery.starmap`, which no route of the task is for: they go
to the default queue. `map` and `starmap` follow the task's route, but not its decorator.

## Example

```toml
[queues.celery]
[queues.mails]

[[routes]]
task = "shop.tasks.send"
queue = "mails"

[workers.main]
queues = ["celery", "mails"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task
def send(order): ...


def every(orders):
    send.chunks(orders, 10).apply_async()
```

## Use instead

```toml
[queues.celery]
[queues.mails]

[[routes]]
task = "shop.tasks.send"
queue = "mails"

[workers.main]
queues = ["celery", "mails"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task
def send(order): ...


def every(orders):
    send.chunks(orders, 10).apply_async(queue="mails")
```

## Versions

Any.

## Source

`celery/canvas.py`, `chunks` and `xmap`.
""",
}
