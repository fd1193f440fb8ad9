"""A rule's page: its docstring, taken apart. Knows nothing of how it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

WHY, EXAMPLE, INSTEAD = "Why is this bad?", "Example", "Use instead"
VERSIONS, SOURCE = "Versions", "Source"
SECTIONS = (WHY, EXAMPLE, INSTEAD, VERSIONS, SOURCE)
"""The headings every docstring has, in this order: whom it concerns, and how it is known."""

OPTIONS = "Options"
"""The heading of what a rule's class declares in `options`; stands before `Versions`."""

USER = "user"
"""The family of rules that are not qtopo's own."""


class Page(NamedTuple):
    """A page: the summary (one sentence), and the Markdown text under each heading, in order."""

    summary: str
    sections: dict[str, str]
    markdown: str


def read(rule: type[Rule]) -> Page:
    """Return the page of a rule."""
    from inspect import cleandoc

    return parse(cleandoc(rule.__doc__ or ""))


def shape(name: str) -> Page:
    """Return the page of an error of shape."""
    from qtopo.topology.shape import SHAPES
    from qtopo.topology.shape_pages import PAGES

    return parse(f"{SHAPES[name].summary}\n\n{PAGES.get(name, '')}")


def parse(markdown: str) -> Page:
    """Take a page apart."""
    summary: list[str] = []
    sections: dict[str, list[str]] = {}
    lines = summary
    fenced = False
    for line in markdown.split("\n"):
        # A line of TOML may begin with ## too.
        fenced ^= line.startswith("```")
        if line.startswith("## ") and not fenced:
            lines = sections.setdefault(line[3:].strip(), [])
        else:
            lines.append(line)
    return Page(
        " ".join(" ".join(summary).split()),
        {heading: "\n".join(text).strip() for heading, text in sections.items()},
        markdown,
    )


def option_lines(rule: type[Rule]) -> list[str]:
    """Return a line of Markdown for each option of a rule."""
    lines = []
    for name, option in rule.options.items():
        default = "not set"
        if option.default is not None:
            default = f"`{_toml(option.kind.write(option.default))}`"
        lines.append(f"- `{name}`, by default {default}. {option.doc}")
    return lines


def _toml(value: object) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(one) for one in value)}]"
    # What is left are texts without quotes of their own, and numbers.
    return f'"{value}"' if isinstance(value, str) else str(value)


def complete(rule: type[Rule]) -> str:
    """Return the Markdown that is shown: the docstring, and the options of the rule if any."""
    markdown = read(rule).markdown
    options = option_lines(rule)
    if not options:
        return markdown
    before, heading, after = markdown.rpartition(f"\n## {VERSIONS}\n")
    section = f"\n## {OPTIONS}\n\nUnder `[lint.rules.{rule.name}]`:\n\n" + "\n".join(options)
    if not heading:  # a rule of a plugin need not have every section
        return markdown + "\n" + section
    return before + section + "\n" + heading + after


def family(rule: type[Rule]) -> str:
    """Return the family of a rule: the folder it stands in; `user` for those of plugins."""
    module = rule.__module__
    return module.split(".")[-2] if module.startswith("qtopo.rules.") else USER


def families() -> dict[str, str]:
    """Return each family with what its rules are about, in the order they are listed."""
    from importlib import import_module

    from qtopo.rules.registry import FAMILIES

    found = {}
    for name in FAMILIES:
        module = import_module(f"qtopo.rules.{name}")
        about = " ".join((module.__doc__ or "").split()).partition(": ")[2]
        found[name] = about[:1].upper() + about[1:]
    return found


def blocks(text: str) -> list[str]:
    """Return the TOML blocks of a Markdown text."""
    found: list[str] = []
    inside: list[str] | None = None
    for line in text.split("\n"):
        if inside is None and line.strip() == "```toml":
            inside = []
        elif inside is not None and line.strip() == "```":
            found.append("\n".join(inside) + "\n")
            inside = None
        elif inside is not None:
            inside.append(line)
    return found
