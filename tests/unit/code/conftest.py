from __future__ import annotations

from pathlib import Path

import pytest

from qtopo.code.project import Project
from qtopo.code.survey import survey


@pytest.fixture
def write(tmp_path):
    """Writes files into a folder of their own; returns the folder."""

    def run(**files):
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            package = path.parent
            while package != tmp_path:
                if not (package / "__init__.py").exists():
                    Path(package / "__init__.py").write_text("")
                package = package.parent
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return run


@pytest.fixture
def read(write):
    """Reads files as a project; returns what is found in it."""

    def run(**files):
        return survey(Project(str(write(**files))))

    return run
