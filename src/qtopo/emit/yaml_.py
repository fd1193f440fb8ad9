"""Plain values as YAML that every parser reads alike: YAML 1.1, 1.2, and Go's mixture of both.

PyYAML leaves bare what YAML 1.1 takes for text; `1e3`, `0o14` or `~x` are something
else to others. So everything but plain words is in double quotes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./@-]*(?:[ ][A-Za-z0-9_./@-]+)*")
_NOT_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})


def dump(*documents: Any) -> str:
    """Return dicts, lists, texts, numbers and booleans as YAML, in the order they have.

    Several documents are divided by `---`.
    """
    return "---\n".join(_dump(one) for one in documents)


def _dump(document: Any) -> str:
    import yaml

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc, unused-ignore]
        def ignore_aliases(self, _: Any) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        style = None if _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    written: str = yaml.dump(
        document,
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=1 << 30,
    )
    return written


def commented(lines: Iterable[str]) -> str:
    """Return lines as YAML comments; what would end a line is escaped."""
    return "".join(f"# {line}".rstrip() + "\n" for line in map(one_line, lines))


def one_line(text: str) -> str:
    """Return a text without characters that any format takes for the end of a line, or hides."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )
