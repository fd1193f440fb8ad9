"""Names that every platform takes, and processes that all targets share."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtopo.emit.base import TARGETS, Job, emitter, target_of
from qtopo.emit.launching import slugged, units
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
