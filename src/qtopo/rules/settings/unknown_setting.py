"""The rule `unknown-setting`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule, hint
from qtopo.rules.settings.homes import home
from qtopo.rules.settings.names import is_known, new_name
from qtopo.rules.settings.secrets import holds_secret
from qtopo.topology.celery_settings import SETTINGS
from qtopo.topology.finding import At, rename

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Fix


class UnknownSetting(Rule):
    """Celery has no setting of this name.

    ## Why is this bad?

    Celery ignores what it does not know, without a word: the setting has no
    effect. Old names in capitals still work on their own, but a single one among
    new names makes Celery refuse to start, and 6.0 drops them.

    ## Example

    ```toml
    [settings]
    task_acks_lat = true

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [settings]
    task_acks_late = true

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any; the settings are those of Celery 5.7.

    ## Source

    Measured on Celery 5.7.0.
    """

    name = "unknown-setting"
    code = "QT150"
    severity = "warning"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look up the name of each setting."""
        for name in context.topology.settings:
            if is_known(name) or holds_secret(context, "settings", name):
                continue
            new = new_name(name)
            fix = None
            if new is None:
                otherwise = "take it out: Celery ignores it"
                advice = hint(name, SETTINGS, otherwise)
                message = f"Celery has no setting {name!r}"
                from qtopo.topology.corrections import meant_word

                meant = meant_word(name, SETTINGS)
                if meant is not None and home(context.topology, meant) is None:
                    fix = _rename(context, name, meant)
            else:
                place = home(context.topology, new)
                advice = f"write it as {place}" if place else f"write {new!r}"
                fix = None if place else _rename(context, name, new)
                message = f"setting {name!r} is not one of the new lower-case names"
            yield self.finding(message, At(("settings", name), "key"), help=advice, fix=fix)


def _rename(context: Context, name: str, new: str) -> Fix | None:
    """Return the fix that gives a setting its name; None where that is given too."""
    return None if new in context.topology.settings else rename(("settings", name), new)
