"""Tasks a worker does not import: what is said of projects is what Celery itself registers."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from qtopo.code.about_workers import check
from qtopo.code.looked import Looked
from qtopo.code.project import Project
from qtopo.code.survey import survey
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from pathlib import Path

APP = "from celery import Celery\napp = Celery({}broker='memory://')\n"
TASK = "from celery import shared_task\n@shared_task\ndef {}(): ...\n"
LAYOUTS = {
    "constructor": {"celery": APP.format("include=['{p}.jobs'], ")},
    "setting": {"celery": APP.format("") + "app.conf.imports = ('{p}.jobs',)\n"},
    "object": {
        "celery": APP.format("") + "app.config_from_object('{p}.conf')\n",
        "conf": "include = ['{p}.jobs']\n",
    },
    "imported": {"celery": APP.format("") + "import {p}.jobs\n"},
    "imported below": {
        "celery": APP.format("") + "from {p} import setup\n",
        "setup": "from . import jobs\n",
    },
    "discovered": {"celery": APP.format("") + "app.autodiscover_tasks(['{p}'])\n"},
    "discovered by name": {
        "celery": APP.format("") + "app.autodiscover_tasks(['{p}'], related_name='jobs')\n"
    },
    "discovered by a name in another place": {
        "celery": APP.format("") + "app.autodiscover_tasks(['{p}'], 'more')\n"
    },
    "not at all": {"celery": APP.format("")},
    "only by a view": {"celery": APP.format(""), "views": "from {p}.jobs import job\n"},
    "by a star": {"celery": APP.format("") + "from {p}.jobs import *\n"},
    "by an import in a function": {
        "celery": APP.format("") + "def late():\n    import {p}.jobs\nlate()\n"
    },
}
SILENT = {
    "computed": {
        "celery": APP.format("") + "from importlib import import_module\n"
        "import_module('{p}.' + 'jobs'.strip())\n"
    },
    "computed names": {
        "celery": APP.format("") + "import pkgutil, importlib, {p}\n"
        "for one in pkgutil.iter_modules({p}.__path__):\n"
        "    if one.name not in ('celery',): importlib.import_module('{p}.' + one.name)\n"
    },
}
PROGRAM = """\
import importlib, json, sys
found = {}
for name in json.loads(sys.argv[1]):
    app = importlib.import_module(name + ".celery").app
    app.loader.import_default_modules()
    found[name] = sorted(one for one in app.tasks if one.startswith(name + "."))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """Write each layout as a package; returns the folder, and what Celery registers of each."""
    folder = tmp_path_factory.mktemp("imports")
    packages = {}
    for number, (name, files) in enumerate({**LAYOUTS, **SILENT}.items()):
        package = f"p{number}"
        packages[name] = package
        (folder / package).mkdir()
        for file, text in {
            "__init__": "",
            "jobs": TASK.format("job"),
            "tasks": TASK.format("task"),
            "more": TASK.format("more"),
            **files,
        }.items():
            path = folder / package / f"{file}.py"
            path.write_text(text.replace("{p}", package), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(list(packages.values()))],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    registered = json.loads(ran.stdout)
    # A shared task is every application's: what another layout brings in is its own, by its name.
    return folder, {name: (one, set(registered[one])) for name, one in packages.items()}


def missing(folder: Path, package: str, **worker) -> set[str]:
    """Return the modules that are said to be imported by nobody."""
    topology, wrong = Topology.from_data(
        {
            "app": {"celery": f"{package}.celery:app"},
            "queues": {"celery": {}},
            "workers": {"main": {"queues": ["celery"], **worker}},
        }
    )
    assert not wrong
    looked = Looked(topology, survey(Project(str(folder / package))))
    return {one.message.split("module '")[1].partition("'")[0] for one in check(looked)}


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_celery_does_not_register_is_found(projects, name):
    folder, known = projects
    package, registered = known[name]
    tasks = {f"{package}.jobs.job", f"{package}.tasks.task", f"{package}.more.more"}
    assert missing(folder, package) == {one.rpartition(".")[0] for one in tasks - registered}


@pytest.mark.parametrize("name", SILENT)
def test_what_is_computed_is_not_guessed(projects, name):
    folder, known = projects
    package, registered = known[name]
    assert f"{package}.jobs.job" in registered
    assert missing(folder, package) == set()


def test_what_a_worker_includes_is_its_own(projects):
    folder, known = projects
    package, _ = known["not at all"]
    assert missing(folder, package, include=[f"{package}.jobs", f"{package}.more"]) == {
        f"{package}.tasks"
    }


def test_an_application_that_is_not_there_says_nothing(projects):
    folder, known = projects
    package, _ = known["not at all"]
    (folder / package / "celery.py").rename(folder / package / "other.py")
    try:
        assert missing(folder, package) == set()
    finally:
        (folder / package / "other.py").rename(folder / package / "celery.py")
