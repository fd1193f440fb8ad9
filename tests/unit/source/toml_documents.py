"""TOML documents for Hypothesis: trees of values, each written in a style of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    import random

BARE = re.compile(r"[A-Za-z0-9_-]+")
NAMES = (
    st.sampled_from(
        ["a", "b", "c", "a.b", "1", "-", "", "]", "}", "#", '"', "'", "=", "\\", "\n", "\x1b", "é"]
    )
    | st.text("ab1_-", min_size=1, max_size=3)
    | st.text(max_size=3)
)
SCALARS = st.sampled_from([
    *("1", "-0", "0x1F", "0b1", "1_000", "1.5", "-6.02e+23", "inf", "-nan", "true", "false"),
    *("1979-05-27", "07:32", "07:32:00.5", "1979-05-27T07:32:00Z"),
    *("1979-05-27 07:32", "1979-05-27 07:32:00-07:00"),
    *('""', "''", '"]}#,\\""', "'\\'", r'"\e\x41"', r'"\\"', '""""""', "''''''"),
    *('"""\n]}"" \\"""\\\n  x"""""', "'''\n[a]\nb = ''1'''''"),
])  # fmt: skip


class Written(str):
    """A scalar as it is written in TOML."""


class Scribe:
    """Writes a tree of values as TOML, each time in another style."""

    def __init__(self, choices: random.Random) -> None:
        self.choices = choices

    def one_of(self, *options: str) -> str:
        return self.choices.choice(options)

    def blank(self) -> str:
        return self.one_of("", " ", "\t", "  ")

    def gap(self) -> str:
        return self.one_of("", "", " ", "\n", " # x ]}\"'''\n\t", "\r\n  ", "#\n#,[{\n")

    def end(self) -> str:
        comment = self.one_of("", "", "", " # c", '#"', "# '''[a]", " # x = {")
        extra = self.one_of("", "", "\n", "\r\n\r\n", "# [b]\n", " \t\n")
        return self.blank() + comment + self.one_of("\n", "\n", "\r\n") + extra

    def key(self, name: str) -> str:
        if BARE.fullmatch(name) and self.choices.random() < 0.7:
            return name
        if "'" not in name and name.isprintable() and self.choices.random() < 0.5:
            return f"'{name}'"
        return '"' + "".join(map(self.character, name)) + '"'

    def character(self, character: str) -> str:
        code = ord(character)
        if character not in '"\\' and character.isprintable() and self.choices.random() < 0.8:
            return character
        if code < 256 and self.choices.random() < 0.5:
            return f"\\x{code:02x}"
        return f"\\u{code:04X}" if code < 65536 else f"\\U{code:08x}"

    def dotted(self, names: tuple[str, ...]) -> str:
        return f"{self.blank()}.{self.blank()}".join(map(self.key, names))

    def pair(self, names: tuple[str, ...], value: Any) -> str:
        return f"{self.dotted(names)}{self.blank()}={self.blank()}{self.value(value)}"

    def value(self, value: Any) -> str:
        if isinstance(value, Written):
            return value
        if isinstance(value, list):
            return self.items("[", [self.value(item) for item in value], "]")
        return self.items("{", self.pairs((), value), "}")

    def items(self, opening: str, items: list[str], closing: str) -> str:
        text = opening + self.gap()
        for number, item in enumerate(items, 1):
            comma = "," if number < len(items) else self.one_of("", ",")
            text += item + self.gap() + comma + self.gap()
        return text + closing

    def pairs(self, prefix: tuple[str, ...], table: dict[str, Any]) -> list[str]:
        """Write a table's pairs, with dotted keys for some of the tables in it."""
        pairs = []
        for name, value in table.items():
            names = (*prefix, name)
            if isinstance(value, dict) and value and self.choices.random() < 0.5:
                pairs += self.pairs(names, value)
            else:
                pairs.append(self.pair(names, value))
        self.choices.shuffle(pairs)
        return pairs

    def merged(self, groups: list[list[str]]) -> list[str]:
        """Interleave blocks, each group in its own order."""
        groups = [list(group) for group in groups if group]
        blocks = []
        while groups:
            group = self.choices.choice(groups)
            blocks.append(group.pop(0))
            groups = [group for group in groups if group]
        return blocks

    def table(self, path: tuple[str, ...], table: dict[str, Any]) -> tuple[str, list[list[str]]]:
        """Write a table; return the lines below its header, and the blocks of each inner table."""
        plain: dict[str, Any] = {}
        groups: list[list[str]] = []
        for name, value in table.items():
            inner = (*path, name)
            headed = self.choices.random() < 0.6
            if headed and isinstance(value, dict):
                body, below = self.table(inner, value)
                if body or not below or self.choices.random() < 0.5:
                    below.append([self.header("[", inner, "]") + body])
                groups.append(self.merged(below))
            elif (
                headed
                and value
                and isinstance(value, list)
                and all(isinstance(one, dict) for one in value)
            ):
                blocks = []
                for element in value:
                    body, below = self.table(inner, element)
                    blocks.append(self.header("[[", inner, "]]") + body)
                    blocks += self.merged(below)
                groups.append(blocks)
            else:
                plain[name] = value
        return "".join(self.blank() + pair + self.end() for pair in self.pairs((), plain)), groups

    def header(self, opening: str, path: tuple[str, ...], closing: str) -> str:
        inner = self.blank() + self.dotted(path) + self.blank()
        return self.blank() + opening + inner + closing + self.end()

    def document(self, root: dict[str, Any]) -> str:
        body, groups = self.table((), root)
        return self.one_of("", "\ufeff", "#\n", "\n") + body + "".join(self.merged(groups))


TREES = st.recursive(
    SCALARS.map(Written),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=3)
        | st.lists(st.dictionaries(NAMES, inner, max_size=3), max_size=3)
    ),
    max_leaves=15,
)
DOCUMENTS = st.builds(
    lambda root, choices: Scribe(choices).document(root),
    st.dictionaries(NAMES, TREES, max_size=4),
    st.randoms(use_true_random=False),
)
