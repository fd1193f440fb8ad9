"""What becomes of names on each transport: kombu's own tables are the oracle."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path
from typing import Any

import kombu.transport
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kombu.transport.virtual.exchange import TopicExchange

from qtopo.rules.transport.names import entity_name, refusal
from qtopo.rules.transport.topic_pattern_crash import crash

FILES = {
    "sqs": "SQS/__init__.py",
    "gcpubsub": "gcpubsub.py",
    "azureservicebus": "azureservicebus.py",
    "azurestoragequeues": "azurestoragequeues.py",
    "pgmq": "pgmq.py",
    "slmq": "SLMQ.py",
}
TABLES = ("CHARS_REPLACE_TABLE", "PUNCTUATIONS_TO_REPLACE")


def kombu_table(file: str) -> dict[int, int | str]:
    """Return a transport's table of replacements, without importing what it needs to run."""
    path = Path(kombu.transport.__file__).parent / file
    space: dict[str, Any] = {"string": string}
    for statement in ast.parse(path.read_text("utf-8")).body:
        if isinstance(statement, ast.Assign):
            target = statement.targets[0]
            named = target.value if isinstance(target, ast.Subscript) else target
            if isinstance(named, ast.Name) and named.id in TABLES:
                exec(compile(ast.Module([statement], []), file, "exec"), space)
    table: dict[int, int | str] = space["CHARS_REPLACE_TABLE"]
    return table


@pytest.mark.parametrize("transport", FILES)
def test_every_sign_becomes_what_kombu_makes_of_it(transport: str) -> None:
    table = kombu_table(FILES[transport])
    for sign in map(chr, range(32, 256)):
        assert entity_name(transport, f"a{sign}b") == f"a{sign}b".translate(table)


def test_fifo_queues_keep_their_ending() -> None:
    assert entity_name("sqs", "a.b.fifo") == "a-b.fifo"
    assert entity_name("sqs", "a.fifo.b") == "a-fifo-b"
    assert entity_name("azurestoragequeues", "a.fifo") == "a-fifo"


@pytest.mark.parametrize("transport", ["rabbitmq", "redis", "memory", "qpid"])
def test_names_that_stay_as_they_are(transport: str) -> None:
    assert entity_name(transport, "a.b") is None
    assert refusal(transport, "", "ä" * 300) is None


@pytest.mark.parametrize(
    ("transport", "name", "refused"),
    [
        ("sqs", "a" * 80, False),
        ("sqs", "a" * 81, True),
        ("sqs", "a" * 75 + ".fifo", False),
        ("sqs", "a" * 76 + ".fifo", True),
        ("sqs", "a b", True),
        ("sqs", "a.b", False),
        ("kafka", "a" * 249, False),
        ("kafka", "a" * 250, True),
        ("kafka", "a@b", False),
        ("kafka", "a:b", True),
        ("azurestoragequeues", "abc", False),
        ("azurestoragequeues", "-abc", True),
        ("azurestoragequeues", "a..b", True),
        ("azurestoragequeues", "Abc", True),
    ],
)
def test_limits(transport: str, name: str, refused: bool) -> None:
    assert (refusal(transport, "", name) is not None) == refused


@given(st.text("ab.*#+[", max_size=6))
def test_a_pattern_crashes_where_kombus_does(key: str) -> None:
    pattern = TopicExchange(None).key_to_pattern(key)
    try:
        re.compile(pattern)
    except re.error:
        assert crash(key) is not None
    else:
        assert crash(key) is None
