"""What is a slip of the keyboard, and what is another name."""

from __future__ import annotations

import random

import pytest

from qtopo.topology.misspelling import Misspellings, is_slip

SLIPS = [
    ("shop.reports.biuld", "shop.reports.build"),
    ("shop.reports.buld", "shop.reports.build"),
    ("shop.reports.builld", "shop.reports.build"),
    ("shop.report.build", "shop.reports.build"),
    ("shop.emials.send", "shop.emails.send"),
    ("shop.send_email", "shop.send-email"),
    ("shop.sendEmail", "shop.send_email"),
    ("Shop.Reports.Build", "shop.reports.build"),
    ("shop.invoices.generate_mnothly", "shop.invoices.generate_monthly"),
    ("shop.sned", "shop.send"),
]
NAMES = [
    ("shop.carts.lock", "shop.carts.unlock"),
    ("shop.data.import", "shop.data.export"),
    ("shop.orders.create", "shop.orders.created"),
    ("shop.run_1", "shop.run_2"),
    ("shop.run1", "shop.run12"),
    ("shop.v1.send", "shop.v2.send"),
    ("shop.sync_us", "shop.sync_uk"),
    ("shop.mail", "shop.main"),
    ("shop.get", "shop.set"),
    ("shop.encode", "shop.decode"),
    ("shop.jobs.start", "shop.jobs.restart"),
    ("shop.reports.build", "shop.reports.build.all"),
    ("shop.a.reports.build", "shop.reports.build"),
    ("web.reports.build", "shop.reports.build"),
    ("a-b", "a_b"),
]


@pytest.mark.parametrize(("one", "other"), SLIPS)
def test_slips(one: str, other: str) -> None:
    assert is_slip(one, other)
    assert is_slip(other, one)
    assert Misspellings([other, "something.else"]).find(one) == other


@pytest.mark.parametrize(("one", "other"), NAMES)
def test_names(one: str, other: str) -> None:
    assert not is_slip(one, other)
    assert not is_slip(other, one)
    assert Misspellings([other, "something.else"]).find(one) is None


def test_celerys_own_tasks_are_no_slips() -> None:
    assert Misspellings(["celery.chord_unlocks"]).find("celery.chord_unlock") is None


def test_it_is_found_among_very_many() -> None:
    """The neighbourhood that is looked at is small: what was meant has to stand in it."""
    letters = random.Random(7)
    words = ["".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=9)) for _ in range(3000)]
    declared = [f"shop.{a}.{b}" for a, b in zip(words, reversed(words), strict=True)]
    known = Misspellings(declared)
    for name in declared[::50]:
        at = letters.randrange(6, len(name) - 2)
        slip = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
        if is_slip(slip, name):
            assert known.find(slip) == name
