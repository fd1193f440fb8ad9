"""A real honcho with the emitted Procfile: what it keeps, and what is cut off as the notes say."""

from __future__ import annotations

import sys

import pytest
from stopping import Stopping

pytestmark = [pytest.mark.broker, pytest.mark.slow]


@pytest.mark.parametrize("broker", ["redis_broker", "rabbitmq_url"])
def test_a_soft_shutdown_gives_tasks_back_and_the_others_are_lost(request, make_site, broker):
    world = Stopping(make_site, request.getfixturevalue(broker))
    world.emit("procfile", "Procfile")
    honcho = "from honcho.command import main; main()"
    process = world.start(sys.executable, "-c", honcho, "start")
    try:
        assert world.up(process) == ["drain-1", "drain-2", "soft"]
        world.send(process, nap=30, late=30)
    finally:
        process.terminate()
        process.wait(30)
    assert "sending SIGKILL to soft" not in world.log()
    assert world.gone()
    assert (world.done("late"), world.waiting("soft")) == (False, 1)
    # Its group got SIGTERM: this is why the target's notes and a rule warn.
    assert (world.done("nap"), world.waiting("drained")) == (False, 0)
