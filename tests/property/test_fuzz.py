"""Bad input never shows a traceback: 2,000 mutated files through four commands."""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import sys
from pathlib import Path

import pytest

from qtopo.cli.main import main

ROOT = Path(__file__).parents[2]
SEEDS = [
    file.read_bytes()
    for name in ("simple", "shop", "redis-priorities", "django")
    for file in [ROOT / f"topologies/{name}.toml"]
]
NASTY = [
    b"'",
    b'"',
    b'"""',
    b"\\",
    b"\n",
    b"\r\n",
    b"\0",
    b"\x1b[31m",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    "🐰".encode(),
    "\u202e".encode(),
    b"[",
    b"]",
    b"[[",
    b"{",
    b"}",
    b"=",
    b".",
    b",",
    b"#",
    b"$(touch pwned)",
    b"%i",
    b"<script>",
    b"`id`",
    b"x" * 300,
    b"-1",
    b"0",
    b"9" * 40,
    b"9" * 5000,
    b"1e400",
    b"nan",
    b"-inf",
    b"true",
    b"1979-05-27",
    b"07:32:00",
    b"[]",
    b"{}",
    b'""',
    b"[[[[[[]]]]]]",
    b"[" * 500,
    b'"\\u0000"',
    b'"\\uD7FF"',
    b'"a\\nb"',
    b"'a,b'",
    b"' a '",
    b'"' + b"n" * 300 + b'"',
]
COUNT = 2000


def mutate(rng: random.Random, data: bytes) -> bytes:
    """Change a file in one to four ways: bytes, lines, values, keys."""
    for _ in range(rng.randint(1, 4)):
        lines = data.split(b"\n")
        at = rng.randrange(len(data) + 1)
        line = rng.randrange(len(lines))
        match rng.randrange(10):
            case 0:
                data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
            case 1:
                data = data[:at] + rng.choice(NASTY) + data[at:]
            case 2:
                del lines[line]
                data = b"\n".join(lines)
            case 3:
                lines.insert(line, rng.choice(lines))
                data = b"\n".join(lines)
            case 4:
                data = data[:at]
            case 5:
                # A value of another type.
                lines[line] = re.sub(
                    rb"= .*", lambda _: b"= " + rng.choice(NASTY), lines[line], count=1
                )
                data = b"\n".join(lines)
            case 6:
                # Another name between quotes or brackets.
                lines[line] = re.sub(
                    rb'"[^"]*"',
                    lambda _: b'"' + rng.choice(NASTY).replace(b'"', b"") + b'"',
                    lines[line],
                    count=1,
                )
                data = b"\n".join(lines)
            case 7:
                lines[line] = re.sub(
                    rb"\[(\w+)\.[^\]]+\]",
                    lambda m: (
                        b"[" + m.group(1) + b'."' + rng.choice(NASTY).replace(b'"', b"") + b'"]'
                    ),
                    lines[line],
                )
                data = b"\n".join(lines)
            case 8:
                other = rng.choice(SEEDS).split(b"\n")
                start = rng.randrange(len(other))
                lines[line:line] = other[start : start + rng.randint(1, 8)]
                data = b"\n".join(lines)
            case 9:
                word = rng.choice(re.findall(rb"\w{3,}", data) or [b"x"])
                data = data.replace(word, rng.choice([word[:-1], word.upper(), word + b"s"]), 1)
    return data


def run(arguments: list[str]) -> tuple[int, str, str]:
    """Run a command line in this process; returns exit code, stdout and stderr."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)
        for stream in (out, err):
            stream.flush()
    return status, out.buffer.getvalue().decode("utf-8"), err.buffer.getvalue().decode("utf-8")


@pytest.mark.parametrize("part", range(8))
def test_mutated_files_never_show_a_traceback(part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = random.Random(f"qtopo {part}")
    file = tmp_path / "topology.toml"
    for number in range(COUNT // 8):
        file.write_bytes(mutate(rng, rng.choice(SEEDS)))
        commands = [["check", "topology.toml"], ["check", "--format", "json", "topology.toml"]]
        # Celery proves what is emitted, which takes its time: a part of the files is enough.
        commands += [
            ["workers", "--print-commands"],
            ["graph", "--format", rng.choice(["dot", "mermaid", "json", "text"])],
        ]
        commands += [["emit", "out.py", "--no-check"]] if number % 3 == 0 else []
        for command in commands:
            status, out, err = run(command)
            where = f"{command} on mutation {part}/{number}"
            assert status in (0, 1, 2), where
            assert "Traceback" not in out + err, where
            assert "internal error" not in err, f"{where}: {err}"
            assert "\x1b" not in out + err, where
            if status == 2:
                assert err.strip(), where
    assert not [name for name in os.listdir(tmp_path) if "pwned" in name]


def test_the_process_itself_shows_none_either(tmp_path):
    import subprocess

    file = tmp_path / "topology.toml"
    file.write_bytes(b'[queues."\\u0000"]\n\xff')
    for command in ("check", "emit out.py", "workers", "graph"):
        done = subprocess.run(
            [sys.executable, "-m", "qtopo", *command.split(), "-t", str(file)],
            capture_output=True,
            cwd=tmp_path,
        )
        assert done.returncode == 1
        assert b"Traceback" not in done.stdout + done.stderr
