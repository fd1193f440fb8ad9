"""supervisor's file: by its own parser, included as it is meant to be, back to what is started."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from deployed import emitted, job_of
from hosted import BASE, hosted, writable
from qtopo.emit import supervisor
from qtopo.emit.base import Job, target_of
from qtopo.emit.launching import program
from qtopo.emit.machine import started
from qtopo.errors import EmitError
from qtopo.source import read
from read_back_supervisor import configs, read_back

datatypes = pytest.importorskip(
    "supervisor.datatypes", reason="supervisor is not for Windows", exc_type=ImportError
)

EXAMPLES = sorted((Path(__file__).parents[3] / "topologies").glob("*.toml"))


def holds(job: Job) -> None:
    """supervisord starts what the compiler says, and stops it so that nothing is lost."""
    artifacts = emitted(job)
    wanted = [
        (program(job, command.argv), dict(command.env), unit.process.shutdown.seconds)
        for unit in started(job)
        for command in unit.process.commands()
    ]
    found = read_back(artifacts)
    assert sorted((one.argv, sorted(one.env.items()), one.grace) for one in found) == sorted(
        (argv, sorted(env.items()), grace) for argv, env, grace in wanted
    )
    assert len({one.name for one in found}) == len(found)
    groups = configs(artifacts)
    assert len(groups) == bool(wanted)
    for processes in groups.values():
        for one in processes:
            assert (one.stopsignal, one.stopasgroup, one.killasgroup) == (
                signal.SIGTERM,
                False,
                True,
            )
            assert (one.autorestart, one.autostart, one.redirect_stderr) == (
                datatypes.RestartUnconditionally,
                True,
                True,
            )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hosted())
def test_any_topology_comes_through_unharmed(data):
    holds(writable(data, supervisor.emit, job_of, "supervisor"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples(path):
    topology = read(str(path)).topology
    holds(Job(topology, "supervisor.conf", source=path.name, target="supervisor"))


@pytest.mark.parametrize(
    "name", ["supervisord.conf", "supervisor-shop.conf", "deploy/shop.supervisor.conf"]
)
def test_a_name_that_asks_for_it(name):
    assert target_of(name) == "supervisor"


def text(**tables: Any) -> str:
    (artifact,) = emitted(job_of({**BASE, **tables}, "supervisor"))
    return artifact.content


def test_the_processes_of_an_application_are_a_group():
    workers = {
        "mail": {"queues": ["celery"], "replicas": 2},
        "mail-2": {"queues": ["celery"]},
    }
    artifacts = emitted(job_of({**BASE, "workers": workers, "beat": {}}, "supervisor"))
    (group,) = configs(artifacts).items()
    name, processes = group
    assert name == "shop"
    assert [one.name for one in processes] == ["mail_1", "mail_2", "mail-2", "beat"]


def test_a_value_that_environment_cannot_carry_is_given_to_env():
    env = {"A": "plain", "B": "'quoted'", "C": "a ;b", "D": ""}
    found = text(workers={"mail": {"queues": ["celery"], "env": env}})
    assert 'environment=A="plain",D=""\n' in found
    assert "command=env 'B='\"'\"'quoted'\"'\"'' 'C=a '';b' celery -A shop:app worker" in found


def test_where_output_goes(tmp_path):
    assert "logfile" not in text()
    found = text(deploy={"logs": "stdout"})
    assert "stdout_logfile=/dev/fd/1\nstdout_logfile_maxbytes=0\n" in found
    workers = {"mail": {"queues": ["celery"], "replicas": 2}}
    data = {**BASE, "workers": workers, "deploy": {"logs": f"{tmp_path}/"}}
    (processes,) = configs(emitted(job_of(data, "supervisor"))).values()
    assert [one.stdout_logfile for one in processes] == [
        f"{tmp_path}/shop-mail_1.log",
        f"{tmp_path}/shop-mail_2.log",
    ]


@pytest.mark.parametrize(
    "deploy",
    [
        {"user": "a b"},
        {"user": "shop ;x"},
        {"directory": "/srv/a ;b"},
        {"directory": "/srv/ "},
        {"directory": "/srv/%(here)s"},
        {"logs": "/var/log #1"},
    ],
)
def test_what_cannot_be_written_is_refused_with_a_way_out(deploy):
    with pytest.raises(EmitError) as caught:
        supervisor.emit(job_of({**BASE, "deploy": deploy}, "supervisor"))
    assert caught.value.help


def test_notes_say_what_has_to_be_done_elsewhere():
    data = {**BASE, "deploy": {"group": "shop"}, "tasks": {"a": {"time_limit": "10m"}}}
    notes = "\n".join(supervisor.notes(job_of(data, "supervisor")))
    assert "start supervisord with BROKER" in notes
    assert "610 s" in notes
    assert "takes no group" in notes
    data["deploy"] = {"env_file": "/etc/shop.env"}
    assert "'/etc/shop.env'" in "\n".join(supervisor.notes(job_of(data, "supervisor")))
