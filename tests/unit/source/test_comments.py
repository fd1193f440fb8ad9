"""Comments of a TOML text: found by its structure, and the lines they are about."""

from __future__ import annotations

import random
import time

import pytest
import tomli

from qtopo.source.comments import comments


def about(text):
    tomli.loads(text)
    return [(one.text, one.first, one.last) for one in comments(text)]


def test_a_comment_is_about_its_line():
    assert about("a = 1 # one\n[t] # two\nb = 2\n") == [("# one", 1, 1), ("# two", 2, 2)]


def test_alone_it_is_about_the_line_below_the_comments():
    assert about("# one\n  # two\na = 1\nb = 2") == [("# one", 3, 3), ("# two", 3, 3)]
    assert about("# one\n\na = 1") == [("# one", 2, 2)]


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("# x\n[a]\nk = 1\n", 4),
        ("# x\n[a]\nk = 1\n[b]\n", 3),
        ("# x\n[a]\n[a.b]\nk = 1\n[c]\n", 4),
        ("# x\n[a.b]\n[a.bc]\n", 2),
        ("# x\n[a.b]\n[ a . 'b' . c ]\n[a.c]\n", 3),
        ("# x\n[[r]]\nk = 1\n[[r]]\n", 3),
        ("# x\n[[r]]\n[r.s]\n[[r]]\n", 3),
        ("# x\n[a]\nk = [\n[1],\n]\n[b]\n", 5),
        ("# x\n[a]\nk = '''\n[b]\n'''\n[c]\n", 5),
        ("# x\n[a]\r\nk = 1\r\n[b]\r\n", 3),
    ],
)
def test_above_a_header_it_is_about_the_table(text, last):
    (one,) = about(text)
    assert one == ("# x", 2, last)


@pytest.mark.parametrize(
    "text",
    [
        'a = "# no"',
        "a = '# no'",
        'a = """\n# no\n"""',
        "a = '''\n# no'''",
        'a = "\\" # no"',
        'a = """\\""" # no"""',
        'a = """x""""" ',
        '"# no" = 1',
        "[a.'# no']",
        'a = ["# no", { b = "# no" }]',
    ],
)
def test_text_in_strings_is_none(text):
    assert about(text) == []
    assert [one[0] for one in about(text + " # yes")] == ["# yes"]


def test_in_arrays():
    assert about("a = [ # one\n# two\n1, # three\n]") == [
        ("# one", 1, 1),
        ("# two", 3, 3),
        ("# three", 3, 3),
    ]


def test_it_ends_on_any_text():
    random.seed(5)
    for _ in range(3000):
        text = "".join(random.choices("[]{}\"'#\n\\=a. ", k=random.randrange(25)))
        for one in comments(text):
            assert text[one.offset] == "#"
            assert one.text.startswith("#")


def test_it_is_linear():
    def seconds(count):
        one = "# x\n[t.a{}] # y\nk = [\n1, # z\n]\ns = 'its'\n"
        text = "".join(one.format(n) for n in range(count))
        start = time.process_time()
        assert len(comments(text)) == 3 * count
        return time.process_time() - start

    seconds(500)
    small = min(seconds(2000) for _ in range(3))
    assert min(seconds(16000) for _ in range(2)) < 8 * small * 3
