"""Whatever is generated is what the generator would write now."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qtopo.diagnostics.diagnostic import DOCS
from qtopo.rules import registry
from qtopo.topology.shape import SHAPES

ROOT = Path(__file__).parents[2]


def generate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(root / "scripts" / "generate.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_nothing_is_stale():
    done = generate(ROOT, "--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_stale_is_named_and_written_again(tmp_path):
    for folder in ("scripts", "topologies", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    tables = tmp_path / "src" / "qtopo" / "topology"
    tables.mkdir(parents=True)
    shutil.copy(ROOT / "src" / "qtopo" / "topology" / "celery_settings.py", tables)
    stale = ["topologies/shop/celeryconfig.py", "topologies/tenants.toml", "docs/format.md"]
    for name in stale:
        path = tmp_path / name
        path.write_text(path.read_text(encoding="utf-8") + "\n# by hand\n", encoding="utf-8")
    (tmp_path / "docs" / "rules.md").unlink()
    done = generate(tmp_path, "--check")
    assert done.returncode == 1
    assert set(re.findall(r"^(\S+) is stale", done.stderr, re.M)) == {*stale, "docs/rules.md"}
    assert not (tmp_path / "docs" / "rules.md").exists()
    assert generate(tmp_path).returncode == 0
    for name in [*stale, "docs/rules.md"]:
        assert (tmp_path / name).read_bytes() == (ROOT / name).read_bytes()


@pytest.mark.parametrize("name", [*SHAPES, *(rule.name for rule in registry.rules())])
def test_the_link_of_a_diagnostic_leads_to_its_page(name):
    path, _, _ = DOCS.partition("#")
    text = (ROOT / "docs" / path.rpartition("/")[2]).read_text(encoding="utf-8")
    # GitHub makes the anchor of a heading from its words; a rule's name is its own anchor.
    assert len(re.findall(rf"^### {re.escape(name)}$", text, re.M)) == 1
