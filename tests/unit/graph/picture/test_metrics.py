"""Widths: never less than what real fonts take, and shortened texts that fit."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtopo.graph.picture.metrics import right_to_left, shorten, text_width, visible

FOLDERS = ("dejavu/DejaVuSans", "liberation2/LiberationSans", "liberation/LiberationSans")


def advances(path: Path) -> dict[str, float]:
    """Return how wide a font draws each of its characters, in font sizes."""
    ttlib: Any = pytest.importorskip("fontTools.ttLib")
    font = ttlib.TTFont(path)
    widths, units = font["hmtx"], font["head"].unitsPerEm
    return {chr(code): widths[name][0] / units for code, name in font.getBestCmap().items()}


def fonts(*ends: str) -> list[Path]:
    root = Path("/usr/share/fonts/truetype")
    return [path for one in FOLDERS for end in ends if (path := root / f"{one}{end}.ttf").exists()]


def test_no_character_is_wider_than_said() -> None:
    found = fonts("", "-Regular")
    if not found:
        pytest.skip("neither DejaVu Sans nor Liberation Sans is installed")
    for path in found:
        wider = {
            one: real
            for one, real in advances(path).items()
            if real > text_width(one, 1.0) + 1e-9
            and unicodedata.category(one) not in ("Mn", "Me", "Cf", "Cc")
        }
        assert wider == {}, path


def test_no_letter_grows_more_in_bold_than_said() -> None:
    found = fonts("-Bold")
    if not found:
        pytest.skip("neither DejaVu Sans nor Liberation Sans is installed")
    for path in found:
        plain = [one for one in advances(path).items() if one[0].isascii() and one[0].isprintable()]
        assert [one for one, real in plain if real > text_width(one, 1.0, bold=True)] == []


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("emails", 100.0, "emails"),
        ("shop.emails.password_reset", 120.0, "shop…word_reset"),
        ("shop.emails.password_reset", 5.0, ""),
        ("e\u0301" * 30, 60.0, "e\u0301e\u0301…e\u0301e\u0301e\u0301"),
    ],
)
def test_shortened_in_the_middle(text: str, room: float, shown: str) -> None:
    assert shorten(text, room, 13.0) == shown


@given(st.text(max_size=40), st.floats(20, 200))
def test_what_is_shortened_fits(text: str, room: float) -> None:
    shown = shorten(text, room, 11.0)
    assert text_width(shown, 11.0) <= room + 1e-6
    if text_width(text, 11.0) <= room:
        assert shown == text
    else:
        head, _, tail = shown.partition("…")
        assert text.startswith(head)
        assert text.endswith(tail)


def test_a_family_is_not_torn_apart() -> None:
    family = "👨\u200d👩\u200d👧"
    shown = shorten(family * 9, 160.0, 12.0)
    assert shown.replace("…", "").replace(family, "") == ""
    assert "…" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("a\nb\t", "a␊b␉"),
        ("\x7f", "␡"),
        ("\u202eabc", "⟨202E⟩abc"),
        ("\x85", "⟨0085⟩"),
        ("\ud800", "\ufffd"),
        ("\uffff", "\ufffd"),
        ("\U0001ffff", "\ufffd"),
        ("日本 é 🐰", "日本 é 🐰"),
    ],
)
def test_nothing_hides(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(blacklist_categories=()), max_size=20))
def test_what_is_visible_can_stand_in_xml(text: str) -> None:
    for one in visible(text):
        code = ord(one)
        assert 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
        assert unicodedata.bidirectional(one) not in ("RLO", "LRO", "RLE", "LRE", "PDF")


def test_right_to_left_is_known() -> None:
    assert right_to_left("שלום")
    assert right_to_left("a سلام")
    assert not right_to_left("emails")
