"""A real systemd with the emitted units: workers come up, and a stop loses nothing."""

from __future__ import annotations

import pytest
from stopping import Stopping

import systemd_manager

pytestmark = [pytest.mark.broker, pytest.mark.slow]

SCRIPT = """
systemctl --user start stopping.target
while [ ! -e stop ]; do sleep 0.05; done
systemctl --user stop stopping.target 'stopping-*.service'
systemctl --user show 'stopping-*.service' --all -p Id -p ActiveState -p Result > states
systemctl --user is-failed stopping-drain@1 stopping-drain@2 stopping-soft
"""


def test_a_stop_during_tasks_loses_none(make_site, redis_broker):
    world = Stopping(make_site, redis_broker)
    units = systemd_manager.units(world.folder)
    world.emit("systemd", str(units))
    secret = world.env.pop("STOPPING_BROKER_URL")
    (world.folder / "secret env").write_text(f"STOPPING_BROKER_URL={secret}\n")
    script = f"cd {world.folder}\n{SCRIPT}"
    with systemd_manager.managed(world.folder, script, **world.env) as process:
        assert world.up(process) == ["drain-1", "drain-2", "soft"]
        world.send(process, nap=2, late=30)
        (world.folder / "stop").touch()
        out, _ = process.communicate(timeout=40)
    assert out.split() == ["inactive"] * 3
    assert (world.done("nap"), world.waiting("drained")) == (True, 0)
    assert (world.done("late"), world.waiting("soft")) == (False, 1)
