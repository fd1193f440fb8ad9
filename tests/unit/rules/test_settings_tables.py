"""The tables of settings and options agree with the Celery and kombu that are installed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from qtopo.compiler.options import DURATIONS
from qtopo.compiler.settings import OWN
from qtopo.rules.settings.broker_options import COMMON, OPTIONS, VIRTUAL, known
from qtopo.rules.settings.homes import HOMES
from qtopo.rules.settings.names import new_name
from qtopo.topology.celery_settings import OLD_NAMES, SETTINGS
from qtopo.topology.transports import TRANSPORTS

SCRIPT = Path(__file__).parents[3] / "scripts/celery_settings.py"


def test_the_generated_table_is_up_to_date() -> None:
    assert subprocess.run([sys.executable, str(SCRIPT), "--check"], check=False).returncode == 0


def test_every_old_name_leads_to_celerys_new_one() -> None:
    from celery.app import defaults

    for old, new in defaults._TO_NEW_KEY.items():
        assert new_name(old) == new
    assert set(OLD_NAMES.values()) <= SETTINGS.keys()


def test_homes_are_what_the_compiler_keeps_to_itself() -> None:
    assert HOMES.keys() == OWN
    assert HOMES.keys() <= SETTINGS.keys()


def test_every_transport_has_options_or_is_left_alone() -> None:
    without = {one.name for one in TRANSPORTS.values() if known(one) is None}
    assert without == {"sqlalchemy", "qpid"}
    assert OPTIONS.keys() | without == {one.name for one in TRANSPORTS.values()}


def test_durations_are_options() -> None:
    assert COMMON | VIRTUAL | frozenset().union(*OPTIONS.values()) >= DURATIONS


SOURCES = {
    "rabbitmq": ["pyamqp.py"],
    "redis": ["redis.py"],
    "sqs": ["SQS"],
    "gcpubsub": ["gcpubsub.py"],
    "kafka": ["confluentkafka.py"],
    "azureservicebus": ["azureservicebus.py"],
    "azurestoragequeues": ["azurestoragequeues.py"],
    "pgmq": ["pgmq.py"],
    "mongodb": ["mongodb.py"],
    "filesystem": ["filesystem.py"],
    "slmq": ["SLMQ.py"],
    "memory": ["memory.py"],
    "zookeeper": ["zookeeper.py"],
    "etcd": ["etcd.py"],
    "consul": ["consul.py"],
    "pyro": ["pyro.py"],
}


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_every_option_that_kombu_asks_for_is_known(name: str) -> None:
    """Options are asked for by `.transport_options.get(...)`, or listed in a tuple."""
    import kombu.transport

    folder = Path(kombu.transport.__file__).parent
    found: set[str] = set()
    for source in SOURCES[name]:
        path = folder / source
        for file in [path] if path.is_file() else sorted(path.glob("*.py")):
            found |= _options(ast.parse(file.read_text("utf-8")))
    assert found - COMMON - VIRTUAL <= OPTIONS[name]
    # What a page of this project calls an option exists.
    if name in ("redis", "sqs", "gcpubsub", "pgmq", "mongodb", "filesystem"):
        assert found - COMMON - VIRTUAL == OPTIONS[name]


def test_rabbitmq_options_are_parameters_of_the_connection() -> None:
    import inspect

    import amqp

    parameters = set(inspect.signature(amqp.Connection.__init__).parameters)
    assert OPTIONS["rabbitmq"] <= parameters


def _options(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "get" and _is_options(node.func.value) and node.args:
                found |= _text(node.args[0])
        elif isinstance(node, ast.Subscript) and _is_options(node.value):
            found |= _text(node.slice)
        elif isinstance(node, ast.Assign) and any(
            isinstance(one, ast.Name) and one.id == "from_transport_options" for one in node.targets
        ):
            for one in ast.walk(node.value):
                found |= _text(one)
    return found


def _is_options(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "transport_options" or (
            node.attr == "options" and isinstance(node.value, ast.Name) and node.value.id == "self"
        )
    return isinstance(node, ast.Name) and node.id == "transport_options"


def _text(node: ast.AST) -> set[str]:
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
