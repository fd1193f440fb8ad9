"""Pages of the rules about tasks: their files, options, workers and state."""

from __future__ import annotations

PAGES = {
    "code-unreadable": """
## Why is this bad?

What stands in a file that cannot be parsed was not looked at: its tasks count as missing,
its calls are not judged. Files over 500 kB and what nests deeper than people write are
not read either, and of very large projects not all is.

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
def send(to:
```

## Use instead

```toml
[queues.celery]

[workers.main]
queues = ["celery"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task
def send(to): ...
```

## Versions

Any. Files are parsed as the Python that runs qtopo has it.

## Source

`ast.parse` of the standard library.
""",
    "decorator-option-unknown": """
## Why is this bad?

Celery makes an attribute of every option of a decorator, and reads those that it knows.
`queue_name="mails"` is accepted without a word, and the task goes to the default queue. Names
that look like none of Celery's are let pass, and those that the task's own class has or
that any code of the project reads.

## Example

```toml
[queues.celery]

[workers.main]
queues = ["celery"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task(max_retry=5)
def send(order): ...
```

## Use instead

```toml
[queues.celery]

[workers.main]
queues = ["celery"]
```

```python
# shop/tasks.py
from celery import shared_task


@shared_task(max_retries=5)
def send(order): ...
```

## Versions

Any.

## Source

`celery/app/base.py`, `_task_from_fun`; found so in project-koku/koku.
""",
    "task-not-imported": """
## Why is this bad?

A worker that gets a task it has not imported logs `Received unregistered task` and throws
the message away. Modules count as imported that the application's module names, and those
that they name in turn: in imports, as texts (`include`, Django's INSTALLED_APPS), or by
`autodiscover_tasks`; and what the worker's own `include` brings. Where any of this is
computed, nothing is said. The file must say the application: `celery` of `[app]`.

## Example

```toml
[app]
celery = "shop.celery:app"

[queues.celery]

[workers.main]
queues = ["celery"]
```

```python
# shop/celery.py
from celery import Celery

app = Celery("shop", include=["shop.tasks"])
```

```python
# shop/jobs.py
from celery import shared_task


@shared_task
def send(order): ...
```

## Use instead

```toml
[app]
celery = "shop.celery:app"

[queues.celery]

[workers.main]
queues = ["celery"]
```

```python
# shop/celery.py
from celery import Celery

app = Celery("shop", include=["shop.jobs"])
```

```python
# shop/jobs.py
from celery import shared_task


@shared_task
def send(order): ...
```

## Versions

Any.

## Source

`celery/worker/consumer/consumer.py`, `on_unknown_task`; `celery/loaders/base.py`.
""",
    "shared-state": """
## Why is this bad?

What a task changes outside itself stays in the memory of its process. With prefork, or
several replicas, each process has its own copy, and the next task may not see it; with
threads, gevent or eventlet tasks run side by side and race. An info where one process with one
place runs the task, where no worker is known to run it, where what was empty is filled the
same way each time under prefork, and for `functools.cache`. Not reported under a lock.

## Example

```toml
[queues.celery]

[workers.main]
queues = ["celery"]
concurrency = 4
```

```python
# shop/tasks.py
from celery import shared_task

SENT = {}


@shared_task
def send(order):
    SENT[order] = True
```

## Use instead

```toml
[queues.celery]

[workers.main]
queues = ["celery"]
concurrency = 4
```

```python
# shop/tasks.py
from celery import shared_task
from django.core.cache import cache


@shared_task
def send(order):
    cache.set(f"sent-{order}", True)
```

## Versions

Any.

## Source

`celery/concurrency/prefork.py` and `celery/concurrency/thread.py`.
""",
}
