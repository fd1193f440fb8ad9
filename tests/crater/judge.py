"""What qtopo says of the corpus, in the form in which the verdicts are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomli

import qtopo
from crater import corpus
from qtopo.rules import engine
from qtopo.topology.model import describe
from qtopo.topology.topology import Topology

SNAPSHOT = Path(__file__).parent / "verdicts.toml"
HEADER = """\
# Every finding on the corpus of real projects, looked at by hand. `record.py` writes it anew.
#
# defects: what the corpus knows to be wrong, and the rules that must find it (or why none can).
# unlike: tasks that Celery publishes otherwise than `qtopo route` says, and why.
# findings: what the rules say; "true" is a real defect of that project.

"""
ROUTED = (
    "queue",
    "exchange",
    "exchange_type",
    "routing_key",
    "published_exchange",
    "published_routing_key",
    "delivered_to",
)


def snapshot() -> dict[str, list[dict[str, Any]]]:
    """Return the verdicts given so far."""
    text = SNAPSHOT.read_text("utf-8") if SNAPSHOT.exists() else ""
    return {"defects": [], "unlike": [], "findings": [], **tomli.loads(text)}


def key(one: dict[str, Any]) -> str:
    """Return what an entry is about: all of it but what a person says of it."""
    return repr(sorted((name, one[name]) for name in one if name not in ("verdict", "why")))


def topology(translation: corpus.Translation) -> Topology:
    """Return the value; a file of this shape must be readable."""
    made, wrong = Topology.from_data(translation.data)
    assert not [one for one in wrong if one.severity == "error"], wrong
    return made


def findings(project: str) -> list[dict[str, Any]]:
    """Return what the rules find, each once, with the deployments that it is found in."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for translation in corpus.translations(project):
        made, wrong = Topology.from_data(translation.data)
        outcome = engine.run(made, wrong)
        assert not outcome.faults, outcome.faults[0].traceback
        for one in (*wrong, *outcome.findings):
            where = found.setdefault((one.rule, describe(one.at.path), one.message), [])
            where.append(translation.deployment)
    return [
        {"project": project, "deployments": where}
        | {"rule": rule, "path": path, "message": message}
        for (rule, path, message), where in sorted(found.items())
    ]


def unlike(project: str) -> list[dict[str, Any]]:
    """Return where `qtopo.route` and what Celery was measured to do differ."""
    differ: dict[tuple[str, str, str], list[str]] = {}
    made = topology(corpus.translations(project)[0])
    for task, expected in corpus.facts(project)["expected_routes"].items():
        if "queue" not in expected:
            differ.setdefault(("queue", "not known", ""), []).append(task)
            continue
        routed = qtopo.route(made, task)
        ours = {
            **routed._asdict(),
            "published_exchange": routed.publish.exchange,
            "published_routing_key": routed.publish.routing_key,
            "delivered_to": list(routed.delivered_to),
        }
        pairs = [(name, expected[name], ours[name]) for name in ROUTED]
        pairs.append(("priority", expected.get("priority"), routed.publish.priority))
        for name, theirs, our in pairs:
            if theirs != our:
                differ.setdefault((name, str(theirs), str(our)), []).append(task)
    return [
        {"project": project, "what": what, "celery": theirs, "qtopo": our, "tasks": tasks}
        for (what, theirs, our), tasks in differ.items()
    ]
