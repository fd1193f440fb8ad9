"""A stand-in for kombu's producer: what Celery would send, without a broker."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Listener:
    """Given to Celery as a producer, it writes down what is published."""

    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []
        self.connection = self

    @contextlib.contextmanager
    def _reraise_as_library_errors(self, *_: Any, **__: Any) -> Iterator[None]:
        yield

    def publish(self, body: Any, **options: Any) -> None:  # noqa: ARG002
        """Note the options; the body does not matter."""
        self.published.append(options)
