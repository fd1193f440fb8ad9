"""Makes the fixes of a topology's findings, and none that would bring up another finding.

Every step is judged like a file of the user's: the edits are made, the outcome
is read and checked again, and kept only if something is gone and nothing is
new. Nothing is written: what comes out are the new contents of the files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo import source
from qtopo.source.documents import read_file
from qtopo.source.edits import Unfit, apply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from qtopo.diagnostics import Diagnostic
    from qtopo.source import Loaded
    from qtopo.topology.finding import Edit, Path

    Examine = Callable[[Loaded], Sequence[Diagnostic]]
    Choose = Callable[[Loaded, Sequence[Diagnostic]], Sequence[Diagnostic]]

_ROUNDS = 8
"""How often what a fix brings to light is fixed in turn."""

_MARK = b"\xef\xbb\xbf"


class Mended(NamedTuple):
    """What became of a topology: the new contents of the files that change, by name.

    `before` are the same files as they are. `made` are the problems that are
    gone by a fix, `declined` those whose fix cannot be made here, or would bring
    up another finding. `mended` are those among the first findings that had a fix
    and are gone in the end: `made` also holds what only a fix has brought to light.
    `left` are those whose fix was not tried, since patience ended before.
    """

    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    made: tuple[Diagnostic, ...]
    declined: tuple[Diagnostic, ...]
    mended: tuple[Diagnostic, ...]
    left: tuple[Diagnostic, ...]


def mend(
    file: str,
    environment: str | None,
    examine: Examine,
    *,
    choose: Choose = lambda _, found: found,
    unsafe: bool = False,
    contents: Mapping[str, bytes] | None = None,
    patience: int | None = None,
) -> Mended:
    """Make every fix that can be made, until none is left.

    `examine` says what is wrong with what was read, and `choose` which of that
    is to be fixed; whether a fix does good is judged by all of it. Only safe fixes are made
    unless `unsafe`; with an environment only those of its overlay. `contents`
    stand for what is in the files. After `patience` sets of fixes that were tried
    no more are (None: there is no limit). Raises UnreadableFileError and
    UnknownNameError as reading does.
    """
    before: dict[str, bytes] = {}
    after: dict[str, bytes] = dict(contents or {})
    made: list[Diagnostic] = []
    declined: dict[object, Diagnostic] = {}
    loaded = source.read(file, environment, after)
    found = examine(loaded)
    first = due = _due(choose(loaded, found), unsafe)
    tries, most, again = 0, len(due), False
    while tries != patience:
        batch = _apart(one for one in due if _identity(one) not in declined)[:most]
        if not batch:
            if not again:
                break
            # What did harm before the other fixes were made may do none now.
            declined, again = {}, False
            continue
        tries += 1
        step = _step(batch, _State(after, loaded, found), before, examine, unsafe)
        if step is not None:
            (after, loaded, found), more = step
            made += more
            due = _due(choose(loaded, found), unsafe)
            most, again = most * 2, bool(declined)
        elif len(batch) == 1:
            declined[_identity(batch[0])] = batch[0]
        else:
            # One of them spoils it: fewer at a time.
            most = len(batch) // 2
    left = [one for one in due if _identity(one) not in declined]
    changed = {
        name: after[name] for name, old in before.items() if name in after and after[name] != old
    }
    mended = tuple(_new(found, first))
    return Mended(before, changed, tuple(made), tuple(declined.values()), mended, tuple(left))


class _State(NamedTuple):
    """What stands in the files now, and what is wrong with it."""

    contents: dict[str, bytes]
    loaded: Loaded
    found: Sequence[Diagnostic]


def _step(
    batch: Sequence[Diagnostic],
    state: _State,
    before: dict[str, bytes],
    examine: Examine,
    unsafe: bool,
) -> tuple[_State, list[Diagnostic]] | None:
    """Make some fixes together; None unless the file is better for it.

    What they bring to light, such as the keys of a table whose name was wrong,
    is fixed too: it must be gone in the end.
    """
    made: list[Diagnostic] = []
    start, due = state, list(batch)
    for _ in range(_ROUNDS):
        contents = _try(due, state.loaded, state.contents, before)
        if contents is None:
            return None
        made += due
        origin = state.loaded.source
        loaded = source.read(origin.file, origin.environment, contents)
        state = _State(contents, loaded, examine(loaded))
        fresh = _new(start.found, state.found)
        if not fresh:
            return (state, made) if len(state.found) < len(start.found) else None
        due = _apart(_due(fresh, unsafe))
        if not due:
            return None
    return None


def _due(found: Iterable[Diagnostic], unsafe: bool) -> list[Diagnostic]:
    return [one for one in found if one.fix is not None and (one.fix.safe or unsafe)]


def _identity(one: Diagnostic) -> tuple[object, ...]:
    return one.code, one.message, one.place.file, one.place.path


def _new(before: Sequence[Diagnostic], after: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return the findings that were not there before.

    The place of a finding may move, as list items do, or its wording change, but not both.
    """
    # Each finding there was answers for one: by all that it is, by its words, by its place.
    left, new = list(before), list(after)
    for key in (_identity, _said, _stood):
        counts = _count(new, key)
        kept = [one for one in left if not _take(counts, key(one))]
        counts = _count(left, key)
        left, new = kept, [one for one in new if not _take(counts, key(one))]
    return new


def _said(one: Diagnostic) -> object:
    return one.code, one.message


def _stood(one: Diagnostic) -> object:
    return one.code, one.place.file, one.place.path


def _count(
    diagnostics: Iterable[Diagnostic], key: Callable[[Diagnostic], object]
) -> dict[object, int]:
    counts: dict[object, int] = {}
    for one in diagnostics:
        counts[key(one)] = counts.get(key(one), 0) + 1
    return counts


def _take(counts: dict[object, int], key: object) -> bool:
    left = counts.get(key, 0)
    counts[key] = left - 1
    return left > 0


def _apart(due: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the fixes that do not touch the same part of a file: the others wait a round."""
    taken: set[tuple[str, Path]] = set()
    around: set[tuple[str, Path]] = set()
    chosen = []
    for one in due:
        zones = [_zone(edit) for edit in one.fix.edits] if one.fix else []
        if any(zone in around or not taken.isdisjoint(_above(*zone)) for zone in zones):
            continue
        for name, path in zones:
            taken.add((name, path))
            around.update(_above(name, path))
        chosen.append(one)
    return chosen


def _above(file: str, path: Path) -> list[tuple[str, Path]]:
    """Return a part of a file and all that it is part of."""
    return [(file, path[:length]) for length in range(len(path) + 1)]


def _zone(edit: Edit) -> tuple[str, Path]:
    """Return the file and the part of it that an edit touches: of a list that shrinks, all."""
    path = edit.at.path
    shrinks = isinstance(path[-1], int) and edit.new is None
    return edit.at.file or "", path[:-1] if shrinks else path


def _try(
    batch: Iterable[Diagnostic],
    loaded: Loaded,
    contents: Mapping[str, bytes],
    before: dict[str, bytes],
) -> dict[str, bytes] | None:
    """Return the contents of the files with fixes made; None where one cannot be."""
    edits: dict[str, list[Edit]] = {}
    for one in batch:
        for edit in one.fix.edits if one.fix else ():
            edits.setdefault(edit.at.file or "", []).append(edit)
    tried = dict(contents)
    documents = {document.file: document for document in loaded.source.merged.documents}
    for name, wanted in edits.items():
        document = documents.get(name)
        if document is None:
            return None
        if name not in before:
            before[name] = contents[name] if name in contents else read_file(name)
        try:
            text = apply(document.text, document.data, wanted)
        except Unfit:
            return None
        mark = _MARK if before[name].startswith(_MARK) else b""
        tried[name] = mark + text.encode()
    return tried
