"""The harness itself: a page that is wrong must fail, in both directions."""

from __future__ import annotations

import mdtest
import pytest
from mdtest import Expected, Found

PAGE = """\
# one

prose

```toml
a = 1  # error: some-rule "part"
```

## two

```toml file=teams/x.toml
b = 1
```

```toml
# warning: other-rule:3
c = 1
```
"""


def test_headings_blocks_and_files() -> None:
    one, two = mdtest.cases(PAGE)
    assert (one.name, one.line, one.files) == ("one", 5, {})
    assert (two.name, two.line, two.files) == ("one > two", 15, {"teams/x.toml": "b = 1\n"})


def test_markers() -> None:
    one, two = mdtest.cases(PAGE)
    assert mdtest.expectations(one.toml) == [Expected(1, "error", "some-rule", None, "part")]
    assert mdtest.expectations(two.toml) == [Expected(2, "warning", "other-rule", 3, "")]


def test_several_markers_on_a_line() -> None:
    assert mdtest.expectations('a = 1  # error: x "p"; info: y\n') == [
        Expected(1, "error", "x", None, "p"),
        Expected(1, "info", "y", None, ""),
    ]


@pytest.mark.parametrize(
    "toml", ["a = 1  # error: \n", "a = 1  # error: x 'p'\n", "# error: x\n", "a = 1 # error: X\n"]
)
def test_a_broken_marker_is_no_silence(toml: str) -> None:
    with pytest.raises(ValueError, match="marker"):
        mdtest.expectations(toml)


@pytest.mark.parametrize("page", ["```toml\na = 1\n", "```python\n```\n"])
def test_a_broken_page_is_no_silence(page: str) -> None:
    with pytest.raises(ValueError, match="block"):
        mdtest.cases(page)


def test_differences_both_ways() -> None:
    marker = Expected(1, "error", "x", 5, "part")
    found = Found(1, "error", "x", 5, "a part of it")
    assert mdtest.differences([marker], [found]) == []
    assert mdtest.differences([marker], []) != []
    assert mdtest.differences([], [found]) != []
    assert len(mdtest.differences([marker], [found, found])) == 1
    for other in (
        found._replace(line=2),
        found._replace(severity="warning"),
        found._replace(rule="y"),
        found._replace(column=6),
        found._replace(message="of it"),
    ):
        assert len(mdtest.differences([marker], [other])) == 2


def test_related_places_are_held_against_markers_where_a_block_has_one() -> None:
    finding = Found(1, "error", "x", 1, "m")
    related = Found(2, mdtest.RELATED, "x", 1, "declared here")
    error = Expected(1, "error", "x", None, "")
    (marker,) = mdtest.expectations('a = 1  # related: x "declared"\n')
    # Old pages say nothing of them; those that do must name them all.
    assert mdtest.differences([error], [finding, related]) == []
    assert mdtest.differences([error, marker._replace(line=2)], [finding, related]) == []
    assert len(mdtest.differences([error, marker._replace(line=2)], [finding])) == 1
    assert len(mdtest.differences([error, marker._replace(line=3)], [finding, related])) == 2
    two = [finding, related, related._replace(line=4)]
    assert len(mdtest.differences([error, marker._replace(line=2)], two)) == 1
