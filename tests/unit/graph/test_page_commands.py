"""What the command line puts on the graph of a page: explanations and launch commands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import qtopo
from qtopo.cli.graph_page import _words, tell
from qtopo.cli.main import main
from qtopo.graph.build import graph
from qtopo.graph.page.facts import DOTS

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
[app]
celery = "shop:app"
[broker]
transport = "rabbitmq"
[queues.celery]
[queues.mail]
[[routes]]
task = "mail.*"
queue = "mail"
[tasks."mail.send"]
[workers.mail]
queues = ["mail"]
replicas = 25
env = { RELAY = "value-of-relay" }
[workers.off]
queues = ["celery"]
replicas = 0
[beat.schedule.nightly]
task = "mail.send"
every = "1d"
"""


def told(tmp_path: Path) -> dict[str, dict[str, object]]:
    source = tmp_path / "topology.toml"
    source.write_text(TEXT, encoding="utf-8")
    topology = qtopo.load(source)
    built = graph(topology)
    tell(built, topology)
    return built.graph


def test_commands_are_those_of_the_workers(tmp_path: Path) -> None:
    commands = told(tmp_path)["commands"]
    mail = commands["worker:mail"]
    assert mail["lines"][0] == "celery -A shop:app worker -n mail-1@%h -Q mail -P prefork"  # type: ignore[index]
    assert len(mail["lines"]) == 20  # type: ignore[index]
    assert mail["more"] == 5  # type: ignore[index]
    assert mail["needs"] == ["RELAY"]  # type: ignore[index]
    assert commands["worker:off"] == {"lines": [], "more": 0, "needs": []}
    assert commands["beat:nightly"]["lines"] == ["celery -A shop:app beat"]  # type: ignore[index]


def test_explanations_are_those_of_route(tmp_path: Path) -> None:
    lines = told(tmp_path)["explanations"]["task:mail.send"]
    assert ("decided by", "routes[0] (mail.*)", "routes[0].task") in lines  # type: ignore[operator]
    assert ("delivered to", "mail", "") in lines  # type: ignore[operator]
    lost = [text for label, text, _ in lines if label == "lost"]  # type: ignore[attr-defined]
    assert lost == ["the default queue celery: routes[0] matches"]


def test_values_of_the_environment_are_nowhere_in_the_page(tmp_path: Path) -> None:
    told(tmp_path)
    source, to = tmp_path / "topology.toml", tmp_path / "topology.html"
    assert main(["graph", "-t", str(source), "-o", str(to)]) == 0
    text = to.read_text(encoding="utf-8")
    assert "RELAY" in text
    assert "value-of-relay" not in text
    assert str(tmp_path) not in text


def test_the_page_is_the_same_each_time(tmp_path: Path) -> None:
    told(tmp_path)
    pages = []
    for name in ("one.html", "two.htm"):
        source, to = tmp_path / "topology.toml", tmp_path / name
        assert main(["graph", "-t", str(source), "-o", str(to)]) == 0
        pages.append(to.read_bytes())
    assert pages[0] == pages[1]


def test_secrets_in_arguments_are_hidden() -> None:
    words = ["celery", "--broker=amqp://u:hunter2@h//", "--token=hunter3", "--api_key", "hunter4"]
    shown = list(_words([*words, "-Q", "token,secret", "--password="]))
    assert "hunter" not in json.dumps(shown)
    assert shown[2:5] == [f"--token={DOTS}", "--api_key", DOTS]
    assert shown[5:] == ["-Q", "token,secret", "--password="]
