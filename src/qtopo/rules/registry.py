"""All rules, family by family: the order in which they run and are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules import (
    beat,
    canvas,
    delayed,
    isolation,
    queues,
    references,
    routing,
    settings,
    timing,
    transport,
    workers,
)

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    *references.RULES,
    *settings.RULES,
    *routing.RULES,
    *queues.RULES,
    *transport.RULES,
    *workers.RULES,
    *timing.RULES,
    *delayed.RULES,
    *canvas.RULES,
    *beat.RULES,
    *isolation.RULES,
)
