"""The report for people, compared whole."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import place, problem, report

import qtopo
from qtopo.diagnostics.full import render
from qtopo.topology.finding import Place, Position

SHOP = """\
[app]
name = "shop"

[queues.default]

[[routes]]
task = "shop.emails.*"
queue = "emials"

[queues.emails]
"""


def shown(text: str, piece: str, **others: object) -> str:
    """Return what is shown of one problem, without headline and closing sentence."""
    width = others.pop("width", 80)
    frame = render(report(problem(place(text, piece), **others), text=text, width=width))
    return frame.split("\n", 1)[1].rsplit("\n\n", 1)[0] + "\n"


def test_one_problem() -> None:
    one = problem(
        place(SHOP, '"emials"'),
        "route sends to queue 'emials', which is not declared",
        help="did you mean 'emails'?",
    )
    assert render(report(one, text=SHOP)) == dedent("""\
        error[some-rule]: route sends to queue 'emials', which is not declared
          --> topology.toml:8:9
           │
         6 │ [[routes]]
         7 │ task = "shop.emails.*"
         8 │ queue = "emials"
           │         ^^^^^^^^
         9 │
        10 │ [queues.emails]
           │
           = help: did you mean 'emails'?

        Found 1 error in 1 file.
        """)


def test_without_box_characters() -> None:
    one = problem(place(SHOP, '"emials"'), help="try another")
    assert render(report(one, text=SHOP, unicode=False)).isascii()
    assert "   |         ^^^^^^^^\n" in render(report(one, text=SHOP, unicode=False))


def test_nothing_found() -> None:
    assert render(report()) == "All good: checked topology.toml.\n"
    assert render(report(suppressed=2)) == "All good: checked topology.toml (2 suppressed).\n"
    assert render(report(files=("a", "b"))) == "All good: checked a and b.\n"
    assert render(report(files=("a", "b\n", "c"))) == "All good: checked a, b\\n and c.\n"
    assert render(report(files=("a", "b", "c", "d"))) == "All good: checked 4 files.\n"
    assert render(report(color=True)) == "\x1b[1;32mAll good: checked topology.toml.\x1b[0m\n"


def test_the_closing_sentence_counts() -> None:
    spot = place(SHOP, "shop")
    other = spot._replace(file="other.toml")
    problems = [
        problem(spot),
        problem(other),
        problem(spot, severity="warning"),
        problem(spot, severity="info"),
        problem(spot, severity="info"),
    ]
    last = render(report(*problems, text=SHOP, suppressed=3)).splitlines()[-1]
    assert last == "Found 2 errors, 1 warning and 2 infos in 2 files (3 suppressed)."
    last = render(report(*problems[1:3], text=SHOP)).splitlines()[-1]
    assert last == "Found 1 error and 1 warning in 2 files."


def test_related_places() -> None:
    team = "[queues.default]\nowner = 'us'\n"
    one = problem(
        place(team, "[queues.default]", "teams/a.toml"),
        "queue 'default' is declared twice",
        help="rename one of them",
        related=(
            ("first declared here", place(SHOP, "[queues.default]")),
            (
                "and this is a sentence that fits beside the line no more, so it has its own",
                place(SHOP, "[queues.emails]"),
            ),
            ("what includes it", Place("main.toml", (), Position(3, 1), Position(3, 9))),
            ("the folder", Place("teams", (), None, None)),
        ),
    )
    texts = {"teams/a.toml": team, "topology.toml": SHOP}
    assert render(report(one, texts=texts)) == dedent("""\
        error[some-rule]: queue 'default' is declared twice
          --> teams/a.toml:1:1
           │
         1 │ [queues.default]
           │ ^^^^^^^^^^^^^^^^
         2 │ owner = 'us'
           │
          ::: topology.toml:4:1
           │
         4 │ [queues.default]
           │ ---------------- first declared here
           │
          ::: topology.toml:10:1
           │
        10 │ [queues.emails]
           │ ---------------
           │ and this is a sentence that fits beside the line no more, so it has its own
           │
          ::: main.toml:3:1: what includes it
          ::: teams: the folder
           = help: rename one of them

        Found 1 error in 1 file.
        """)


def test_several_problems_in_several_files() -> None:
    text = "a = 1\n"
    problems = (
        problem(place(text, "a", "a.toml"), "first", severity="warning"),
        problem(place(text, "1", "b.toml"), "second", severity="info", environment="staging"),
        problem(Place("c.toml", (), None, None), "cannot read it", help="look for it"),
        problem(Place("d.toml", (), None, None), "cannot read it either"),
    )
    assert render(report(*problems, texts={"a.toml": text, "b.toml": text})) == dedent("""\
        warning[some-rule]: first
         --> a.toml:1:1
          │
        1 │ a = 1
          │ ^

        info[some-rule]: second (in environment 'staging')
         --> b.toml:1:5
          │
        1 │ a = 1
          │     ^

        error[some-rule]: cannot read it
         --> c.toml
          = help: look for it

        error[some-rule]: cannot read it either
         --> d.toml

        Found 2 errors, 1 warning and 1 info in 4 files.
        """)


@pytest.mark.parametrize(
    ("message", "headline"),
    [
        ("it is wrong", "it is wrong (in environment 'prod')"),
        ("wrong in environment 'prod'", "wrong in environment 'prod'"),
        ("environment `prod` lacks it", "environment `prod` lacks it"),
        ("in environment prod, it is wrong", "in environment prod, it is wrong"),
        ("wrong in environment prod", "wrong in environment prod"),
        ("environment production", "environment production (in environment 'prod')"),
        ("prod is no environment", "prod is no environment (in environment 'prod')"),
    ],
)
def test_the_environment_is_named_once(message: str, headline: str) -> None:
    one = problem(place(SHOP, "shop"), message, environment="prod")
    assert render(report(one)).splitlines()[0] == f"error[some-rule]: {headline}"


def test_several_lines() -> None:
    text = "a = { b = 1,  \n  c = 2,\n  d = 3 }\n"
    assert shown(text, text[4:-1]) == dedent("""\
         --> topology.toml:1:5
          │
        1 │ a = { b = 1,
          │     ^^^^^^^^
        2 │   c = 2,
        3 │   d = 3 }
        """)


def test_carriage_returns() -> None:
    text = "[a]\r\n\r\nb = '''x\r\ny'''\r\n\r\n"
    assert shown(text, "'''x\r\ny'''") == dedent("""\
         --> topology.toml:3:5
          │
        1 │ [a]
        2 │
        3 │ b = '''x
          │     ^^^^
        4 │ y'''
        """)


def test_tabs_are_four_columns_wide() -> None:
    text = "\t[a]\nx\t=\t1\t# one\n"
    assert shown(text, "1\t# one") == dedent("""\
         --> topology.toml:2:5
          │
        1 │     [a]
        2 │ x   =   1   # one
          │         ^^^^^^^^^
        """)


def test_wide_and_combining_characters() -> None:
    text = '"日本" = "e\u0301\u0301t\u00e9" # 語\n'
    assert shown(text, '"e\u0301\u0301t\u00e9"') == dedent("""\
         --> topology.toml:1:8
          │
        1 │ "日本" = "e\u0301\u0301t\u00e9" # 語
          │          ^^^^^
        """)
    assert shown(text, "日本").splitlines()[-1] == "  │  ^^^^"
    # A combining character is where its base is.
    assert shown(text, "\u0301").splitlines()[-1] == "  │           ^"


def test_nothing_reaches_the_terminal_raw() -> None:
    text = "a = '\x1b[31m\x9b\u202e\ufeff\u2028\x00' # \rx\n"
    one = problem(
        place(text, "# \rx", "to\npo\x1b.toml"),
        "queue '\x1b]0;x\x07\n' \u202e",
        help="not\nso\t\udcff",
        related=(("see\x1b", place(text, "a", "\udcffile")),),
        environment="pro\x1bd",
    )
    output = render(report(one, texts=dict.fromkeys(("to\npo\x1b.toml", "\udcffile"), text)))
    assert output == dedent(r"""
        error[some-rule]: queue '\x1b]0;x\x07\n' \u202e (in environment 'pro\x1bd')
         --> to\npo\x1b.toml:1:18
          │
        1 │ a = '\x1b[31m\x9b\u202e\ufeff\u2028\x00' # \rx
          │                                          ^^^^^
          │
         ::: \udcffile:1:1
          │
        1 │ a = '\x1b[31m\x9b\u202e\ufeff\u2028\x00' # \rx
          │ - see\x1b
          │
          = help: not\nso\t\udcff

        Found 1 error in 1 file.
        """).removeprefix("\n")


LONG = "".join(f"{number:04}_" for number in range(400))


@pytest.mark.parametrize(
    ("piece", "row", "mark"),
    [
        ("0001", "0000_0001_0002_0003_0004_0005_0006_…", "     ^^^^"),
        ("0005", "0000_0001_0002_0003_0004_0005_0006_…", "                         ^^^^"),
        ("0009", "…0006_0007_0008_0009_0010_0011_0012…", "                ^^^^"),
        ("0398", "…0393_0394_0395_0396_0397_0398_0399_", "                          ^^^^"),
        ("0399_", "…0393_0394_0395_0396_0397_0398_0399_", "                               ^^^^^"),
        (LONG[500:700], "…0100_0101_0102_0103_0104_0105_0106…", " " + "^" * 34),
        (LONG, "0000_0001_0002_0003_0004_0005_0006_…", "^" * 35),
    ],
    ids=["start", "near the start", "middle", "near the end", "end", "long", "all"],
)
def test_long_lines_are_cut_around_the_range(piece: str, row: str, mark: str) -> None:
    output = shown(LONG + "\n", piece, width=40).splitlines()
    assert output[2:] == [f"1 │ {row}", f"  │ {mark}"]


def test_long_lines_of_context_are_cut_at_the_end() -> None:
    text = f"{LONG}\na = 1\n\t{LONG}\n"
    assert shown(text, "a = 1", width=40) == dedent("""\
         --> topology.toml:2:1
          │
        1 │ 0000_0001_0002_0003_0004_0005_0006_…
        2 │ a = 1
          │ ^^^^^
        3 │     0000_0001_0002_0003_0004_0005_0…
        """)


def test_blank_lines_at_the_edges_are_left_out() -> None:
    assert shown("\n\t\na = 1\n \n\n", "a = 1") == dedent("""\
         --> topology.toml:3:1
          │
        3 │ a = 1
          │ ^^^^^
        """)
    assert shown("\n\nx\n\na = 1\n\ny\n\n", "a = 1").splitlines()[2:] == [
        "3 │ x",
        "4 │",
        "5 │ a = 1",
        "  │ ^^^^^",
        "6 │",
        "7 │ y",
    ]


def test_the_end_of_the_file() -> None:
    text = "a = [\n"
    one = problem(Place("topology.toml", (), Position(2, 1), Position(2, 1)), "not closed")
    assert render(report(one, text=text)).splitlines()[1:6] == [
        " --> topology.toml:2:1",
        "  │",
        "1 │ a = [",
        "2 │",
        "  │ ^",
    ]
    one = problem(Place("topology.toml", (), Position(1, 6), Position(1, 6)), "not closed")
    assert "  │      ^\n" in render(report(one, text=text))


def test_an_empty_file() -> None:
    one = problem(Place("topology.toml", (), None, None), "key 'app' is missing")
    assert render(report(one, text="")) == dedent("""\
        error[some-rule]: key 'app' is missing
         --> topology.toml

        Found 1 error in 1 file.
        """)


@pytest.mark.parametrize(
    ("start", "end"),
    [((9, 1), (9, 2)), ((1, 99), (1, 100)), ((1, 3), (1, 1)), ((1, 3), None), ((1, 1), (9, 9))],
)
def test_places_that_do_not_fit_the_text_do_no_harm(start: object, end: object) -> None:
    spot = Place("topology.toml", (), Position(*start), end and Position(*end))
    assert render(report(problem(spot), text="a = 1\n")).startswith(
        "error[some-rule]: it is wrong\n"
    )


def test_a_byte_order_mark_takes_no_column() -> None:
    spot = Place("topology.toml", (), Position(1, 1), Position(1, 2))
    output = render(report(problem(spot), text="\ufeffa = 1\n"))
    assert "1 │ a = 1\n  │ ^\n" in output


def test_colours() -> None:
    text = "a = 1\n"
    one = problem(
        place(text, "1"), severity="warning", help="no", related=(("this", place(text, "a")),)
    )
    styles = {"Y": "\x1b[1;33m", "B": "\x1b[1;34m", "S": "\x1b[1m", "/": "\x1b[0m"}
    expected = dedent("""\
        <Y>warning[some-rule]</><S>: it is wrong</>
         <B>--></> topology.toml:1:5
          <B>│</>
        <B>1</> <B>│</> a = 1
          <B>│</>     <Y>^</>
          <B>│</>
         <B>:::</> topology.toml:1:1
          <B>│</>
        <B>1</> <B>│</> a = 1
          <B>│</> <B>- this</>
          <B>│</>
          <B>=</> <S>help:</> no

        Found 1 warning in 1 file.
        """)
    for name, style in styles.items():
        expected = expected.replace(f"<{name}>", style)
    assert render(report(one, text=text, color=True)) == expected


def test_it_needs_no_heavy_modules() -> None:
    # A report is part of every failing `qtopo check`, which has to answer at once.
    heavy = {"json", "dataclasses", "logging", "rich", "difflib", "shutil", "typing_extensions"}
    code = "import sys, qtopo.diagnostics.full; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(qtopo.__file__))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not heavy & set(run.stdout.split())


def width_of(text: str) -> int:
    """Return the columns of a text, by another way than the renderer's."""
    wide = sum(unicodedata.east_asian_width(one) in "WF" for one in text)
    return len(text) + wide - sum(unicodedata.category(one) in ("Mn", "Me") for one in text)


@given(
    text=st.text("ab \t\n\r\x1b日é\u0301\u202e\u3000", max_size=200),
    points=st.tuples(*[st.integers(1, 60)] * 4),
    width=st.integers(1, 90),
    unicode=st.booleans(),
)
@settings(max_examples=500, deadline=None)
def test_whatever_the_text_is(
    text: str, points: tuple[int, int, int, int], width: int, unicode: bool
) -> None:
    first, second, third, fourth = points
    spot = Place("f", (), Position(first % 5 + 1, second), Position(third % 5 + 1, fourth))
    output = render(report(problem(spot), texts={"f": text}, width=width, unicode=unicode))
    assert output.replace("\n", "").isprintable()
    for line in output.splitlines()[2:-2]:
        assert width_of(line) <= max(width, 40) + line.endswith("^")


def test_a_line_of_a_million_characters() -> None:
    text = "a = '" + "x" * 1_000_000 + "HERE" + "\t日" * 1_000_000 + "'\n"
    problems = [problem(place(text, "HERE"))] * 100
    output = render(report(*problems, text=text))
    assert max(map(len, output.splitlines())) <= 80
    assert output.count("HERE") == 100
