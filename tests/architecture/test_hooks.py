"""`.pre-commit-hooks.yaml`: what it names exists, and does what it says, run as pre-commit does."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
HOOKS: list[dict[str, Any]] = yaml.safe_load(
    (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
)
BY_ID = {one["id"]: one for one in HOOKS}


def run(hook: str, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a hook as pre-commit does: its entry, its arguments or the user's, no file names."""
    one = BY_ID[hook]
    command, *entry = one["entry"].split()
    script = Path(sys.executable).parent / command
    return subprocess.run(
        [str(script), *entry, *(args or one.get("args", ()))],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    example = (ROOT / "topologies" / "simple.toml").read_text(encoding="utf-8")
    (tmp_path / "topology.toml").write_text(example, encoding="utf-8")
    return tmp_path


def test_each_has_what_pre_commit_needs() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert set(BY_ID) == {"qtopo-check", "qtopo-emit"}
    assert len(BY_ID) == len(HOOKS)
    known = {"id", "name", "description", "entry", "args", "language", "files", "pass_filenames"}
    for one in HOOKS:
        assert known - {"args"} <= one.keys() <= known
        assert one["language"] == "python"
        assert one["entry"].split()[0] in scripts
        # A file that is included is no topology of its own.
        assert one["pass_filenames"] is False


def test_the_readme_shows_hooks_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (repo,) = yaml.safe_load(block)["repos"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert repo["rev"] == f"v{version}"
    assert {one["id"] for one in repo["hooks"]} == set(BY_ID)


@pytest.mark.parametrize(
    ("hook", "file", "runs"),
    [
        ("qtopo-check", "topology.toml", True),
        ("qtopo-check", "deploy/queues/mail.toml", True),
        ("qtopo-check", "pyproject.toml", True),
        ("qtopo-check", "shop/celeryconfig.py", False),
        ("qtopo-check", "notes/toml.md", False),
        ("qtopo-emit", "topology.toml", True),
        ("qtopo-emit", "shop/celeryconfig.py", True),
        ("qtopo-emit", "celeryconfig_eu.json", True),
        ("qtopo-emit", "shop/mycelery.py", False),
    ],
)
def test_it_runs_where_something_may_have_changed(hook: str, file: str, runs: bool) -> None:
    assert bool(re.search(BY_ID[hook]["files"], file)) is runs


def test_check(project: Path) -> None:
    done = run("qtopo-check", project)
    assert (done.returncode, done.stderr) == (0, "")
    text = (project / "topology.toml").read_text(encoding="utf-8")
    (project / "topology.toml").write_text(text + "\n[workers.more]\nqueues = ['no-such']\n")
    done = run("qtopo-check", project)
    assert done.returncode == 1
    assert "worker-unknown-queue" in done.stdout + done.stderr or "QT104" in done.stdout


def test_check_of_a_topology_elsewhere(project: Path) -> None:
    (project / "deploy").mkdir()
    (project / "topology.toml").rename(project / "deploy" / "shop.toml")
    assert run("qtopo-check", project).returncode == 2
    assert run("qtopo-check", project, "-t", "deploy/shop.toml").returncode == 0


def test_emit(project: Path) -> None:
    assert run("qtopo-emit", project).returncode == 1, "there is no celeryconfig.py yet"
    script = Path(sys.executable).parent / "qtopo"
    subprocess.run([str(script), "emit", "celeryconfig.py"], cwd=project, timeout=120, check=True)
    done = run("qtopo-emit", project)
    assert done.returncode == 0, done.stderr
    config = project / "celeryconfig.py"
    written = config.read_text(encoding="utf-8")
    config.write_text(written + "worker_concurrency = 1\n", encoding="utf-8")
    assert run("qtopo-emit", project).returncode == 1
    assert config.read_text(encoding="utf-8") != written, "a check writes nothing"
