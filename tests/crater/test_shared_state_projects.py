"""The analyser of shared state on real projects: every finding was judged by hand.

The packages come from PyPI, by pip, and are unpacked, never installed or run. Set
TEST_PACKAGES to a folder that has them to go without the network.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from qtopo.code.project import Project
from qtopo.code.state import StateFinder
from qtopo.code.survey import Survey, survey

JUDGED = tomllib.loads((Path(__file__).parent / "shared_state.toml").read_text("utf-8"))
PROJECTS = {one["name"]: one for one in JUDGED["projects"]}

pytestmark = pytest.mark.slow


def wheel(name: str, folder: Path) -> Path:
    """Return the wheel of a project, downloaded where it is not there yet."""
    version = PROJECTS[name]["version"]
    given = os.environ.get("TEST_PACKAGES")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    for place in (Path(given) if given else folder, folder):
        for path in place.glob(pattern):
            return path
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest"]
    command += [str(folder), "--only-binary", ":all:", "--ignore-requires-python"]
    ran = subprocess.run(
        [*command, f"{name}=={version}"], capture_output=True, text=True, timeout=280
    )
    if ran.returncode:
        reason = f"{name} {version} cannot be downloaded: {ran.stderr.strip()[-200:]}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return next(folder.glob(pattern))


@pytest.fixture(scope="module", params=PROJECTS)
def found(request, tmp_path_factory) -> tuple[str, Path, Survey]:
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(wheel(request.param, folder)) as archive:
        archive.extractall(
            folder / "code", [one for one in archive.namelist() if one.endswith(".py")]
        )
    return request.param, folder / "code", survey(Project(str(folder / "code")))


def test_every_finding_was_judged(found):
    name, folder, seen = found
    facts = PROJECTS[name]
    assert len(seen.tasks) == facts["tasks"]
    assert Counter(one.method for one in seen.calls) == facts["calls"]
    now = []
    for one in StateFinder(seen.project).run(seen.tasks):
        effect = one.effect
        path = Path(seen.project.modules[effect.spot.module].path)
        now.append(
            {
                "project": name,
                "file": path.relative_to(folder).as_posix(),
                "line": effect.spot.line,
                "kind": effect.kind,
                "what": effect.what,
                "guard": effect.guard or "",
                "lazy": effect.lazy,
                "tasks": len(one.tasks),
            }
        )
    judged: list[dict[str, Any]] = [one for one in JUDGED["findings"] if one["project"] == name]
    assert now == [
        {key: value for key, value in one.items() if key not in ("verdict", "why")}
        for one in judged
    ]
    assert not seen.project.problems


def test_most_findings_are_true():
    verdicts = Counter(one["verdict"] for one in JUDGED["findings"])
    assert set(verdicts) <= {"true", "false"}
    assert verdicts["true"] >= 0.95 * verdicts.total()
    assert not [one for one in JUDGED["findings"] if len(one["why"]) < 20]
    assert len(PROJECTS) >= 3
