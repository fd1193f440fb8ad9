"""A command as one line of a POSIX shell, safe to copy whatever the names in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def shell_line(argv: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    """Return `NAME=value ... command argument ...`.

    The words hold no newline (the reader refuses them), so it is one line; the
    names in `env` are identifiers. `shlex.split` of it gives `NAME=value` and
    `argv` back, and so does every sh.
    """
    assignments = [f"{name}={quote(value)}" for name, value in (env or {}).items()]
    return " ".join([*assignments, *map(quote, argv)])


def quote(word: str) -> str:
    """Return a word as the shell has to read it."""
    from shlex import quote as posix

    # zsh takes a bare `=ls` for the path of ls, and shlex leaves it bare.
    return f"'{word}'" if word.startswith("=") and posix(word) == word else posix(word)
