"""All launch targets start the same: arguments, environment, how many, how long they may stop."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath

import pytest
import tomli
from hypothesis import HealthCheck, given, settings

import read_back_compose
import read_back_kubernetes
import read_back_procfile
import read_back_supervisor
import read_back_systemd
from qtopo.compiler.processes import BEAT, url_variables
from qtopo.emit.base import Job, emitter
from qtopo.topology.deploy import PLATFORMS, PROCFILE_GRACE
from qtopo.topology.topology import Topology
from strategies import topologies

TOPOLOGIES = Path(__file__).parents[3] / "topologies"
READ_BACK = {
    "procfile": read_back_procfile,
    "supervisor": read_back_supervisor,
    "systemd": read_back_systemd,
    "compose": read_back_compose,
    "kubernetes": read_back_kubernetes,
}
CONTAINERS = ("compose", "kubernetes")
"""Where each replica is a machine of its own, so that %h tells them apart."""

DEPLOY = {"bin": "/srv/shop/bin", "image": "shop:1", "secret": "shop", "directory": "/srv/shop"}


def test_every_platform_is_held():
    assert set(READ_BACK) == set(PLATFORMS)


def job_of(data, target):
    topology, findings = Topology.from_data({**data, "deploy": DEPLOY})
    assert not findings
    return Job(topology, "out", target=target)


def wanted(job):
    """What the compiler says: each process, its arguments and environment, and its grace."""
    found = Counter()
    graces = {}
    for process in job.processes:
        if not process.runs:
            continue
        container = job.target in CONTAINERS
        if job.target == "kubernetes" and process.scale is not None:
            # How many is the autoscaler's to say.
            commands = [process.argv]
        elif container:
            # A second beat would send everything twice; these platforms keep exactly one.
            commands = [process.argv] * (1 if process.kind == BEAT else process.replicas)
        else:
            commands = [one.argv for one in process.commands()]
        for argv in commands:
            key = tuple(argv[1:]), tuple(sorted(process.env.items()))
            found[key] += 1
            graces[key] = process.shutdown
    return found, graces


def held(job):
    """Read what is emitted back, and hold it against what the compiler says."""
    expected, graces = wanted(job)
    started = READ_BACK[job.target].read_back(emitter(job.target).emit(job))
    found = Counter()
    for one in started:
        assert PurePosixPath(one.argv[0]).name == "celery"
        env = {name: value for name, value in one.env.items() if name not in added(job)}
        key = tuple(one.argv[1:]), tuple(sorted(env.items()))
        found[key] += 1 if one.replicas is None else one.replicas
        stopping = graces[key]
        if job.target == "procfile":
            assert one.grace == PROCFILE_GRACE
        else:
            assert one.grace >= (stopping.grace or 0)
            assert one.grace >= stopping.seconds
    assert +found == +expected


def added(job):
    """The variables that platforms pass on: those of URLs, unless a worker sets them itself."""
    own = {name for process in job.processes for name in process.env}
    return set(url_variables(job.topology)) - own


@pytest.mark.parametrize("target", PLATFORMS)
@pytest.mark.parametrize("path", sorted(TOPOLOGIES.glob("*.toml")), ids=lambda path: path.stem)
def test_examples(path, target):
    held(job_of(tomli.loads(path.read_text(encoding="utf-8")), target))


@pytest.mark.parametrize("target", PLATFORMS)
def test_any_topology(target):
    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(topologies())
    def any_topology(data):
        held(job_of(data, target))

    any_topology()
