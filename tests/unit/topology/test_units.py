from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtopo.topology import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("40s", 40),
        ("10m", 600),
        ("2h", 7200),
        ("1d", 86400),
        ("1w", 604800),
        ("1.5h", 5400),
        ("0s", 0),
        (" 5 s ", 5),
    ],
)
def test_durations(text, seconds):
    assert units.parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "10",
        "10 x",
        "-5s",
        "1e3s",
        "0.5ms",
        "١s",
        "200y",
        "9" * 40 + "s",
        "1..5s",
        "10s10s",
    ],
)
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="duration|unit"):
        units.parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("400MB", 400_000_000),
        ("400MiB", 400 * 2**20),
        ("1.5GB", 1_500_000_000),
        ("1kB", 1000),
        ("7B", 7),
    ],
)
def test_sizes(text, size):
    assert units.parse_size(text) == size


@pytest.mark.parametrize("text", ["400", "400mb", "1.5B", "9" * 31 + "GB", "99999999TB", "MB"])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="size|unit"):
        units.parse_size(text)


@given(st.integers(0, 100 * 365 * 86_400_000))
def test_a_written_duration_reads_back(milliseconds):
    assert units.parse_duration(units.format_duration(milliseconds / 1000)) == milliseconds / 1000


@given(st.integers(0, 2**63 - 1))
def test_a_written_size_reads_back(size):
    assert units.parse_size(units.format_size(size)) == size


def test_rates_are_what_celery_reads():
    from celery.utils.time import rate

    for text in ("20/s", "5/m", "1000/h", "0.5/m"):
        assert units.per_second(units.parse_rate(text)) == pytest.approx(rate(text))
    for text in ("20", "20/d", "/s", "-1/s", "1 /s x"):
        with pytest.raises(ValueError, match="rate"):
            units.parse_rate(text)
