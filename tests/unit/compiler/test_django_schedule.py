"""django-celery-beat copies entries into its database, and knows `expires` by another name only.

tests/live/test_django.py has it do so.
"""

from __future__ import annotations

import pytest

from qtopo.compiler.live import celery_settings
from qtopo.topology.topology import Topology


def options(scheduler, expires):
    topology, findings = Topology.from_data(
        {
            "queues": {"celery": {}},
            "beat": {
                "scheduler": scheduler,
                "schedule": {"e": {"task": "t", "every": "1m", "expires": expires}},
            },
        }
    )
    assert findings == []
    return celery_settings(topology)["beat_schedule"]["e"]["options"]


@pytest.mark.parametrize("scheduler", ["django", "django_celery_beat.schedulers:DatabaseScheduler"])
def test_the_database_keeps_whole_seconds_and_never_none(scheduler):
    assert options(scheduler, "1h") == {"expire_seconds": 3600}
    assert options(scheduler, "300ms") == {"expire_seconds": 1}


@pytest.mark.parametrize("scheduler", ["persistent", "redbeat", "my.Scheduler"])
def test_other_schedulers_take_celerys_own_word(scheduler):
    assert options(scheduler, "1h") == {"expires": 3600}
    assert options(scheduler, "300ms") == {"expires": 0.3}
