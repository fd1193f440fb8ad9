"""`qtopo check --fix`, `--unsafe-fixes` and `--diff`, from the command line to the bytes."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from qtopo.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
# Wörter bleiben.
[queues.celery]
[queues."emails"]

[[routes]]
task = "shop.*"
queue = 'emails' # here

[workers.main]
queues = ["celery", "emails"]
"""
BAD = GOOD.replace("'emails'", "'emials'")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "topology.toml"
    path.write_text(BAD)
    return path


def test_the_finding_names_its_fix(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--color", "never"]) == 1
    shown = capsys.readouterr().out
    assert "  = help: did you mean 'emails'?\n  = fix: write 'emails'\n" in shown
    assert shown.endswith("Found 1 error in 1 file. 1 fixable with --fix.\n")
    assert main(["check", "--format", "json"]) == 1
    (one,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert one["fix"] == {"message": "write 'emails'", "safe": True}
    assert file.read_text() == BAD


def test_fix_writes_and_checks(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.chmod(0o640)
    assert main(["check", "--fix", "--color", "never"]) == 0
    shown = capsys.readouterr()
    assert shown.err == "Fixed 1 problem in 1 file.\n"
    assert shown.out == "All good: checked topology.toml.\n"
    assert file.read_text() == GOOD
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [one.name for one in file.parent.iterdir()] == ["topology.toml"]

    before = file.stat().st_mtime_ns
    assert main(["check", "--fix"]) == 0
    assert capsys.readouterr().err == ""
    assert file.stat().st_mtime_ns == before


def test_diff_is_a_patch_and_writes_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(BAD.replace("\n", "\r\n").rstrip().encode())
    bad = file.read_bytes()
    assert main(["check", "--diff", "--color", "never"]) == 1
    shown = capsys.readouterr()
    assert shown.err == "Would fix 1 problem in 1 file.\n"
    assert file.read_bytes() == bad
    patch = subprocess.run(
        ["git", "apply", "--unidiff-zero", "-p0", "-"], input=shown.out.encode(), cwd=file.parent
    )
    assert patch.returncode == 0
    assert file.read_bytes() == bad.replace(b"emials", b"emails")
    assert main(["check", "--diff"]) == 0
    assert capsys.readouterr().out == ""


def test_no_secret_in_a_diff(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = '[broker]\nurl = "amqp://me:hunter2@host"\n'
    file.write_text(secret + BAD)
    main(["check", "--diff", "--unsafe-fixes"])
    shown = capsys.readouterr()
    assert "+queue = 'emails'" in shown.out
    assert "hunter2" not in shown.out + shown.err


def test_only_what_is_asked_for_is_fixed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = BAD.replace('["celery", "emails"]', '["celery", "emails", "celery"]')
    file.write_text(text)
    main(["check", "--fix", "--select", "worker-queue-twice"])
    assert file.read_text() == BAD
    main(["check", "--fix", "--ignore", "QT101"])
    assert file.read_text() == BAD
    main(["check", "--fix"])
    assert file.read_text() == GOOD


def test_what_a_comment_waives_is_left_alone(file: Path) -> None:
    text = BAD.replace("# here", "# qtopo: ignore[route-unknown-queue] not ours")
    file.write_text(text)
    main(["check", "--fix"])
    assert file.read_text() == text


def test_unsafe_fixes_are_made_on_demand(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keyed = GOOD.replace("# here\n", '# here\nrouting_key = "x"\n')
    file.write_text(keyed)
    assert main(["check", "--fix", "--color", "never"]) == 0
    shown = capsys.readouterr()
    assert "  = unsafe fix: take the key out\n" in shown.out
    assert shown.out.endswith("1 fixable with --unsafe-fixes.\n")
    assert file.read_text() == keyed
    assert main(["check", "--unsafe-fixes"]) == 0
    assert file.read_text() == GOOD


def test_a_fix_that_does_harm_is_left_out_and_named(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keyed = GOOD.replace("# here\n", '# here\nroutng_key = "x"\n')
    file.write_text(keyed)
    assert main(["check", "--fix"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("Nothing to fix.\nLeft out a fix")
    assert "topology.toml:8:1: unknown key 'routng_key'" in shown
    assert file.read_text() == keyed


HARMFUL = GOOD.replace("# here\n", '# here\nroutng_key = "x"\n')


def closing(shown: str) -> str:
    return shown.splitlines()[-1]


def test_only_what_would_be_mended_is_called_fixable(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(HARMFUL)
    assert main(["check", "--color", "never"]) == 1
    shown = capsys.readouterr()
    assert "= fix: write 'routing_key'" in shown.out
    assert closing(shown.out) == "Found 1 error in 1 file."
    # With the key of its right name taken out again, nothing new is left.
    file.write_text(HARMFUL.replace('["celery", "emails"]', '["celery", "emials"]'))
    main(["check", "--color", "never"])
    assert closing(capsys.readouterr().out) == "Found 2 errors in 1 file. 1 fixable with --fix."
    assert main(["check", "--fix", "--color", "never"]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("Fixed 1 problem in 1 file.\nLeft out a fix")
    assert closing(shown.out) == "Found 1 error in 1 file."


def test_both_kinds_of_fixes_are_counted(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = BAD + '[tasks."shop.a"]\nduration = 40\n'
    file.write_text(text)
    main(["check", "--color", "never"])
    shown = capsys.readouterr().out
    assert closing(shown).endswith("1 fixable with --fix (1 more with --unsafe-fixes).")
    assert file.read_text() == text
    main(["check", "--unsafe-fixes"])
    assert capsys.readouterr().err == "Fixed 2 problems in 1 file.\n"
    assert file.read_text() == text.replace("emials", "emails").replace("= 40", '= "40s"')


def test_what_a_fix_brings_to_light_is_not_counted(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(GOOD.replace("[workers.", "[worker.").replace('"celery",', '"celrey",'))
    main(["check", "--color", "never"])
    shown = capsys.readouterr().out
    assert closing(shown).endswith(" in 1 file. 1 fixable with --fix.")
    main(["check", "--fix"])
    assert capsys.readouterr().err == "Fixed 2 problems in 1 file.\n"
    assert file.read_text() == GOOD


def test_the_search_for_fixes_that_do_no_harm_ends(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = "".join(
        f'[[routes]]\ntask = "a{number}.*"\nqueue = "celery"\nroutng_key = "x"\n'
        for number in range(60)
    )
    file.write_text(BAD + bad)
    main(["check", "--color", "never"])
    assert re.search(r"\. Up to \d\d fixable with --fix\.$", closing(capsys.readouterr().out))
    main(["check", "--fix"])
    assert "Fixed 1 problem in 1 file.\nLeft out 60 fixes" in capsys.readouterr().err


def test_a_selection_and_a_baseline_count_too(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(BAD.replace('["celery", "emails"]', '["celery", "emails", "celery"]'))
    main(["check", "--color", "never", "--select", "worker-queue-twice"])
    assert closing(capsys.readouterr().out).endswith("1 warning in 1 file. 1 fixable with --fix.")
    main(["check", "--write-baseline", "known.json"])
    file.write_text(
        file.read_text().replace("[queues.celery]\n", "[queues.celery]\ndurable = 'true'\n")
    )
    capsys.readouterr()
    main(["check", "--color", "never", "--baseline", "known.json"])
    assert closing(capsys.readouterr().out).endswith(" 1 fixable with --fix.")


def test_other_commands_offer_no_fix(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(GOOD + "[queues.q]\ndurable = 'true'\n")
    for command in (["route", "shop.a"], ["workers"], ["emit", "celeryconfig.py"]):
        main(command)
        shown = capsys.readouterr()
        assert "durable" in shown.err, command
        assert "fixable" not in shown.out + shown.err, command


def test_without_a_fix_nothing_is_tried(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from qtopo.fixes import mending

    monkeypatch.setattr(mending, "mend", None)
    file.write_text(GOOD)
    assert main(["check"]) == 0
    file.write_text(GOOD + "[queues.orders]\n")
    assert main(["check", "--color", "never"]) == 1
    assert closing(capsys.readouterr().out) == "Found 1 error in 1 file."
    file.write_text(BAD)
    # Programs are told of each fix and of no sum.
    assert main(["check", "--format", "json"]) == 1


def test_two_topologies_with_a_file_in_common(tmp_path: Path) -> None:
    shared = tmp_path / "shared.toml"
    shared.write_text('[[routes]]\ntask = "a.*"\nqueue = "emials"\n')
    for name in ("one", "two"):
        text = 'include = ["shared.toml"]\n' + GOOD.replace("queue = 'emails'", "queue = 'emials'")
        (tmp_path / f"{name}.toml").write_text(text)
    files = [str(tmp_path / "one.toml"), str(tmp_path / "two.toml")]
    main(["check", "--fix", *files])
    assert shared.read_text() == '[[routes]]\ntask = "a.*"\nqueue = "emails"\n'
    assert "emials" not in (tmp_path / "one.toml").read_text()
    assert "emials" not in (tmp_path / "two.toml").read_text()


def test_a_link_stays_one(file: Path) -> None:
    real = file.with_name("real.toml")
    file.rename(real)
    file.symlink_to(real.name)
    main(["check", "--fix", str(file)])
    assert file.is_symlink()
    assert real.read_text() == GOOD


def test_what_cannot_be_read_is_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--fix", "missing.toml", "topology.toml"]) == 2
    assert "cannot read 'missing.toml'" in capsys.readouterr().err
    assert file.read_text() == GOOD
