"""One mistake is one finding, also where there are very many of them."""

from __future__ import annotations

from pathlib import Path

import mdtest
import pytest

PAGE = Path(__file__).parent / "many_mistakes.md"
CASES = [pytest.param(case, id=case.name) for case in mdtest.cases(PAGE.read_text("utf-8"))]


@pytest.mark.parametrize("case", CASES)
def test_one_mistake_is_one_finding(case: mdtest.Case, tmp_path: Path) -> None:
    expected = mdtest.expectations(case.toml)
    assert len({one.rule for one in expected}) == len(expected)
    wrong = mdtest.differences(expected, mdtest.check(case.toml, tmp_path, case.files))
    assert not wrong, "\n".join(wrong)
