"""Rules of the family `delayed`: delayed tasks where there are quorum queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.delayed.delay_below_second import DelayBelowSecond
from qtopo.rules.delayed.delay_direct_exchange import DelayDirectExchange
from qtopo.rules.delayed.delay_headers_exchange import DelayHeadersExchange
from qtopo.rules.delayed.delay_key_collision import DelayKeyCollision
from qtopo.rules.delayed.quorum_autoscale import QuorumAutoscale
from qtopo.rules.delayed.quorum_detection_off import QuorumDetectionOff
from qtopo.rules.delayed.quorum_eta_limit_ignored import QuorumEtaLimitIgnored
from qtopo.rules.delayed.quorum_without_confirm import QuorumWithoutConfirm

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    DelayKeyCollision,
    DelayHeadersExchange,
    DelayDirectExchange,
    DelayBelowSecond,
    QuorumWithoutConfirm,
    QuorumAutoscale,
    QuorumDetectionOff,
    QuorumEtaLimitIgnored,
)
