"""A file with forty mistakes of different kinds gives forty diagnostics, each on its place."""

from __future__ import annotations

import json
import re
from pathlib import Path

from qtopo.cli.main import main

FILE = Path(__file__).parents[1] / "data" / "forty-mistakes.toml"
MARK = re.compile(r"  #! ([\w-]+): (.*)$", re.MULTILINE)


def test_every_mistake_is_found_once_and_in_its_place(tmp_path, monkeypatch, capsys):
    """A comment names the rule and the offending text, which stands in its line once."""
    monkeypatch.chdir(tmp_path)
    marked = FILE.read_text()
    Path("topology.toml").write_text(MARK.sub("", marked))
    expected = []
    for number, line in enumerate(marked.split("\n"), 1):
        found = MARK.search(line)
        if found:
            code = line[: found.start()]
            start = code.index(found[2])
            assert code.count(found[2]) == 1
            expected.append((found[1], number, start + 1, number, start + 1 + len(found[2])))

    assert main(["check", "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)

    assert len(expected) == 40
    assert [
        (
            one["rule"],
            one["start"]["line"],
            one["start"]["column"],
            one["end"]["line"],
            one["end"]["column"],
        )
        for one in answer["diagnostics"]
    ] == expected
    assert {one["file"] for one in answer["diagnostics"]} == {"topology.toml"}
    assert len({one["rule"] for one in answer["diagnostics"]}) >= 25


def test_nothing_secret_is_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("topology.toml").write_text(MARK.sub("", FILE.read_text()))
    for form in ("full", "concise", "json"):
        main(["check", "--format", form])
        captured = capsys.readouterr()
        assert "hunter2" not in captured.out + captured.err
