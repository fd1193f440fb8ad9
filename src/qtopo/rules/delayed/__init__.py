"""Rules of the family `delayed`: delayed tasks where there are quorum queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.delayed.delay_direct_exchange import DelayDirectExchange
from qtopo.rules.delayed.delay_fraction import DelayFraction
from qtopo.rules.delayed.delay_headers_exchange import DelayHeadersExchange
from qtopo.rules.delayed.delay_key_collision import DelayKeyCollision
from qtopo.rules.delayed.quorum_autoscale import QuorumAutoscale
from qtopo.rules.delayed.quorum_detection_off import QuorumDetectionOff
from qtopo.rules.delayed.quorum_eta_limit import QuorumEtaLimit
from qtopo.rules.delayed.quorum_without_confirm import QuorumWithoutConfirm

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    DelayKeyCollision,
    DelayHeadersExchange,
    DelayDirectExchange,
    DelayFraction,
    QuorumWithoutConfirm,
    QuorumAutoscale,
    QuorumDetectionOff,
    QuorumEtaLimit,
)
