"""Python of a project as a tree, where that project may be of a newer Python than this one."""

from __future__ import annotations

import ast
import re
import sys
import warnings

_BARE_EXCEPT = re.compile(
    r"^([ \t]*except\*?[ \t]+)([A-Za-z_][\w. \t]*(?:,[ \t]*[A-Za-z_][\w. \t]*)+,?)[ \t]*:",
    re.MULTILINE,
)


def parse(text: str) -> ast.Module:
    """Return the tree of a module.

    Since 3.14 `except A, B:` needs no brackets, and formatters take them off: they are put in
    where an older Python asks for them. Raises what `ast.parse` raises.
    """
    with warnings.catch_warnings():
        # What Python thinks of its backslashes is for its authors.
        warnings.simplefilter("ignore")
        newer = _BARE_EXCEPT.sub(r"\1(\2):", text)
        try:
            return ast.parse(text)
        except SyntaxError:
            if newer == text:
                raise
        return ast.parse(newer)


def said_by_this_python(error: SyntaxError) -> str:
    """Return what is wrong with a text, and to which Python."""
    return f"{error.msg} (says Python {sys.version_info.major}.{sys.version_info.minor})"
