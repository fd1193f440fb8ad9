"""An application that publishes to a listener: what it would send, without a broker."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.compiler.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Way(NamedTuple):
    """What one application publishes for a task; `refused` is what it raises instead.

    `entry` is what else an entry of beat's schedule says: when, with what, until when.
    """

    exchange: str | None
    routing_key: str | None
    priority: int | None
    delivery_mode: Any
    headers: tuple[tuple[str, str], ...]
    refused: str | None = None
    entry: tuple[str, ...] = ()

    def text(self) -> str:
        """Return it in words."""
        if self.refused is not None:
            return f"raises {self.refused}"
        where = f"exchange {self.exchange!r}, key {self.routing_key!r}"
        more = "" if self.priority is None else f", priority {self.priority}"
        mode = "" if self.delivery_mode is None else f", delivery mode {self.delivery_mode}"
        return ", ".join((where + more + mode, *self.entry))


_OWN_HEADERS = frozenset(
    {
        "lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries",
        "timelimit", "root_id", "parent_id", "argsrepr", "kwargsrepr", "origin",
        "ignore_result", "replaced_task_nesting", "stamped_headers", "stamps",
    }
)  # fmt: skip


def send(app: Any, name: str) -> Way:
    """Return what an application publishes for a task: as `delay` where it is registered."""

    def publish(listener: Listener) -> None:
        task = app.tasks.get(name)
        if task is None:
            app.send_task(name, producer=listener, ignore_result=True)
        else:
            with untyped(task):
                task.apply_async(producer=listener, ignore_result=True)

    return heard(publish)


@contextlib.contextmanager
def untyped(task: Any) -> Iterator[None]:
    """Let a task be sent without the arguments it asks for."""
    typing = task.typing
    task.typing = False
    try:
        yield
    finally:
        task.typing = typing


def heard(publish: Callable[[Listener], None]) -> Way:
    """Return what is published where a listener stands in for the producer."""
    listener = Listener()
    try:
        publish(listener)
    except Exception as error:
        # Whatever the application raises is what its callers get.
        return Way(None, None, None, None, (), type(error).__name__)
    (sent,) = listener.published
    headers = sent.get("headers") or {}
    own = sorted((str(k), repr(v)) for k, v in headers.items() if k not in _OWN_HEADERS)
    return Way(
        sent.get("exchange"),
        sent.get("routing_key"),
        sent.get("priority"),
        sent.get("delivery_mode"),
        tuple(own),
    )


def quiet(app: Any) -> None:
    """Set aside what would reach out of this process; nothing of it has to do with routing."""
    app.backend_cls = "disabled"
    app.conf.task_always_eager = False
    app.conf.task_send_sent_event = False


def application(settings: dict[str, Any]) -> Any:
    """Return an application that is nobody's current one and reads no configuration by itself."""
    from celery import Celery

    app = Celery("qtopo-verify", set_as_current=False, fixups=(), loader="app")
    # Else it would take over the old application's tasks, which are shared, with what
    # their decorators say: the settings alone are to be judged.
    app.finalized = True
    app.config_from_object({})
    app.conf.update(
        {
            name: value
            for name, value in settings.items()
            if name.startswith("task_") and name != "task_always_eager"
        }
    )
    quiet(app)
    return app


def register(app: Any, names: Sequence[str]) -> None:
    """Give an application tasks of names that it does not know."""
    for name in names:
        if name and name not in app.tasks:
            app.task(name=name, shared=False, typing=False)(_body)


def _body() -> None:
    """Stand in for a task: it is sent, never run."""
