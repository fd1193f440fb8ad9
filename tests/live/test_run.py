"""What the first lines of simple.toml tell a beginner to type, typed."""

from __future__ import annotations

import re
import shlex
import signal
import sys

import pytest
from arrivals import Application, all_is_where_the_file_says, every_way, nodes
from fleet import EXAMPLES, OBSERVER, Fleet

from running import Running, alive, descendants

pytestmark = pytest.mark.broker

SIMPLE = Application("simple.app:app", "simple.celeryconfig")


def test_check_emit_and_run_as_the_example_says(make_site, rabbitmq_url, results_url):
    site = make_site(EXAMPLES, SIMPLE_BROKER_URL=rabbitmq_url, SIMPLE_RESULT_URL=results_url)
    text = (site.folder / "simple.toml").read_text(encoding="utf-8")
    check, emit, run = (
        shlex.split(line) for line in re.findall(r"^#   qtopo (.*)$", text, re.MULTILINE)
    )
    (site.folder / "simple" / "celeryconfig.py").unlink()
    assert "simple.toml" in site.qtopo(*check)
    site.qtopo(*emit)
    fleet = Fleet(site, "simple.toml")
    running = Running(
        site.folder.parent,
        [sys.executable, "-m", "qtopo", *run],
        cwd=site.folder,
        env={**site.env, "PYTHONPATH": str(OBSERVER), "QTOPO_OBSERVED": str(site.observed)},
    )
    try:
        running.until(lambda: fleet.nodes == nodes(fleet.topology), 60.0)
        below = descendants(running.process.pid)
        requests = every_way(fleet.topology, SIMPLE)
        all_is_where_the_file_says(fleet, requests, site.send(*requests))
        running.signal(signal.SIGINT)
        assert running.wait(30.0) == 0, running.err
        assert len(below) >= 3
        assert not any(alive(pid) for pid in below)
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.wait()
