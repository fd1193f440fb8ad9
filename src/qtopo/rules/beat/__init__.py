"""Rules of the family `beat`: what is sent on a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.beat.beat_duplicated import BeatDuplicated
from qtopo.rules.beat.beat_lock_too_short import BeatLockTooShort
from qtopo.rules.beat.beat_option_ignored import BeatOptionIgnored
from qtopo.rules.beat.beat_outruns_workers import BeatOutrunsWorkers
from qtopo.rules.beat.beat_switched_off import BeatSwitchedOff
from qtopo.rules.beat.frequent_entry_without_expiry import FrequentEntryWithoutExpiry

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    BeatDuplicated,
    BeatLockTooShort,
    BeatOptionIgnored,
    BeatSwitchedOff,
    BeatOutrunsWorkers,
    FrequentEntryWithoutExpiry,
)
