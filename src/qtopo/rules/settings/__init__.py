"""Rules of the family `settings`: Celery's settings and the options of the broker's transport."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.settings.broker_option_not_duration import BrokerOptionNotDuration
from qtopo.rules.settings.default_priority_masks_route import DefaultPriorityMasksRoute
from qtopo.rules.settings.queue_max_priority_setting import QueueMaxPrioritySetting
from qtopo.rules.settings.secret_in_setting import SecretInSetting
from qtopo.rules.settings.setting_written_by_qtopo import SettingWrittenByQtopo
from qtopo.rules.settings.setting_wrong_type import SettingWrongType
from qtopo.rules.settings.unknown_broker_option import UnknownBrokerOption
from qtopo.rules.settings.unknown_setting import UnknownSetting

if TYPE_CHECKING:
    from qtopo.rules.base import Rule

RULES: tuple[type[Rule], ...] = (
    UnknownSetting,
    SettingWrongType,
    SettingWrittenByQtopo,
    SecretInSetting,
    DefaultPriorityMasksRoute,
    QueueMaxPrioritySetting,
    UnknownBrokerOption,
    BrokerOptionNotDuration,
)
