"""What a fix may be sure of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from qtopo.source.edits import same
from qtopo.topology.common import DURATION, FLAG, NAMES, RATE, SIZE, TEXT
from qtopo.topology.corrections import meant, meant_word, rewritten, seconds
from qtopo.topology.kinds import Number, Text

if TYPE_CHECKING:
    from qtopo.topology.model import Kind


@pytest.mark.parametrize(
    ("word", "names", "answer"),
    [
        ("emials", ["emails", "orders"], "emails"),
        ("email", ["emails"], "emails"),
        ("shop_emails", ["shop-emails"], "shop-emails"),
        ("email", ["emails", "emaila"], None),  # two are near
        ("shard_3", ["shard_1", "shard_2"], None),
        ("shard_3", ["shard_1"], None),  # a number is no slip
        ("import", ["export"], None),
        ("mails", ["default"], None),
        ("emails", ["emails"], None),
        ("emials", [*(f"queue_{number}" for number in range(5000)), "emails"], "emails"),
        ("emials", [f"emial_{number}" for number in range(5000)], None),
    ],
)
def test_the_one_name_that_was_meant(word: str, names: list[str], answer: str | None) -> None:
    assert meant(word, names) == answer


@pytest.mark.parametrize(
    ("word", "words", "answer"),
    [
        ("routng_key", ["routing_key", "queue"], "routing_key"),
        ("typ", ["type", "expires"], "type"),
        ("Routing-Key", ["routing_key"], "routing_key"),
        ("geven", ["gevent", "eventlet"], "gevent"),
        ("qeueu", ["queue"], None),
        ("cat", ["bat", "hat"], None),
        ("x", ["y"], None),
    ],
)
def test_the_one_word_that_was_meant(word: str, words: list[str], answer: str | None) -> None:
    assert meant_word(word, words) == answer


@pytest.mark.parametrize(
    ("kind", "value", "new"),
    [
        (FLAG, "true", True),
        (FLAG, "false", False),
        (FLAG, "yes", None),
        (FLAG, 1, None),
        (Number(), "4", 4),
        (Number(), "-4", None),
        (Number(), "04", None),
        (Number(1), "0", None),
        (Number(fraction=True), "0.5", 0.5),
        (Number(), "9" * 400, None),
        (TEXT, 5, "5"),
        (TEXT, 4.1, "4.1"),
        (TEXT, True, None),
        (TEXT, [1], None),
        (Text(options=("a", "b")), 1, None),
        (NAMES, "a", ["a"]),
        (NAMES, "", None),
        (SIZE, "400 mb", "400MB"),
        (SIZE, "1.5 Gib", "1.5GiB"),
        (SIZE, "400M", None),
        (SIZE, "400 s", None),
        (SIZE, "0 mb", None),
        (DURATION, "10 min", "10m"),
        (DURATION, "2 Hours", "2h"),
        (DURATION, "3M", None),
        (DURATION, "10 mb", None),
        (RATE, "20 / sec", "20/s"),
        (RATE, "5 per minute", "5/m"),
        (RATE, "5/day", None),
        (RATE, 5, None),
    ],
)
def test_a_value_right_but_for_its_form(kind: Kind, value: Any, new: Any) -> None:
    fix = rewritten(value, kind, ("a",))
    if new is None:
        assert fix is None
    else:
        assert fix is not None
        assert fix.safe
        assert same(fix.edits[0].new, new)


@pytest.mark.parametrize(
    ("value", "new", "safe"),
    [
        (40, "40s", False),
        ("40", "40s", False),
        (0, "0s", True),
        (-1, None, False),
        (1.5, None, False),
    ],
)
def test_a_number_without_a_unit_is_a_guess(value: Any, new: str | None, safe: bool) -> None:
    fix = seconds(value, DURATION, ("a",))
    assert (fix and (fix.edits[0].new, fix.safe)) == (new and (new, safe))
    assert seconds(value, SIZE, ("a",)) is None
