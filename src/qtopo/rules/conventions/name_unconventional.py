"""The rule `name-unconventional`."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from qtopo.rules.base import Option, Rule
from qtopo.topology.kinds import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

_SECTIONS = ("queues", "exchanges", "workers", "tasks", "machines", "workflows", "resources")


def _pattern(value: str) -> str | None:
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        return f"cannot be {value!r}: it is no regular expression ({error})"
    return None


_PATTERN = Text("a regular expression", empty=False, check=_pattern)


class NameUnconventional(Rule):
    """A name is not of the form that was agreed on.

    ## Why is this bad?

    Names are an interface: dashboards, alerts and permissions of the broker match
    them by pattern. A queue that is called otherwise is missing from all of these.
    The rule is silent until a pattern is set.

    ## Example

    ```toml
    [lint.rules.name-unconventional]
    queues = "[a-z]+(-[a-z]+)*"

    [queues.celery]

    [queues.Mails_v2]

    [workers.main]
    queues = ["celery", "Mails_v2"]
    ```

    ## Use instead

    ```toml
    [lint.rules.name-unconventional]
    queues = "[a-z]+(-[a-z]+)*"

    [queues.celery]

    [queues.mails]

    [workers.main]
    queues = ["celery", "mails"]
    ```

    ## Versions

    Any.

    ## Source

    A convention of your own.
    """

    name = "name-unconventional"
    code = "QT950"
    severity = "warning"
    options = MappingProxyType(
        {
            section: Option(
                _PATTERN, f"What names of {section} match as a whole, a regular expression."
            )
            for section in _SECTIONS
        }
    )

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the names of each section that has a pattern."""
        for section in _SECTIONS:
            pattern = context.option(self, section)
            if pattern is None:
                continue
            matches = re.compile(pattern).fullmatch
            for name in getattr(context.topology, section):
                if matches(name) is None:
                    yield self.finding(
                        f"{section.removesuffix('s')} {name!r} is not named as agreed: "
                        f"{pattern!r} does not match it",
                        (section, name),
                        help=f"rename it, or change the pattern in [lint.rules.{self.name}]",
                    )
