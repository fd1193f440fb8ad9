"""The rule `broker-option-not-duration`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.compiler.options import DURATIONS
from qtopo.rules.base import Rule
from qtopo.topology.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class BrokerOptionNotDuration(Rule):
    """An option that is a duration is neither a number of seconds nor a text with a unit.

    ## Why is this bad?

    kombu takes seconds. qtopo turns a text with a unit, such as `"2h"`, into them, and
    does not write what is neither: `qtopo emit` ends with the same complaint.

    ## Example

    ```toml
    [broker]
    transport = "redis"
    options = { visibility_timeout = "two hours" }

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "redis"
    options = { visibility_timeout = "2h" }

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any; the options are those of kombu 5.7.

    ## Source

    Which options are durations: read in the source of kombu 5.7.0.
    """

    name = "broker-option-not-duration"
    code = "QT161"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Read the options that are durations."""
        for name, value in context.topology.broker.options.items():
            if name not in DURATIONS or type(value) in (int, float):
                continue
            problem = "it takes a duration"
            if isinstance(value, str):
                try:
                    parse_duration(value)
                except ValueError as error:
                    problem = str(error)
                else:
                    continue
            yield self.finding(
                f"broker option {name!r} cannot be {_shown(value)}: {problem}",
                ("broker", "options", name),
                help='write seconds, or a text with a unit such as "2h"',
            )


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str | bool) else "a table or list"
    return text if len(text) <= 60 else text[:57] + "..."
