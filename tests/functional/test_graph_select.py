"""`--select`, `--exclude` and `--diff` on the command line, and the page about them."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qtopo.cli.main import main

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "topologies" / "shop.toml"
PAGE = (ROOT / "docs" / "selectors.md").read_text(encoding="utf-8")
SESSIONS = re.findall(r"```console\n\$ (qtopo [^\n]*)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(SHOP, tmp_path / "topology.toml")
    text = SHOP.read_text(encoding="utf-8")
    changed = text.replace('message_ttl = "1h"', 'message_ttl = "2h"')
    changed = changed.replace("[queues.default]", "[queues.fresh]\n[queues.default]")
    assert changed != text
    (tmp_path / "new.toml").write_text(changed, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def test_the_page_has_sessions() -> None:
    assert len(SESSIONS) == PAGE.count("$ qtopo") >= 5


@pytest.mark.parametrize(("command", "shown"), SESSIONS, ids=[one for one, _ in SESSIONS])
def test_the_page_shows_what_is_printed(
    command: str, shown: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code = main(shlex.split(command)[1:])
    out, err = capfd.readouterr()
    assert out + err == shown
    assert code == (2 if err else 0)


@pytest.mark.parametrize("style", ["text", "dot", "mermaid", "json"])
def test_every_format_draws_the_part(style: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "--format", style, "-s", "1+queue:emails", "-s", "machine:small"]) == 0
    out, _ = capfd.readouterr()
    assert "shop.emails." in out
    assert "small" in out
    assert "orders" not in out
    assert "receipt" in out  # the route names it


def test_json_is_the_graph_of_the_part(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "--format", "json", "-s", "@shop.ping", "--exclude", "kind:machine"]) == 0
    data = json.loads(capfd.readouterr().out)
    nodes = {node["id"] for node in data["nodes"]}
    assert {"task:shop.ping", "queue:default", "worker:default"} <= nodes
    assert not [one for one in nodes if one.startswith("machine:")]
    assert all({edge["source"], edge["target"]} <= nodes for edge in data["edges"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["graph", "-s", "@x+"], "@ and + at the end do not go together"),
        (["graph", "-s", "kin:task"], "did you mean 'kind'?"),
        (["graph", "-s", "emails", "--exclude", "*"], "nothing is left without '*'"),
        (["workers", "-s", "queue:emails"], "no worker and no beat is among what is selected"),
        (["workers", "-s", "emails", "--worker", "emails"], "--only and --select do not go"),
        (["route", "--all", "-s", "kind:queue"], "no task is among what is selected"),
        (["route", "shop.ping", "-s", "emails"], "--select and --exclude go with --all"),
        (["graph", "--only-changes"], "--only-changes goes with --diff"),
        (["graph", "--diff", "a.toml", "b.toml", "-t", "c.toml"], "--diff names both files"),
        (["graph", "--diff", "a.toml"], "expected 2 arguments"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert message in err


def test_workers_in_every_form(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["workers", "-s", "+worker:reports", "--format", "json"]) == 0
    data = json.loads(capfd.readouterr().out)
    assert [one["name"] for one in data["workers"]] == ["reports", "beat"]
    assert main(["workers", "--exclude", "kind:beat pool:prefork", "--print-commands"]) == 0
    assert re.findall(r"-n (\w+)@", capfd.readouterr().out) == ["emails"]


def test_beat_is_meant_by_its_entries_and_a_worker_of_that_name_is_not(
    capfd: pytest.CaptureFixture[str],
) -> None:
    text = SHOP.read_text(encoding="utf-8")
    Path("topology.toml").write_text(text.replace("[workers.emails]", "[workers.beat]"))
    assert main(["workers", "-s", "worker:beat", "--format", "json"]) == 0
    data = json.loads(capfd.readouterr().out)
    assert [(one["name"], one["kind"]) for one in data["workers"]] == [("beat", "worker")]
    assert main(["workers", "-s", "beat:newsletter", "--format", "json"]) == 0
    data = json.loads(capfd.readouterr().out)
    assert [(one["name"], one["kind"]) for one in data["workers"]] == [("beat", "beat")]


def test_networkx_is_imported_where_something_is_selected_alone() -> None:
    code = (
        "import sys; from qtopo.cli.main import main; main(sys.argv[1:]); "
        "print('networkx' in sys.modules, file=sys.stderr)"
    )
    for arguments, needed in (
        (["workers"], "False"),
        (["route", "--all"], "False"),
        (["workers", "-s", "emails"], "True"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
        )
        assert done.stderr.splitlines()[-1] == needed


def test_a_difference_in_text(capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["graph", "--diff", "topology.toml", "new.toml", "--only-changes"]
    assert main(arguments) == 0
    out, _ = capfd.readouterr()
    assert out.startswith("shop: 3 added, 1 changed\n")
    assert "\n~ queue emails (priorities to 10, TTL 2h)\n~ ├─ message_ttl: 1h → 2h\n" in out
    assert "\n+ queue fresh\n" in out
    assert "payments" not in out
    assert main([*arguments, "--color", "always"]) == 0
    coloured = capfd.readouterr().out
    assert coloured != out
    assert re.sub(r"\x1b\[[\d;]+m", "", coloured) == out


def test_a_difference_in_files_and_of_a_part(capfd: pytest.CaptureFixture[str]) -> None:
    for name, said in (("out.mmd", ":::added"), ("out.dot", "added"), ("out.txt", "+ queue fresh")):
        assert main(["graph", "--diff", "topology.toml", "new.toml", "-o", name]) == 0
        assert said in Path(name).read_text(encoding="utf-8")
    capfd.readouterr()
    part = ["graph", "--diff", "topology.toml", "new.toml", "--format", "json"]
    assert main([*part, "-s", "change:added"]) == 0
    data = json.loads(capfd.readouterr().out)
    assert {node["id"] for node in data["nodes"]} == {"queue:fresh", "exchange:fresh"}
    assert {node["change"] for node in data["nodes"]} == {"added"}


def test_a_large_picture_leaves_out_what_stayed_and_says_so(
    capfd: pytest.CaptureFixture[str],
) -> None:
    many = "".join(f"[queues.q{n}]\n" for n in range(40))
    Path("old.toml").write_text(f'[broker]\ntransport = "redis"\n{many}')
    Path("new.toml").write_text(f'[broker]\ntransport = "redis"\n{many}[queues.more]\n')
    assert main(["graph", "--diff", "old.toml", "new.toml"]) == 0
    out, err = capfd.readouterr()
    assert "+ queue more" in out
    assert "q39" not in out
    assert "left out 80 that stayed as they were" in err
    assert main(["graph", "--diff", "old.toml", "new.toml", "--no-only-changes"]) == 0
    assert "queue q39" in capfd.readouterr().out
    assert main(["graph", "--diff", "old.toml", "new.toml", "--format", "json"]) == 0
    assert len(json.loads(capfd.readouterr().out)["nodes"]) == 82


def test_a_broken_side_of_a_difference_is_told_of(capfd: pytest.CaptureFixture[str]) -> None:
    Path("new.toml").write_text("[queues.a]\ndurable = 1\n")
    assert main(["graph", "--diff", "topology.toml", "new.toml"]) == 1
    assert "new.toml:2" in capfd.readouterr().err
    assert main(["graph", "--diff", "topology.toml", "no.toml"]) == 2


@pytest.mark.parametrize("style", ["text", "dot", "mermaid", "json", "svg"])
def test_what_check_finds_can_be_selected_in_every_format(
    style: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with Path("topology.toml").open("a", encoding="utf-8") as file:
        file.write("\n[queues.lonely]\n")
    assert main(["graph", "--format", style, "-s", "finding:queue-unconsumed"]) == 0
    drawing = capfd.readouterr().out
    assert "lonely" in drawing
    assert "emails" not in drawing


def test_tasks_and_workers_are_chosen_by_what_check_finds(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with Path("topology.toml").open("a", encoding="utf-8") as file:
        file.write('\n[queues.lonely]\n[tasks."shop.lost"]\nqueue = "lonely"\n')
    assert main(["route", "--all", "-s", "+finding:queue-unconsumed"]) == 0
    out = capfd.readouterr().out
    assert "shop.lost" in out
    assert "emails" not in out
    assert main(["workers", "-s", "+finding:queue-unconsumed+"]) == 2
    assert "no worker and no beat is among what is selected" in capfd.readouterr().err
    assert main(["workers", "--exclude", "finding:no-such-rule"]) == 0
    capfd.readouterr()
    assert main(["route", "--all", "-s", "finding:no-such-rule"]) == 2
    assert "no finding matches 'no-such-rule'" in capfd.readouterr().err


def test_a_difference_is_chosen_by_what_check_finds_in_both_files(
    capfd: pytest.CaptureFixture[str],
) -> None:
    text = Path("topology.toml").read_text(encoding="utf-8")
    Path("old.toml").write_text(text + "\n[queues.gone]\n", encoding="utf-8")
    Path("new.toml").write_text(text + "\n[queues.lonely]\n", encoding="utf-8")
    for style in ("text", "json"):
        command = ["graph", "--diff", "old.toml", "new.toml", "--format", style]
        assert main([*command, "-s", "finding:queue-unconsumed"]) == 0
        drawing = capfd.readouterr().out
        assert "gone" in drawing
        assert "lonely" in drawing
        assert "emails" not in drawing
        # The marks of a difference are for what changed.
        assert "findings" not in drawing
