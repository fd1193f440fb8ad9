"""What qtopo emits comes back by import: the same settings, byte for byte, and the same routing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import given, settings

from qtopo import source
from qtopo.compiler.settings import compile_settings
from qtopo.emit import celeryconfig
from qtopo.emit.base import Job
from qtopo.errors import EmitError
from qtopo.importers import verify
from qtopo.importers.complete import complete
from qtopo.importers.draft import Draft
from qtopo.importers.merge import merge
from qtopo.importers.settings import settings_of
from qtopo.importers.sound import make_sound
from qtopo.importers.sources import Options, read
from qtopo.importers.write import write
from qtopo.topology.topology import Topology
from strategies import topologies

EXAMPLES = Path(__file__).parents[3] / "topologies"
NAMES = {
    "shop": ("shop", None),
    "simple": ("simple", None),
    "media": ("media", None),
    "tenants": ("tenants", None),
    "redis-priorities": ("redis_priorities", None),
    "django": ("djangosite", "CELERY"),
}


def imported(path: Path, workers: Any, namespace: str | None = None) -> tuple[Draft, Topology]:
    """Return the import of a settings file, with the workers that settings do not know."""
    draft = merge([read("settings", (str(path),), Options(namespace))])
    complete(draft)
    make_sound(draft)
    data = tomli.loads(write(draft))
    if workers:
        data["workers"] = workers
    topology, findings = Topology.from_data(data)
    assert not findings
    return draft, topology


def emitted(topology: Topology, namespace: str | None = None) -> str:
    return celeryconfig.module(Job(topology, "celeryconfig.py", namespace=namespace))


@pytest.mark.parametrize("name", NAMES)
def test_examples_come_back_byte_for_byte(name: str) -> None:
    package, namespace = NAMES[name]
    before = source.read(str(EXAMPLES / f"{name}.toml"), None).topology
    path = EXAMPLES / package / "celeryconfig.py"
    _, after = imported(path, before.write().get("workers"))
    assert emitted(after, namespace) == emitted(before, namespace)


@given(data=topologies())
@settings(max_examples=60, deadline=None)
def test_random_topologies_route_the_same(
    data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    before, findings = Topology.from_data(data)
    assert not findings
    try:
        text = emitted(before)
    except EmitError:
        return
    path = tmp_path_factory.mktemp("import") / "celeryconfig.py"
    path.write_text(text)
    draft, after = imported(path, data.get("workers"))
    values = settings_of(str(path), Options(), Draft("again"))
    verdict = verify.verify_settings(values, after, draft)
    assert not verdict.differences
    old, new = _settings(before), _settings(after)
    assert {name for name in old | new if old.get(name) != new.get(name)} == set()


def _settings(topology: Topology) -> dict[str, Any]:
    """Return the settings; of exact routes the order does not matter."""
    found = dict(compile_settings(topology).settings)
    pairs = found.pop("task_routes", ([],))[0]
    found["exact"] = {key: one for key, one in pairs if isinstance(key, str) and "*" not in key}
    found["patterns"] = [pair for pair in pairs if pair[0] not in found["exact"]]
    return found
