"""What Celery's backends read although its list of settings leaves it out: its source says so."""

from __future__ import annotations

from pathlib import Path

import celery
import pytest

from qtopo.rules.settings.names import UNLISTED
from qtopo.topology.celery_settings import SETTINGS

BACKENDS = Path(celery.__file__).parent / "backends"


@pytest.mark.parametrize("name", sorted(UNLISTED))
def test_a_backend_reads_it(name: str) -> None:
    assert name not in SETTINGS
    assert any(name in file.read_text("utf-8") for file in BACKENDS.glob("*.py"))
