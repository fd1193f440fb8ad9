"""Rules of the family `timing`: time limits, acknowledgements and visibility."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.timing.ack_after_consumer_timeout import AckAfterConsumerTimeout
from qtopo.rules.timing.soft_limit_not_below_hard import SoftLimitNotBelowHard
from qtopo.rules.timing.time_limit_below_duration import TimeLimitBelowDuration
from qtopo.rules.timing.visibility_below_delay import VisibilityBelowDelay
from qtopo.rules.timing.visibility_below_duration import VisibilityBelowDuration

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    VisibilityBelowDelay,
    VisibilityBelowDuration,
    SoftLimitNotBelowHard,
    AckAfterConsumerTimeout,
    TimeLimitBelowDuration,
)
