"""`qtopo emit`: files, exit codes, and what is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

TOPOLOGY = """\
[broker]
url = "env:SHOP_BROKER_URL"
[defaults]
queue = "default"
[queues.default]
[queues.reports]
[tasks."shop.build"]
queue = "reports"
[workers.w]
queues = ["default", "reports"]
[environments.staging.queues.default]
max_length = 5
"""

BROKEN = TOPOLOGY + '[[routes]]\ntask = "x"\nqueue = "reprots"\n'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "topology.toml").write_text(TOPOLOGY)
    return tmp_path


def emit(shop: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "qtopo", "emit", *arguments],
        cwd=shop,
        capture_output=True,
        check=False,
    )


def test_a_module_is_written_and_said_in_a_line(shop):
    done = emit(shop, "celeryconfig.py")
    assert (done.returncode, done.stdout) == (0, b"")
    import celery

    assert done.stderr.decode() == (
        "wrote celeryconfig.py: 2 queues, 1 route, "
        f"proved with Celery {celery.__version__} on 1 task\n"
    )
    assert "task_queues" in (shop / "celeryconfig.py").read_text()
    assert sorted(path.name for path in shop.iterdir()) == ["celeryconfig.py", "topology.toml"]


def test_an_unchanged_file_is_left_alone(shop):
    emit(shop, "celeryconfig.py")
    os.utime(shop / "celeryconfig.py", (1, 1))
    done = emit(shop, "celeryconfig.py")
    assert done.returncode == 0
    assert done.stderr.startswith(b"celeryconfig.py is up to date: 2 queues")
    assert (shop / "celeryconfig.py").stat().st_mtime == 1


def test_a_worker_can_use_it(shop):
    emit(shop, "celeryconfig.py")
    (shop / "app.py").write_text(
        "from celery import Celery\napp = Celery()\napp.config_from_object('celeryconfig')\n"
    )
    code = "from app import app; print(app.amqp.router.route({}, 'shop.build')['queue'].name)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=shop, capture_output=True, text=True, check=True
    )
    assert done.stdout == "reports\n"


def test_stdout_holds_the_file_and_nothing_else(shop):
    emit(shop, "celeryconfig.py")
    done = emit(shop, "-")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == (shop / "celeryconfig.py").read_bytes()
    assert (
        json.loads(emit(shop, "-", "--target", "settings-json").stdout)["task_default_queue"]
        == "default"
    )


def test_json_by_its_name(shop):
    done = emit(shop, "settings.json")
    assert done.returncode == 0, done.stderr
    assert json.loads((shop / "settings.json").read_bytes())["task_routes"] == [
        [["shop.build", {"queue": "reports"}]]
    ]


def test_check_and_diff(shop):
    done = emit(shop, "celeryconfig.py", "--check")
    assert done.returncode == 1
    assert done.stderr.decode() == (
        "qtopo: error: celeryconfig.py does not exist\n"
        "  help: refresh it with `qtopo emit celeryconfig.py`\n"
    )
    assert not (shop / "celeryconfig.py").exists()
    emit(shop, "celeryconfig.py")
    done = emit(shop, "celeryconfig.py", "--check")
    assert (done.returncode, done.stderr) == (0, b"celeryconfig.py is up to date\n")
    done = emit(shop, "celeryconfig.py", "--diff")
    assert (done.returncode, done.stdout) == (0, b"")

    before = (shop / "celeryconfig.py").read_bytes()
    (shop / "topology.toml").write_text(
        TOPOLOGY.replace("[queues.reports]", "[queues.reports]\nmax_length = 7")
    )
    done = emit(shop, "celeryconfig.py", "--check", "-t", "topology.toml")
    assert done.returncode == 1
    assert b"celeryconfig.py is stale" in done.stderr
    assert b"`qtopo emit celeryconfig.py --topology topology.toml`" in done.stderr
    done = emit(shop, "celeryconfig.py", "--diff")
    assert done.returncode == 1
    changed = [
        line
        for line in done.stdout.decode().splitlines()
        if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert changed == [
        '-    Queue("reports", Exchange("reports"), routing_key="reports"),',
        '+    Queue("reports", Exchange("reports"), routing_key="reports", max_length=7),',
    ]
    assert (shop / "celeryconfig.py").read_bytes() == before


def test_environments(shop):
    text = emit(shop, "-", "--env", "staging").stdout.decode()
    assert "# From: topology.toml, environment staging\n" in text
    assert "max_length=5" in text
    assert emit(shop, "-", "--env", "stagin").returncode == 2


def test_django(shop):
    text = emit(shop, "-", "--namespace", "CELERY").stdout.decode()
    assert "\nCELERY_TASK_DEFAULT_QUEUE = " in text
    assert emit(shop, "-", "--namespace", "1").returncode == 2


def test_errors_of_rules_refuse(shop):
    (shop / "topology.toml").write_text(BROKEN)
    done = emit(shop, "celeryconfig.py")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"reprots" in done.stderr
    assert b"--no-check" in done.stderr
    assert not (shop / "celeryconfig.py").exists()
    done = emit(shop, "celeryconfig.py", "--no-check")
    assert done.returncode == 0, done.stderr
    assert '{"queue": "reprots"}' in (shop / "celeryconfig.py").read_text()


def test_errors_of_shape_refuse_in_spite_of_no_check(shop):
    (shop / "topology.toml").write_text("[queues]\nx = 1\n")
    done = emit(shop, "celeryconfig.py", "--no-check")
    assert done.returncode == 1
    assert b"wrong-type" in done.stderr or b"queues.x" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["celery.txt"], b"no target writes files named 'celery.txt'"),
        (["x.py", "--target", "celerycofig"], b"did you mean 'celeryconfig'"),
        (["nowhere/x.py"], b"cannot write 'nowhere/x.py'"),
        (["-", "--check"], b"stdout is never stale"),
        (["x.py", "--check", "--diff"], b"not allowed with"),
        ([], b"OUTPUT"),
        (["s.json", "--namespace", "1x"], b"the namespace cannot be '1x'"),
    ],
)
def test_what_cannot_be_done_is_2(shop, arguments, message):
    done = emit(shop, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert [path.name for path in shop.iterdir()] == ["topology.toml"]


def test_a_failed_proof_writes_nothing(shop, monkeypatch, capsys):
    """Nothing a topology says makes a proof fail: the compiler has to be broken for it."""
    from qtopo.cli.main import main
    from qtopo.topology.publishing import Publishing

    monkeypatch.chdir(shop)
    sound = Publishing.options
    monkeypatch.setattr(
        Publishing, "options", lambda published: sound(published) | {"queue": "default"}
    )
    assert main(["emit", "celeryconfig.py"]) == 2
    assert not (shop / "celeryconfig.py").exists()
    said = capsys.readouterr().err
    assert "task 'shop.build'" in said
    assert "fault of qtopo's" in said
