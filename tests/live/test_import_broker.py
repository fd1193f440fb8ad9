"""What `import broker` and `import definitions` read from RabbitMQ, held against RabbitMQ.

A random topology is declared with kombu, imported, and declared again from the import on
the same broker (whose answer to anything declared otherwise is 406) and on an empty one.
"""

from __future__ import annotations

import json
import random
import re
import time
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vhosts import api, declare, empty, held, imported, management, vhost

import strategies
from qtopo.importers.declarations.policies import counting, merged
from qtopo.importers.declarations.records import objects_of
from qtopo.importers.draft import Draft
from qtopo.importers.sources import Options
from qtopo.topology.topology import Topology

__all__ = ["vhost"]

pytestmark = pytest.mark.broker

EXAMPLES = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def same(found: dict[str, Any]) -> list[str]:
    """What a vhost holds, the made-up names of broadcast queues aside."""
    text = repr(found)
    for number, name in enumerate(dict.fromkeys(re.findall(r"bcast\.[0-9a-f-]{36}", text))):
        text = text.replace(name, f"bcast.{number}")
    return sorted(re.split(r"(?=[('\[])", text))


@st.composite
def declared(draw: Any) -> dict[str, Any]:
    """Tables of exchanges and queues; some exchanges fed by others, some with alternates."""
    data = draw(strategies.topologies(("rabbitmq",)))
    exchanges = data.get("exchanges", {})
    names = sorted(exchanges)
    for one in exchanges.values():
        if draw(st.integers(0, 2)) == 0:
            one["alternate"] = draw(st.sampled_from([*names, "amq.fanout", "missing"]))
        if draw(st.integers(0, 2)) == 0:
            one["bindings"] = [
                {
                    "exchange": draw(st.sampled_from([*names, "amq.topic"])),
                    "routing_key": draw(strategies.keys),
                }
            ]
        if draw(st.integers(0, 3)) == 0:
            one["arguments"] = {"x-own": draw(strategies.scalars)}
    if any("amq.topic" in repr(one) for one in exchanges.values()):
        exchanges["amq.topic"] = {"type": "topic"}
    for queue in data["queues"].values():
        if "expires" in queue:
            # Not while the test looks at it.
            queue["expires"] = draw(st.sampled_from(["90m", "3601s", "1800001ms"]))
        if not queue.get("broadcast") and draw(st.integers(0, 2)) == 0:
            queue["dead_letter"] = {"exchange": draw(st.sampled_from([*names, "dead"]))}
        if set(queue) <= {"exchange", "routing_key"} and draw(st.booleans()):
            queue["type"] = draw(st.sampled_from(["quorum", "stream", "classic"]))
    return {key: data[key] for key in ("exchanges", "queues", "defaults") if key in data}


@EXAMPLES
@given(data=declared())
def test_declared_again_it_is_the_same(data: dict[str, Any], vhost: str) -> None:
    topology, wrong = Topology.from_data(data)
    assert wrong == []
    declare(vhost, topology)
    before = held(vhost)
    found, draft = imported("broker", management(vhost))
    # Nothing was changed by looking, and nothing is declared otherwise.
    assert held(vhost) == before
    broadcasts = {name for name, queue in found.queues.items() if queue.broadcast}
    assert broadcasts == {name for name, queue in topology.queues.items() if queue.broadcast}
    empty(vhost)
    declare(vhost, found)
    after = held(vhost)
    assert same(after) == same(before), draft.notes
    declare(vhost, topology)
    again = held(vhost)
    if not broadcasts:
        assert again == before
    empty(vhost)


@settings(EXAMPLES, max_examples=6)
@given(data=declared())
def test_an_export_says_the_same_as_the_broker(
    data: dict[str, Any], vhost: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    topology, _ = Topology.from_data(data)
    declare(vhost, topology)
    try:
        live, _ = imported("broker", management(vhost))
        name = unquote(urlsplit(vhost).path[1:])
        path = tmp_path_factory.mktemp("export") / "definitions.json"
        path.write_text(json.dumps(api(vhost, "definitions/{}")))
        alone, _ = imported("definitions", str(path))
        path.write_text(json.dumps(api(vhost, "definitions")))
        of_all, _ = imported("definitions", str(path), Options(vhost=name))
    finally:
        empty(vhost)
    for export in (alone, of_all):
        assert dict(export.queues) == dict(live.queues)
        assert dict(export.exchanges) == dict(live.exchanges)


KEYS: dict[str, tuple[Any, ...]] = {
    "max-length": (1, 5, 9),
    "message-ttl": (1000, 5000),
    "overflow": ("drop-head", "reject-publish"),
    "dead-letter-exchange": ("a", "b"),
    "max-age": ("1D",),
    "queue-mode": ("lazy",),
    "delivery-limit": (1, 5),
    "alternate-exchange": ("amq.fanout",),
}
LIMITS = ("max-length", "message-ttl", "expires")
PATTERNS = (
    "",
    "a",
    ".*a$",
    r"(?!amq\.).*",
    "(a|b)",
    r".*\.b",
    "[ab]c?$",
    "b{2}",
    "é",
    ".{2}$",
    "a|b$",
)
NAMES = ("a", "b", "ab", "a.b", "bb", "é", "aé", "quorum", "stream")


def policy(rng: random.Random, group: str, *, operator: bool) -> dict[str, Any]:
    keys = rng.sample(LIMITS if operator else sorted(KEYS), rng.choice((1, 1, 2)))
    pattern = rng.choice(PATTERNS)
    return {
        "pattern": f"^{group}:(?:{pattern})" if "|" in pattern else f"^{group}:{pattern}",
        "apply-to": "queues" if operator else rng.choice(("all", "queues", "exchanges")),
        "definition": {key: rng.choice(KEYS.get(key, (700_000,))) for key in keys},
    }


def test_the_policy_that_counts_is_the_brokers(vhost: str) -> None:
    rng = random.Random(1)
    for group in (f"g{number}" for number in range(25)):
        for kind, most in (("policies", 4), ("operator-policies", 2)):
            for priority in rng.sample(range(-1, 5), rng.randint(0, most)):
                one = policy(rng, group, operator=kind == "operator-policies")
                name = f"{group}-{priority}"
                api(vhost, f"{kind}/{{}}/{name}", "PUT", {**one, "priority": priority})
        for name in rng.sample(NAMES, 4):
            kind = name if name in ("quorum", "stream") else "classic"
            path = f"queues/{{}}/{quote(f'{group}:{name}', safe='')}"
            api(vhost, path, "PUT", {"durable": True, "arguments": {"x-queue-type": kind}})
    records = {
        "queues": api(vhost, "queues/{}?disable_stats=true"),
        "policies": api(vhost, "policies/{}"),
        "operator_policies": api(vhost, "operator-policies/{}"),
    }
    draft = Draft("test")
    objects = objects_of(records, "here", draft, live=True)
    assert draft.notes == []
    said = effective(vhost, list(objects.queues))
    counted = 0
    for queue in objects.queues.values():
        assert queue.type is not None
        mine, _ = counting(objects.policies, queue.name, queue.type, operator=False)
        assert (mine and mine.name) == queue.policy, (queue, objects.policies)
        theirs, _ = counting(objects.policies, queue.name, queue.type, operator=True)
        operator, definition = said[queue.name]
        assert (theirs and theirs.name) == operator, (queue, objects.policies)
        assert merged(mine, theirs) == definition, (queue, objects.policies)
        counted += mine is not None and theirs is not None
    assert counted > 5


def effective(url: str, names: list[str]) -> dict[str, tuple[str | None, dict[str, Any]]]:
    """What policies do to queues, as the broker says it some seconds later."""
    columns = "columns=name,operator_policy,effective_policy_definition"
    for _ in range(40):
        found = {one["name"]: one for one in api(url, f"queues/{{}}?{columns}")}
        if all("effective_policy_definition" in found[name] for name in names):
            break
        time.sleep(0.5)
    return {
        name: (one.get("operator_policy") or None, one.get("effective_policy_definition") or {})
        for name, one in found.items()
    }
