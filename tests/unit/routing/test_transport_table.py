"""docs/transports.md: what the brokers did when asked is what qtopo says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))
try:
    import transport_cases
    import transport_differences
finally:
    sys.path.pop(0)

CASES = list(zip(transport_cases.cases(), transport_differences.stored()["outcomes"], strict=True))


@pytest.mark.parametrize("transport", transport_differences.COLUMNS)
def test_qtopo_says_what_the_brokers_did(transport):
    for case, outcome in CASES:
        assert transport_differences.expected(case, transport) == outcome[transport], case


def test_the_page_shows_every_case_and_leaves_no_placeholder():
    page = transport_differences.render()
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    groups = {case.group for case, _ in CASES}
    # A heading line for each table.
    assert len(rows) == len(CASES) + len(groups)
    assert "{" not in page


def test_the_table_has_differences_of_every_kind():
    differing = {case.group for case, one in CASES if len(set(one.values())) > 1}
    assert differing == {case.group for case, _ in CASES}
