"""Names that every platform takes, and processes that all targets share."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtopo.emit.accounts import accounts
from qtopo.emit.base import TARGETS, Job, emitter, target_of
from qtopo.emit.launching import application, slugged, units
from qtopo.errors import UnknownNameError
from qtopo.topology.topology import Topology
from strategies import names, topologies

DNS = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def build(data):
    topology, findings = Topology.from_data(data)
    assert not findings
    return topology


@given(st.lists(names(), unique=True, max_size=12), st.randoms())
def test_slugs_are_dns_labels_and_differ_whatever_the_order(found, random):
    slugs = slugged(found, {"beat"})
    assert all(DNS.fullmatch(slug) and len(slug) <= 40 for slug in slugs.values())
    assert len(set(slugs.values())) == len(found)
    assert "beat" not in slugs.values()
    random.shuffle(found)
    assert slugged(found, {"beat"}) == slugs


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("emails", "emails"),
        ("heavy-reports", "heavy-reports"),
        ("heavy_reports", "heavy-reports"),
        ("Emails", "emails"),
        ("beat", "beat-f9eeb6"),
        ("队列", "worker-e842a0"),
        ("a b", "a-b-c8687a"),
    ],
)
def test_slugs_read_as_the_names(name, slug):
    assert slugged([name], {"beat"})[name] == slug


def test_a_plain_name_keeps_its_slug_beside_one_that_would_get_it():
    slugs = slugged(["Emails", "emails", "e_mails", "e-mails"])
    assert slugs["emails"] == "emails"
    assert slugs["e-mails"] == "e-mails"
    assert slugs["Emails"].startswith("emails-")
    assert slugs["e_mails"].startswith("e-mails-")


@given(topologies())
def test_what_runs_is_there_once_and_what_is_off_is_not(data):
    job = Job(build(data), "-")
    found = [one.process.name for one in units(job)]
    declared = [
        name
        for name, worker in job.topology.workers.items()
        if worker.replicas or worker.scale is not None
    ]
    assert found == declared + (["beat"] if job.topology.beat else [])


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_is_whole(target):
    described = TARGETS[target]
    found = emitter(target)
    assert callable(found.emit)
    assert callable(found.summary)
    assert described.folder != bool(described.patterns)
    for pattern in described.patterns:
        assert pattern == pattern.lower(), "names are compared in lower case"
        # Its own pattern, or a narrower one of another target, must not lead elsewhere.
        assert target_of(pattern.replace("*", "zz")) == target


def test_a_folder_needs_a_target():
    with pytest.raises(UnknownNameError, match="folder"):
        target_of("deploy/")


@pytest.mark.parametrize(
    ("app", "slug"),
    [
        ({}, "celery"),
        ({"celery": "shop.celery:app"}, "shop"),
        ({"celery": "shop:app.main"}, "shop"),
        ({"name": "My_Shop", "celery": "x:app"}, "my-shop"),
        ({"name": "a-name-that-goes-on-and-on"}, "a-name-that-goe-9dfd6c"),
    ],
)
def test_one_name_of_the_application_for_all_platforms(app, slug):
    topology = build(
        {"app": app, "queues": {"celery": {}}, "workers": {"w": {"queues": ["celery"]}}}
    )
    assert application(topology, 22) == slug
    whole = application(topology)
    assert next(one.user for one in accounts(topology)) == f"{whole}-w"
    job = Job(topology, "x.conf", target="supervisor")
    assert f"[program:{whole}-w]" in emitter("supervisor").emit(job)[0].content


@pytest.mark.parametrize("target", ["procfile", "supervisor", "systemd"])
@pytest.mark.parametrize(
    ("path", "replicas", "told"),
    [
        ("/run/c/beat", 2, True),
        ("/run/c/%h", 2, True),
        ("/run/c/%n", 2, False),
        ("/run/c/x", 1, False),
    ],
)
def test_workers_of_one_machine_need_a_heartbeat_each(target, path, replicas, told):
    worker = {"queues": ["celery"], "replicas": replicas}
    data = {"queues": {"celery": {}}, "workers": {"w": worker}, "beat": {}}
    job = Job(build({**data, "deploy": {"heartbeat_file": path}}), "x", target=target)
    assert any("vouches" in note for note in emitter(target).notes(job)) is told
