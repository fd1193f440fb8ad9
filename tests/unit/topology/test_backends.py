"""What result backends do about chords: Celery's own classes are asked."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any
from unittest.mock import MagicMock

import pytest
from celery import Celery
from celery.app.backends import BACKEND_ALIASES
from celery.backends.base import BaseBackend, BaseKeyValueStoreBackend

from qtopo.topology.backends import CHORDS, COUNTS, POLLS, REFUSES, chords_of
from qtopo.topology.topology import Topology

GONE = {"riak"}
"""Names that Celery still lists without having the module."""
ELSEWHERE = {"django-db", "django-cache", "filesystem"}
"""Names of other packages, and the scheme of the backend `file`."""

AZURE = (
    "azure",
    "azure.core",
    "azure.core.exceptions",
    "azure.identity",
    "azure.storage",
    "azure.storage.blob",
    "azure.storage.queue",
)


def of_class(backend: type[BaseBackend]) -> str:
    """What a class does, by the methods that Celery calls for a chord."""
    if backend.ensure_chords_allowed is not BaseBackend.ensure_chords_allowed:
        return REFUSES
    own = backend.on_chord_part_return
    counting = own not in (
        BaseBackend.on_chord_part_return,
        BaseKeyValueStoreBackend.on_chord_part_return,
    )
    return COUNTS if counting or getattr(backend, "implements_incr", False) else POLLS


def done(results: Any) -> Any:
    return results


def test_every_name_of_celery_is_known() -> None:
    assert set(BACKEND_ALIASES) - GONE == set(CHORDS) - ELSEWHERE


@pytest.mark.parametrize("name", sorted(set(BACKEND_ALIASES) - GONE))
def test_the_classes_do_what_is_said(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in AZURE:
        # Large, and nothing of it is called: the class is Celery's.
        monkeypatch.setitem(sys.modules, library, MagicMock())
    module, _, attribute = BACKEND_ALIASES[name].replace(":", ".").rpartition(".")
    backend = getattr(import_module(module), attribute)
    assert CHORDS[name] == of_class(backend)


@pytest.mark.parametrize("url", [None, "rpc://", "disabled://", "cache+memory://", "file:///tmp"])
def test_an_application_starts_a_chord_or_refuses(url: str | None) -> None:
    app = Celery("x", broker="memory://", backend=url, set_as_current=False)
    task = app.task(done)
    sent = []
    app.tasks["celery.chord_unlock"].apply_async = lambda *_, **__: sent.append("unlock")
    header = ("header", [app.AsyncResult("one")])
    results = None if url is None else Topology.from_data({"results": {"url": url}})[0].results
    said = chords_of(results)
    if said == REFUSES:
        with pytest.raises(NotImplementedError):
            app.backend.apply_chord(header, task.s())
    else:
        app.backend.apply_chord(header, task.s())
    assert sent == (["unlock"] if said == POLLS else [])


def test_a_kind_that_is_not_known() -> None:
    for results in ({"url": "env:RESULTS"}, {"url": "acme://x"}, {"backend": "acme.results:Own"}):
        assert chords_of(Topology.from_data({"results": results})[0].results) is None
    assert chords_of(Topology.from_data({"results": {"backend": "django-db"}})[0].results) == COUNTS
