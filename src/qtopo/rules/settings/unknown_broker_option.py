"""The rule `unknown-broker-option`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule, hint
from qtopo.rules.settings.broker_options import OPTIONS, known
from qtopo.rules.settings.secrets import holds_secret
from qtopo.topology.finding import At, rename

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Fix


class UnknownBrokerOption(Rule):
    """The broker's transport has no option of this name.

    ## Why is this bad?

    kombu looks at the options it knows and ignores the others: a misspelled
    `visibility_timeout` leaves the default of an hour, and tasks that run longer
    are run twice.

    ## Example

    ```toml
    [broker]
    transport = "redis"
    options = { visibility_timeuot = "2h" }

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

    Read in the source of kombu 5.7.0.
    """

    name = "unknown-broker-option"
    code = "QT160"
    severity = "warning"
    needs = ("broker.transport",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the name of each option."""
        broker = context.topology.broker
        options = known(broker.kind)
        if options is None:
            return
        for name in broker.options:
            if name in options or holds_secret(context, "broker", "options", name):
                continue
            others = sorted(one for one, theirs in OPTIONS.items() if name in theirs)
            otherwise = (
                f"it is an option of {', '.join(others)}"
                if others
                else "take it out: kombu ignores it"
            )
            yield self.finding(
                f"transport {broker.transport!r} has no option {name!r}",
                At(("broker", "options", name), "key"),
                help=otherwise if others else hint(name, options, otherwise),
                related=[("the transport is said here", ("broker", "transport"))],
                fix=None if others else _respell(name, options, broker.options),
            )


def _respell(name: str, options: Iterable[str], given: Iterable[str]) -> Fix | None:
    """Return the fix that writes the option that was meant; None where that is given too."""
    from qtopo.topology.corrections import meant_word

    meant = meant_word(name, options)
    return None if meant is None or meant in given else rename(("broker", "options", name), meant)
