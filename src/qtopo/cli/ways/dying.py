"""`qtopo route --dead-letters`: where messages of a queue end that it gives up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from qtopo.cli.common import answer, answer_json, use_color, use_unicode
from qtopo.cli.main import OK
from qtopo.cli.table import visible
from qtopo.cli.ways.calling import read_headers
from qtopo.cli.ways.reaching import declared
from qtopo.diagnostics.screen import painter
from qtopo.errors import QtopoError
from qtopo.topology.units import format_duration

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from qtopo.routing.deadletters import DeadLetters
    from qtopo.routing.letters import Course, End, Letter
    from qtopo.topology.topology import Topology

WORDS = {
    "rejected": "rejected",
    "expired": "expired",
    "maxlen": "over length",
    "delivery_limit": "delivered too often",
}


def dead_letters(args: argparse.Namespace, topology: Topology) -> int:
    """Answer; returns the exit code."""
    from qtopo.routing import deadletters

    if len(args.key) > 1:
        raise QtopoError("--dead-letters takes one --key: the one the message was published with")
    found = deadletters.dead_letters(
        topology,
        declared(topology, args.dead_letters),
        key=args.key[0] if args.key else None,
        headers=read_headers(args.header),
        delayed=True,
    )
    if args.format == "json":
        answer_json({"format_version": 1, **found.as_json()})
        return OK
    if not found.supported:
        answer(
            f"{visible(found.queue)}: transport {topology.broker.transport!r} "
            "has no dead letters for it: what is given up is gone"
        )
        return OK
    rejecting = [one.event for one in deadletters.HANDLINGS if one.answer == "reject"]
    answer("\n".join(_lines(found, rejecting, args.color)))
    return OK


def _lines(found: DeadLetters, rejecting: list[str], color: str) -> Iterator[str]:
    paint = painter(use_color(sys.stdout, color))
    arrow = "→" if use_unicode(sys.stdout) else "->"
    yield paint(visible(found.queue), "strong")
    width = max(len(WORDS[one.reason]) for one in found.courses)
    for course in found.courses:
        yield f"  {WORDS[course.reason]:<{width}}  {paint(visible(course.when), 'frame')}"
        yield from (f"    {line}" for line in _course(course, arrow))
    yield ""
    yield "A worker rejects a message when " + ",\nor when ".join(rejecting) + "."


def _course(course: Course, arrow: str) -> Iterator[str]:
    if not course.letters:
        yield "no dead letter: the sender is told, if it asks for confirms"
    for letter in course.letters:
        yield visible(_letter(letter, arrow))
    for end in course.ends:
        yield visible(f"ends in {end.queue}: {_fate(end)}")
    if course.circle:
        grows = ", and each round makes more of it" if course.grows else ""
        yield visible(f"goes round for ever through {', '.join(course.circle)}{grows}")
    if course.circle_before_313:
        names = ", ".join(course.circle_before_313)
        yield visible(f"before RabbitMQ 3.13 it goes round for ever through {names}")
    if course.cut:
        yield "and so on: there are too many steps to follow"


def _letter(letter: Letter, arrow: str) -> str:
    after = ""
    if letter.after is not None:
        waited = "" if letter.seconds is None else f" after {format_duration(letter.seconds)}"
        after = f" ({WORDS.get(letter.reason, letter.reason)}{waited})"
    start = f"{letter.queue}{after} {arrow} "
    if letter.exchange is not None:
        key = "its own key" if letter.routing_key is None else f"{letter.routing_key!r}"
        if letter.keeps_key and letter.routing_key is not None:
            key += ", its own"
        start += f"{letter.exchange or 'the anonymous exchange'} with {key} {arrow} "
    if not letter.certain:
        start = f"perhaps {start}"
    text = start + (", ".join(letter.delivered_to) or f"nowhere: {letter.nowhere}")
    if letter.cycle:
        text += f" (dropped for {', '.join(letter.cycle)}: a cycle without a rejection)"
    return text


def _fate(end: End) -> str:
    if end.fate == "consumed":
        return f"consumed by {', '.join(end.workers)}"
    if end.fate == "refused":
        full = "it is full" if end.certain else "it may be full"
        return f"{full} and refuses it: lost, and nobody is told"
    return {
        "parked": "parked for a person",
        "waits": "nobody consumes it",
        "endless": "it comes through here again and again",
    }[end.fate]
