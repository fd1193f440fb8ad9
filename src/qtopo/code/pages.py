"""The pages of the rules about code: what each means, an example of it, and the same made right.

Their examples are run by the tests, as those of the other rules are. A block of
Python begins with the name of its file.
"""

from __future__ import annotations

import re

from qtopo.code import pages_calls, pages_canvas, pages_routes, pages_tasks

_PYTHON = re.compile(r"^```python\n# ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PAGES = {
    **pages_tasks.PAGES,
    **pages_routes.PAGES,
    **pages_calls.PAGES,
    **pages_canvas.PAGES,
}


def markdown(name: str) -> str:
    """Return the page of a rule about code, without its summary."""
    return _PAGES[name].strip("\n")


def files(text: str) -> dict[str, str]:
    """Return the blocks of Python of a text, by the name of the file that each begins with."""
    return {one[1].strip(): one[2] for one in _PYTHON.finditer(text)}
