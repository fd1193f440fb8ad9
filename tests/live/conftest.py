"""Sites for the live tests: copies of the examples, or topologies written in a test."""

from __future__ import annotations

import sys

import pytest
from fleet import Site

from brokers import redis_database

if sys.platform == "win32":
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="module")
def redis_broker():
    """The URL of a Redis database that is the broker of one module's tests."""
    with redis_database() as url:
        yield url


@pytest.fixture(scope="module")
def make_site(tmp_path_factory):
    """Copies a folder of topologies and applications to where they can run."""

    def make(source, **environment):
        return Site(tmp_path_factory.mktemp("site"), source, environment)

    return make
