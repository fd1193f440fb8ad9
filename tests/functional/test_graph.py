"""`qtopo graph`: files, stdout, formats, and what it says on stderr."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest

from qtopo.cli.main import main

GOLDEN = Path(__file__).parents[1] / "golden" / "graph"
TEXT = """\
[app]
celery = "shop:app"
[broker]
transport = "redis"
url = "env:BROKER"
[defaults]
queue = "default"
[queues.default]
[queues.emails]
[[routes]]
task = "shop.emails.*"
queue = "emails"
[tasks."shop.emails.send"]
[workers.main]
queues = ["default", "emails"]
[environments.staging.queues.extra]
[environments.staging.workers.extra]
queues = ["extra"]
"""
TREE = """\
topology: 1 task, 1 route, 2 exchanges, 2 queues, 1 worker

queue default
├─ bound to exchange default (direct)
└─ consumed by worker main (prefork)

queue emails
├─ bound to exchange emails (direct)
├─ gets route shop.emails.* (route 0)
│  └─ task shop.emails.send
└─ consumed by worker main (prefork)
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "topology.toml").write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("arguments", [[], ["-o", "-"], ["--format", "text"], ["--format", "txt"]])
def test_without_a_file_it_is_a_tree(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", *arguments]) == 0
    assert capfd.readouterr() == (TREE, "")


def test_a_terminal_without_unicode_gets_ascii() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qtopo", "graph"],
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode("ascii").splitlines()[3] == "|- bound to exchange default (direct)"


@pytest.mark.parametrize("suffix", ["txt", "dot", "gv", "mmd", "mermaid", "json"])
def test_the_suffix_picks_the_format(suffix: str, capfd: pytest.CaptureFixture[str]) -> None:
    file = f"out.{suffix}"
    assert main(["graph", "-o", file]) == 0
    assert capfd.readouterr() == ("", f"wrote {file}: 7 nodes, 6 edges\n")
    assert main(["graph", "--format", suffix]) == 0
    assert Path(file).read_bytes().decode() == capfd.readouterr().out


@pytest.mark.parametrize(
    ("file", "golden"),
    [
        ("x.txt", "graph.txt"),
        ("x.dot", "graph.dot"),
        ("x.mmd", "graph.mmd"),
        ("x.json", "graph.json"),
    ],
)
def test_files_are_the_golden_ones(
    file: str, golden: str, capfd: pytest.CaptureFixture[str]
) -> None:
    # It has errors that the rules find: it is drawn all the same, and said so.
    topology = str(GOLDEN / "graph.toml")
    assert main(["graph", "-t", topology, "-o", file]) == 0
    assert Path(file).read_bytes() == (GOLDEN / golden).read_bytes()
    assert main(["check", topology, "--format", "json"]) == 1
    errors = json.loads(capfd.readouterr().out)["summary"]["error"]
    assert main(["graph", "-t", topology, "-o", file]) == 0
    _, err = capfd.readouterr()
    assert err.splitlines()[0].startswith("qtopo: warning: ")
    assert f"has {errors} error" in err
    assert err.splitlines()[-1].startswith(f"wrote {file}: 33 nodes, ")


def test_format_goes_over_the_suffix() -> None:
    assert main(["graph", "-o", "out.dot", "--format", "json"]) == 0
    data = json.loads(Path("out.dot").read_text())
    graph = nx.node_link_graph(data, edges="edges")
    assert nx.has_path(graph, "task:shop.emails.send", "worker:main")


def test_an_overlay(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "--env", "staging", "--format", "json"]) == 0
    data = json.loads(capfd.readouterr().out)
    assert data["graph"]["environment"] == "staging"
    assert "queue:extra" in [node["id"] for node in data["nodes"]]


def test_an_unknown_suffix_is_wrong_usage_and_writes_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert main(["graph", "-o", "out.xlsx"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err == (
        "qtopo: error: cannot tell how to draw 'out.xlsx': no format has the suffix '.xlsx'\n"
        "  help: suffixes are .txt, .dot, .gv, .mmd, .mermaid, .json, .svg, .png, .html, .htm; "
        "or name one with --format\n"
    )
    assert not Path("out.xlsx").exists()


def test_an_unknown_format_is_wrong_usage(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "--format", "crayon"]) == 2
    assert "invalid choice: 'crayon'" in capfd.readouterr().err


def test_a_folder_that_is_missing_cannot_be_written_to(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "-o", "no/where.dot"]) == 2
    assert "cannot write 'no/where.dot'" in capfd.readouterr().err


def test_a_broken_file_is_not_drawn(capfd: pytest.CaptureFixture[str]) -> None:
    Path("topology.toml").write_text("[queues.a]\ndurable = 1\n")
    assert main(["graph", "-o", "out.dot"]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert "queues.a.durable takes true or false" in err
    assert not Path("out.dot").exists()


def test_a_picture(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "-o", "out.svg"]) == 0
    assert capfd.readouterr() == ("", "wrote out.svg: 7 nodes, 6 edges\n")
    assert main(["graph", "--format", "svg"]) == 0
    text = capfd.readouterr().out
    assert Path("out.svg").read_bytes().decode() == text
    assert text.startswith("<svg ")
    assert text.count('data-node="') == 5
    assert "prefers-color-scheme" in text


def test_a_picture_with_every_node_and_a_theme(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "--format", "svg", "--expand", "--theme", "dark"]) == 0
    text = capfd.readouterr().out
    assert text.count('data-node="') == 7
    assert "prefers-color-scheme" not in text
    assert main(["graph", "--format", "svg", "--view", "machines"]) == 0
    assert 'data-node="task:' not in capfd.readouterr().out


def test_a_picture_shows_what_the_rules_say(capfd: pytest.CaptureFixture[str]) -> None:
    topology = str(GOLDEN / "graph.toml")
    assert main(["graph", "-t", topology, "--format", "svg"]) == 0
    out, err = capfd.readouterr()
    assert err.startswith(f"qtopo: warning: {topology} has 2 errors, so this may not be")
    assert 'class="badge b-error"' in out


@pytest.mark.parametrize("option", [["--view", "machines"], ["--expand"], ["--theme", "dark"]])
def test_options_of_pictures_are_refused_elsewhere(
    option: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", "-o", "out.dot", *option]) == 2
    assert f"{option[0]} is for pictures, not for dot" in capfd.readouterr().err
    assert not Path("out.dot").exists()


def test_png_is_bytes(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    pytest.importorskip("resvg_py")
    assert main(["graph", "-o", "out.png", "--theme", "dark"]) == 0
    assert Path("out.png").read_bytes().startswith(b"\x89PNG")
    assert main(["graph", "--format", "png", "--theme", "dark"]) == 0
    assert capfdbinary.readouterr().out == Path("out.png").read_bytes()
