"""Where lines meet boxes: the place of each line's ends on the sides of its boxes, and
the end at which its label stands.

A label stands beside a box, centred on the line, with the line's port to itself:
ports with labels are a line of text apart and boxes are as tall as their ports
ask for. So labels meet neither each other nor a box, whatever is drawn.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, NamedTuple

from qtopo.graph.layers import BINDS, DEAD_LETTER, EXCHANGE_BINDING, RUNS_ON
from qtopo.graph.picture.metrics import shorten, text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.graph.picture.ranks import Ranks
    from qtopo.graph.picture.wires import Wire

LEFT, RIGHT = 0, 1
LABEL = 10.5
"""The size of labels."""
LABELLED, PLAIN = 17.0, 7.0
"""How far apart ports with and without labels are."""
_INSET = 8.0
_LONGEST = 132.0
_MANY = 8
"""So many lines without labels on one side meet in one point."""


class End(NamedTuple):
    """One end of a line: its node, and which side of it."""

    node: int
    side: int


class Plan(NamedTuple):
    """The two ends of each line, the label it shows, and at which end (0 start, 1 end)."""

    ends: list[tuple[End, End]]
    shown: list[str]
    at: list[int]
    groups: dict[End, dict[tuple[int, str, int], list[int]]]
    """For each side: the ports, each with the lines that meet there."""


def plan(
    lines: Sequence[tuple[int, int, Wire]], lane_of: Sequence[int], lanes: int, ranks: Ranks
) -> Plan:
    """Return the ends of lines and where their labels go."""
    ends = [_ends(start, end, wire, lane_of, lanes) for start, end, wire in lines]
    labelled: dict[End, int] = {}
    for (start, end), (_, _, wire) in zip(ends, lines, strict=True):
        if wire.label:
            labelled[start] = labelled.get(start, 0) + 1
            labelled[end] = labelled.get(end, 0) + 1
    at, shown = [], []
    for (start, end), (_, _, wire) in zip(ends, lines, strict=True):
        there, here = labelled.get(end, 0), labelled.get(start, 0)
        to_end = there < here or (there == here and wire.kind in (BINDS, EXCHANGE_BINDING))
        at.append(1 if to_end else 0)
        shown.append(shorten(wire.label, _LONGEST, LABEL) if wire.label else "")
    groups: dict[End, dict[tuple[int, str, int], list[int]]] = {}
    for index, (pair, (_, _, wire)) in enumerate(zip(ends, lines, strict=True)):
        way = ranks.ways[index]
        for which, one in enumerate(pair):
            beyond = pair[1 - which].node
            if way:
                beyond = way[1] if way[0] == one.node else way[-2]
            own = index if shown[index] and at[index] == which else -1
            groups.setdefault(one, {}).setdefault((beyond, wire.kind, own), []).append(index)
    for one, ports in groups.items():
        groups[one] = _gathered(ports)
    return Plan(ends, shown, at, groups)


def needed(plan: Plan, end: End) -> float:
    """Return how tall a box has to be for the ports of one of its sides, which has some."""
    return fsum([_step(key) for key in plan.groups[end]]) + 2 * _INSET - PLAIN


def label_room(plan: Plan, lane_of: Sequence[int], lanes: int) -> list[list[float]]:
    """Return the widths of the columns of labels to the left and to the right of each lane."""
    room = [[0.0, 0.0] for _ in range(lanes)]
    for end, groups in plan.groups.items():
        beside = room[lane_of[end.node]]
        for _, _, own in groups:
            if own >= 0:
                wide = text_width(plan.shown[own], LABEL) + 22.0
                beside[end.side] = max(beside[end.side], wide)
    return room


def placed(plan: Plan, end: End, y: Sequence[float]) -> dict[int, float]:
    """Return the y of the port of each line that ends at a side of a box, which has some."""
    ports = plan.groups[end]
    middle = y[end.node]
    if len(ports) == 1:
        at = round(middle, 1)
        return {line: at for lines in ports.values() for line in lines}
    # In the order of where the lines come from: they do not cross before the box.
    order = sorted(ports, key=lambda key: (y[key[0]], key[2], key[1]))
    at = middle - fsum(_step(key) for key in order) / 2
    found = {}
    for key in order:
        step = _step(key)
        for line in ports[key]:
            found[line] = round(at + step / 2, 1)
        at += step
    return found


def _step(key: tuple[int, str, int]) -> float:
    return LABELLED if key[2] >= 0 else PLAIN


def _ends(start: int, end: int, wire: Wire, lane_of: Sequence[int], lanes: int) -> tuple[End, End]:
    first, last = lane_of[start], lane_of[end]
    if first < last:
        return End(start, RIGHT), End(end, LEFT)
    if first > last:
        return End(start, LEFT), End(end, RIGHT)
    side = LEFT if first and (wire.kind == DEAD_LETTER or first == lanes - 1) else RIGHT
    return End(start, side), End(end, side)


def _gathered(
    ports: dict[tuple[int, str, int], list[int]],
) -> dict[tuple[int, str, int], list[int]]:
    """Let the lines of a kind without labels meet in one port where they are many."""
    plain: dict[str, list[tuple[int, str, int]]] = {}
    for key in ports:
        if key[2] < 0:
            plain.setdefault(key[1], []).append(key)
    most = 2 if RUNS_ON in plain else _MANY
    if all(len(keys) <= most for keys in plain.values()):
        return ports
    gathered: dict[tuple[int, str, int], list[int]] = {}
    for key, lines in ports.items():
        same = plain.get(key[1], ())
        if key[2] < 0 and len(same) > most:
            middle = same[len(same) // 2]
            gathered.setdefault(middle, []).extend(lines)
        else:
            gathered[key] = lines
    return gathered
