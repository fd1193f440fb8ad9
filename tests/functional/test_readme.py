"""The terminal sessions and the picture of the README are what the commands print."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text()


SHOWN = re.findall(r"proved with Celery ([\d.]+\d)", README)[0]
"""The version of the session that is shown: any other says the same."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def session(block: str, folder: Path) -> str:
    """Run the commands of a block; returns it with what they print."""
    said = []
    for command in re.findall(r"^\$ (.*)$", block, re.MULTILINE):
        program, *arguments = shlex.split(command)
        assert program == "qtopo"
        done = subprocess.run(
            [sys.executable, "-m", "qtopo", *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"},
        )
        said.append(f"$ {command}\n{done.stdout}")
    return re.sub(r"Celery [\d.]+\d", f"Celery {SHOWN}", "\n".join(said))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "topology.toml").write_text(blocks("toml")[0])
    return tmp_path


def test_the_typo_is_found_as_shown(folder):
    file = folder / "topology.toml"
    head, tail = file.read_text().rsplit('queue = "reports"', 1)
    file.write_text(f'{head}queue = "report"{tail}')
    assert session(blocks("console")[0], folder) == blocks("console")[0]


def test_the_session_is_as_shown(folder):
    assert session(blocks("console")[1], folder) == blocks("console")[1]


def test_the_picture_is_drawn_so(folder):
    drawn = session("$ qtopo graph --format mermaid", folder).split("\n", 1)[1]
    # The comment on the first line is for whoever opens the file.
    assert drawn.split("\n", 1)[1] == blocks("mermaid")[0]
