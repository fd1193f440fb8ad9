"""Where workflows have chords, and whose results those wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.topology.workflows import Canvas, canvases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.topology.finding import Path
    from qtopo.topology.topology import Topology
    from qtopo.topology.workflows import Step


class Chord(NamedTuple):
    """A chord: where it is, what a sentence calls it, and the tasks whose results it waits for."""

    path: Path
    words: str
    awaited: tuple[tuple[Path, str], ...]


def chords(topology: Topology) -> Iterator[Chord]:
    """Yield the chords of all workflows, and the groups that Celery makes chords of.

    A group with another step behind it in a chain is one: that step is its body.
    """
    for name, workflow in topology.workflows.items():
        for path, canvas in canvases(workflow, ("workflows", name)):
            if canvas.chord is not None:
                header = (*path, "chord", "header")
                awaited = [
                    one
                    for index, step in enumerate(canvas.chord.header)
                    for one in _results(step, (*header, index))
                ]
                words = f"the chord of workflow {name!r}"
                yield Chord((*path, "chord"), words, tuple(awaited))
            steps = canvas.chain or ()
            for index, step in enumerate(steps[:-1]):
                if isinstance(step, Canvas) and step.group:
                    at = (*path, "chain", index)
                    words = f"the group before another step of workflow {name!r}"
                    yield Chord((*at, "group"), words, tuple(_results(step, at)))


def _results(step: Step | None, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the tasks whose results are those of a step."""
    if isinstance(step, str):
        if step:
            yield path, step
    elif step is None:
        return
    elif step.chord is not None:
        yield from _results(step.chord.body, (*path, "chord", "body"))
    elif step.chain:
        last = len(step.chain) - 1
        yield from _results(step.chain[last], (*path, "chain", last))
    else:
        for index, one in enumerate(step.group or ()):
            yield from _results(one, (*path, "group", index))
