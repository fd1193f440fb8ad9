"""What we take for a crontab, Celery takes too; what it means is Celery's business."""

from __future__ import annotations

import pytest
from celery.schedules import crontab as celery_crontab
from hypothesis import given
from hypothesis import strategies as st

from qtopo.topology import crontab
from strategies import crontabs


@given(st.one_of(crontabs, st.text("0123456789*/-, monjausdec", max_size=20)))
def test_celery_accepts_what_we_accept(expression):
    if crontab.problem(expression) is None:
        celery_crontab(**crontab.split(expression))


@given(crontabs)
def test_good_ones_are_accepted(expression):
    assert crontab.problem(expression) is None


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("0 3 * *", "five fields"),
        ("60 3 * * *", "60, outside 0 to 59"),
        ("0 24 * * *", "24, outside"),
        ("0 3 0 * *", "0, outside 1 to 31"),
        ("0 3 * 13 *", "13, outside"),
        ("0 3 * * 7", "7, outside 0 to 6"),
        ("*/0 * * * *", "step"),
        ("*/x * * * *", "step"),
        ("5/2 * * * *", "step without a range"),
        ("a * * * *", "numbers from 0 to 59"),
        (", * * * *", "numbers"),
        ("0 mon * * *", "numbers from 0 to 23"),
        ("²/2 * * * *", "step without"),
    ],
)
def test_bad_ones_say_what_is_wrong(expression, wrong):
    assert wrong in (crontab.problem(expression) or "")
