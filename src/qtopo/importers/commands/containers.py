"""What compose, Kubernetes and other YAML say alike: words, environments, numbers, durations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.importers.commands.process import is_known, split, unknown
from qtopo.importers.commands.template import marked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qtopo.importers.commands.yaml_tree import Tree

_COMPOSE = re.compile(
    r"\$\$|\$\{(?P<braced>[A-Za-z_]\w*)(?:(?P<op>:?[-?+])(?P<word>[^{}]*))?\}|\$(?P<bare>[A-Za-z_]\w*)",
    re.ASCII,
)
_KUBERNETES = re.compile(r"\$\$|\$\((?P<name>[A-Za-z_][\w.-]*)\)", re.ASCII)
_GO_SPAN = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|m|s)")
_GO_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 0.000001}
_MOST = 2_000


def words(node: Tree | None, expand: Callable[[str], str] = lambda text: text) -> tuple[str, ...]:
    """Return the words of a command: a list as it is, a text taken apart without a shell."""
    if node is None:
        return ()
    if node.items is not None:
        return tuple(expand(marked(one.text or "")) for one in node.items[:_MOST])
    text = expand(marked(node.text or ""))
    try:
        return tuple(split(text))
    except ValueError:
        return tuple(text.split())


def pairs(node: Tree | None) -> dict[str, str | None]:
    """Return variables of a mapping, of `NAME=value` items, or of `{name, value}` items.

    None: there is a name and no value in the file.
    """
    found: dict[str, str | None] = {}
    if node is None:
        return found
    for name, value in list(node.mapping().items())[:_MOST]:
        scalar = value.items is None and value.pairs is None
        found[name] = marked(value.text or "") if scalar and not value.empty else None
    for item in (node.items or [])[:_MOST]:
        if item.text is not None:
            name, separator, text = item.text.partition("=")
            found[marked(name)] = marked(text) if separator else None
        elif item.get("name"):
            named = item.get("name")
            value_node = item.get("value")
            text_ = None if value_node is None else value_node.text
            if named is not None and named.text:
                found[named.text] = None if text_ is None else marked(text_)
    return found


def interpolated(text: str, env: Mapping[str, str]) -> str:
    """Return a text of a compose file with `${NAME:-default}` filled in."""

    def one(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        name, op, word = found["braced"] or found["bare"], found["op"] or "", found["word"] or ""
        value = env.get(name)
        empty = value is None or (value == "" and op.startswith(":"))
        if op.endswith("+"):
            return "" if empty else word
        if empty and op.endswith("-"):
            return interpolated(word, env) if "$" in word else word
        return unknown(found[0]) if value is None else value

    return _COMPOSE.sub(one, text)


def kubernetes(text: str, env: Mapping[str, str]) -> str:
    """Return a word of a container with `$(NAME)` filled in; what is not set stays."""

    def one(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$$" if not found.string.startswith("$$(", found.start()) else "$"
        return env.get(found["name"], unknown(found[0]))[:_MOST]

    return _KUBERNETES.sub(one, text)


def known(env: Mapping[str, str | None]) -> dict[str, str]:
    """Return variables with those that the file does not say as unknown."""
    return {
        name: unknown(f"${name}") if value is None else value
        for name, value in env.items()
        if name and is_known(name)
    }


def duration(text: str | None) -> float | None:
    """Return a duration of Go (`1m30s`), or a number of seconds; None where it is neither."""
    text = (text or "").strip()[:60]
    if text.isascii() and text.isdigit():
        return float(text) or None
    found = _GO_SPAN.findall(text)
    if not found or "".join(number + unit for number, unit in found) != text:
        return None
    return sum(float(number) * _GO_UNITS[unit] for number, unit in found) or None
