"""The rule `setting-wrong-type`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.settings.homes import home
from qtopo.rules.settings.secrets import holds_secret
from qtopo.topology.celery_settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


_WORDS = {
    "bool": "true or false",
    "dict": "a table",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "str": "a string",
}


class SettingWrongType(Rule):
    """A setting has another type than Celery takes.

    ## Why is this bad?

    Celery does not check its settings. A text where a number belongs fails later,
    deep inside a worker; the text `"false"` counts as true.

    ## Example

    ```toml
    [settings]
    task_acks_late = "false"

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [settings]
    task_acks_late = false

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any; the settings are those of Celery 5.7.

    ## Source

    Read in the source of Celery 5.7.0.
    """

    name = "setting-wrong-type"
    code = "QT151"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the type of each value with Celery's."""
        topology = context.topology
        for name, value in topology.settings.items():
            takes = SETTINGS.get(name, "any")
            if takes == "any" or not context.is_sound("settings", name):
                continue
            if home(topology, name) is not None or holds_secret(context, "settings", name):
                continue
            kinds = takes.split("|")
            if not any(_fits(value, kind) for kind in kinds):
                wanted = " or ".join(_WORDS[kind] for kind in kinds)
                yield self.finding(
                    f"setting {name!r} takes {wanted}, not {_shown(value)}",
                    ("settings", name),
                    help=_way_out(value, kinds, wanted),
                )


def _way_out(value: object, kinds: list[str], wanted: str) -> str:
    if isinstance(value, str) and "bool" in kinds and value.lower() in ("true", "false"):
        return f"write {value.lower()}, without quotes"
    if isinstance(value, str) and "float" in kinds:
        return "Celery's durations are numbers of seconds"
    return f"give it {wanted}"


def _fits(value: object, kind: str) -> bool:
    # bool is a kind of int, and a whole number will do where a fraction may stand.
    match kind:
        case "bool":
            return type(value) is bool
        case "int":
            return type(value) is int
        case "float":
            return type(value) in (int, float)
        case "str":
            return isinstance(value, str)
        case "list":
            return isinstance(value, tuple)
        case _:
            return isinstance(value, MappingProxyType)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "a list"
    if isinstance(value, MappingProxyType):
        return "a table"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
