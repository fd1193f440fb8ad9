from __future__ import annotations

import pytest

from qtopo.topology.suggest import did_you_mean, nearest


@pytest.mark.parametrize(
    ("word", "names", "near"),
    [
        ("emials", ["emails", "reports"], "emails"),
        ("E-Mails", ["reports", "emails"], "emails"),
        ("zzz", ["emails", "reports"], None),
        ("emails", ["emails"], None),
        ("x", [], None),
        ("a" * 500, ["a" * 499], None),
    ],
)
def test_the_nearest_name(word, names, near):
    assert nearest(word, names) == near


def test_among_very_many_names():
    names = [f"queue-{number:05}" for number in range(20_000)] + ["reports"]
    assert nearest("reprots", names) == "reports"
    assert nearest("queue-0001", names) is not None


def test_the_words():
    assert did_you_mean("emials", ["emails"]) == "did you mean 'emails'?"
    assert did_you_mean("zzz", ["emails"]) is None
