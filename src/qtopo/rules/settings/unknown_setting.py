"""The rule `unknown-setting`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule, hint
from qtopo.rules.settings.homes import home
from qtopo.rules.settings.names import is_known, new_name
from qtopo.rules.settings.secrets import holds_secret
from qtopo.topology.celery_settings import SETTINGS
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


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
            if new is None:
                otherwise = "take it out: Celery ignores it"
                advice = hint(name, SETTINGS, otherwise)
                message = f"Celery has no setting {name!r}"
            else:
                place = home(context.topology, new)
                advice = f"write it as {place}" if place else f"write {new!r}"
                message = f"setting {name!r} is not one of the new lower-case names"
            yield self.finding(message, At(("settings", name), "key"), help=advice)
