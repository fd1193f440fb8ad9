"""How long Redis and SQS wait for an acknowledgement before they deliver a task again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtopo.topology.units import format_duration, parse_duration

if TYPE_CHECKING:
    from qtopo.topology.app import Broker

DEFAULTS = {"redis": 3600.0, "sqs": 1800.0}
PATH = ("broker", "options", "visibility_timeout")


class Visibility(NamedTuple):
    """The timeout in seconds, and whether the file gives it."""

    seconds: float
    given: bool

    @property
    def words(self) -> str:
        """Return what a sentence calls it."""
        shown = format_duration(self.seconds)
        return f"the visibility timeout of {shown}" + ("" if self.given else " (the default)")


def visibility(broker: Broker) -> Visibility | None:
    """Return a broker's visibility timeout; None where it has none or it cannot be told.

    Queues of SQS that were made beforehand have a timeout of their own.
    """
    default = DEFAULTS.get(broker.kind.name)
    if default is None or (broker.kind.name == "sqs" and "predefined_queues" in broker.options):
        return None
    given = broker.options.get("visibility_timeout")
    if given is None:
        return Visibility(default, given=False)
    if isinstance(given, str):
        try:
            return Visibility(parse_duration(given), given=True)
        except ValueError:
            return None
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return Visibility(float(given), given=True)
    return None
