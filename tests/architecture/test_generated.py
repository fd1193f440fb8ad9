"""Whatever is generated is what the generator would write now."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qtopo.diagnostics.diagnostic import page_of
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
    gone = "docs/rules/route-unknown-queue.md"
    (tmp_path / gone).unlink()
    stray = tmp_path / "docs" / "rules" / "a-rule-that-is-gone.md"
    stray.write_text("# a-rule-that-is-gone\n", encoding="utf-8")
    done = generate(tmp_path, "--check")
    assert done.returncode == 1
    assert set(re.findall(r"^(\S+) is stale", done.stderr, re.M)) == {
        *stale,
        gone,
        "docs/rules/a-rule-that-is-gone.md",
    }
    assert stray.exists()
    assert not (tmp_path / gone).exists()
    assert generate(tmp_path).returncode == 0
    assert not stray.exists()
    assert generate(tmp_path, "--check").returncode == 0
    for name in [*stale, gone]:
        assert (tmp_path / name).read_bytes() == (ROOT / name).read_bytes()


@pytest.mark.parametrize("name", [*SHAPES, *(rule.name for rule in registry.rules())])
def test_the_link_of_a_diagnostic_leads_to_its_page(name):
    _, main, path = page_of(name).partition("/blob/main/")
    assert main
    text = (ROOT / path).read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n\n")
    index = (ROOT / "docs" / "rules" / "README.md").read_text(encoding="utf-8")
    assert index.count(f"[{name}]({name}.md)") == 1


def test_links_between_documents_lead_somewhere():
    for file in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        text = re.sub(r"^```.*?^```", "", file.read_text(encoding="utf-8"), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, anchor = target.partition("#")
            if "://" in path or not path:
                continue
            found = file.parent / path
            assert found.exists(), (file.name, target)
            if anchor and found.suffix == ".md":
                linked = found.read_text(encoding="utf-8")
                headings = re.findall(r"^#+ (.+)$", linked, re.M)
                anchors = {
                    re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings
                }
                assert anchor in anchors or f'<a id="{anchor}">' in linked, (file.name, target)
