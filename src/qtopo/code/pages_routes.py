"""Pages of the rules about tasks and their routes."""

from __future__ import annotations

PAGES = {
    "task-without-route": """
## Why is this bad?

The file says where tasks go, and not where this one goes: Celery sends it to the default
queue, which may be meant, or forgotten. Where neither the file nor any decorator routes, nothing
is said; nor of a task that is only sent with a queue of its own, by calls and the schedule.

## Example

```toml
[queues.celery]
[queues.mails]

[[routes]]
task = "shop.tasks.send_*"
queue = "mails"

[workers.main]
queues = ["celery", "mails"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task
def send_receipt(order): ...


@shared_task
def remind(order): ...
```

## Use instead

```toml
[queues.celery]
[queues.mails]

[[routes]]
task = ["shop.tasks.send_*", "shop.tasks.remind"]
queue = "mails"

[workers.main]
queues = ["celery", "mails"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task
def send_receipt(order): ...


@shared_task
def remind(order): ...
```

## Versions

Any.

## Source

`celery/app/routes.py`, `Router.route`.
""",
    "route-without-task": """
## Why is this bad?

A route, or a task's `queue` in the file, is for a name or pattern that no task of the
project has: the task was renamed or moved, and now goes to the default queue in silence.
An info where the name begins like none of the project's, since it may be of another package.

## Example

```toml
[queues.celery]
[queues.mails]

[[routes]]
task = ["shop.mails.send", "shop.tasks.remind"]
queue = "mails"

[workers.main]
queues = ["celery", "mails"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task(queue="mails")
def send(order): ...


@shared_task
def remind(order): ...
```

## Use instead

```toml
[queues.celery]
[queues.mails]

[[routes]]
task = ["shop.tasks.send", "shop.tasks.remind"]
queue = "mails"

[workers.main]
queues = ["celery", "mails"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task
def send(order): ...


@shared_task
def remind(order): ...
```

## Versions

Any.

## Source

`celery/app/routes.py`, `MapRoute`; found so in mozilla/kuma and grafana/oncall.
""",
    "decorator-beats-route": """
## Why is this bad?

`queue`, `exchange`, `routing_key` and `priority` of a decorator win over every route: the
file says one thing, and Celery does another. Whoever changes the route changes nothing.

## Example

```toml
[queues.celery]
[queues.mails]

[[routes]]
task = "shop.tasks.*"
queue = "mails"

[workers.main]
queues = ["celery", "mails"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task(queue="celery")
def send(order): ...


@shared_task
def remind(order): ...
```

## Use instead

```toml
[queues.celery]
[queues.mails]

[[routes]]
task = "shop.tasks.*"
queue = "mails"

[workers.main]
queues = ["celery", "mails"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task
def send(order): ...


@shared_task
def remind(order): ...
```

## Versions

Any. Celery 5.7 warns of routing options of tasks, and 6.0 is to ignore them: the task then
goes where the route says.

## Source

`celery/app/routes.py`, `Router.route`: what is passed overwrites what the route says.
""",
    "app-routes-otherwise": """
## Why is this bad?

The application that was loaded sends a task to another queue than the file says: it has
routers or settings of its own, or does not load what `qtopo emit` writes. Whatever else is
judged by the file does not hold for it. Found by `--app` alone.

## Example

```toml
[app]
celery = "shop.celery:app"

[queues.celery]
[queues.mails]

[[routes]]
task = "shop.celery.send"
queue = "mails"

[workers.main]
queues = ["celery", "mails"]
```

```python
# shop/celery.py
from celery import Celery

app = Celery("shop")


@app.task
def send(order): ...
```

## Use instead

```toml
[app]
celery = "shop.celery:app"

[queues.celery]
[queues.mails]

[[routes]]
task = "shop.celery.send"
queue = "mails"

[workers.main]
queues = ["celery", "mails"]
```

```python
# shop/celery.py
from celery import Celery

app = Celery("shop")
app.conf.task_routes = {"shop.celery.send": {"queue": "mails"}}  # or config_from_object


@app.task
def send(order): ...
```

## Versions

Any.

## Source

The application's own `app.amqp.router`.
""",
    "queue-without-sender": """
## Why is this bad?

A queue is declared and perhaps consumed, and nothing of the project goes there: no task's
route or decorator, no call, no schedule entry. It is left over, or what is meant for it
goes elsewhere. Silent where any queue is computed, for the default queue, for queues that
get dead letters, and where a route to it is for tasks of other packages.

## Example

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
```

## Versions

Any.

## Source

`celery/app/amqp.py` and `celery/app/routes.py`; found so in GSA/notifications-api.
""",
}
