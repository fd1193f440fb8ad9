"""`[workflows.NAME]`: a Celery canvas of chains, groups and chords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.topology.common import NAME, PROSE
from qtopo.topology.kinds import Items, OneOf, Table
from qtopo.topology.model import Model, describe, field, name_field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.topology.finding import Path
    from qtopo.topology.shape import Reader

_DEEPEST = 32


class _Canvas(Table):
    """A table of a step; refuses to go deeper than anyone reads."""

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        if len(path) > 3 * _DEEPEST:
            reader.add("invalid-value", path[:8], f"{describe(path[:8])} is nested too deep")
            return None
        return super().read(value, path, reader)


STEP = OneOf(
    "a task's name or a table with chain, group or chord",
    {str: NAME, dict: _Canvas(lambda: Canvas)},
    lambda value: str if isinstance(value, str) else dict,
)
_STEPS = Items(STEP, "a list of steps", least=1)


class Chord(Model):
    """Steps that run side by side, and one that gets their results."""

    header: tuple[Step, ...] = field(_STEPS, "The steps that run side by side.")
    body: Step = field(STEP, "The step that gets their results.")


class Canvas(Model):
    """Steps that belong together: exactly one of chain, group and chord."""

    ONE_OF = ("chain", "group", "chord")

    chain: tuple[Step, ...] | None = field(_STEPS, "Steps one after another.", default=None)
    group: tuple[Step, ...] | None = field(_STEPS, "Steps side by side.", default=None)
    chord: Chord | None = field(
        Table(Chord), "Steps side by side, then one with their results.", default=None
    )


class Workflow(Canvas):
    """A canvas with a name."""

    name: str = name_field()
    description: str | None = field(PROSE, "What it is for.", default=None)


if TYPE_CHECKING:
    Step = str | Canvas


def steps(step: Step | None, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield every task of a step with its key path, in the order they are written."""
    if isinstance(step, str):
        yield path, step
    elif step is not None:
        for kind in ("chain", "group"):
            for index, one in enumerate(getattr(step, kind) or ()):
                yield from steps(one, (*path, kind, index))
        if step.chord is not None:
            for index, one in enumerate(step.chord.header):
                yield from steps(one, (*path, "chord", "header", index))
            yield from steps(step.chord.body, (*path, "chord", "body"))


def canvases(step: Step | None, path: Path) -> Iterator[tuple[Path, Canvas]]:
    """Yield every canvas of a step with its key path, outermost first."""
    if isinstance(step, Canvas):
        yield path, step
        for kind in ("chain", "group"):
            for index, one in enumerate(getattr(step, kind) or ()):
                yield from canvases(one, (*path, kind, index))
        if step.chord is not None:
            for index, one in enumerate(step.chord.header):
                yield from canvases(one, (*path, "chord", "header", index))
            yield from canvases(step.chord.body, (*path, "chord", "body"))
