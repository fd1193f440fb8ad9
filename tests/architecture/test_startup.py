"""Start-up is part of the feature: what a command imports is held to a list."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SIMPLE = ROOT / "topologies" / "simple.toml"
SHOP = ROOT / "topologies" / "shop.toml"

HEAVY = {"celery", "kombu", "networkx", "pydantic", "billiard", "amqp", "vine"}
SLOW = HEAVY | {
    "dataclasses",
    "inspect",
    "logging",
    "asyncio",
    "json",
    "difflib",
    "typing_extensions",
    "importlib.metadata",
}


def modules_after(*arguments: str) -> tuple[set[str], int]:
    """The modules that a command line has imported when it is done, and its exit code."""
    code = (
        "import sys; from qtopo.cli.main import main; status = main(sys.argv[1:]); "
        "sys.stderr.write('\\n' + chr(10).join(sys.modules) + '\\n'); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    return set(done.stderr.split("\n")), done.returncode


def test_checking_a_clean_file_imports_nothing_slow():
    modules, status = modules_after("check", str(SIMPLE))
    assert status == 0
    assert modules & SLOW == set()


def test_checking_a_broken_file_imports_nothing_heavy(tmp_path):
    file = tmp_path / "topology.toml"
    file.write_text(
        '[queues.a]\nnope = 1\n[[routes]]\ntask = "x"\nqueue = "b"\n'
        '[settings]\nworker_prefetch_multiplier = "x"\n'
    )
    for form in ("full", "json", "concise"):
        modules, status = modules_after("check", "--format", form, str(file))
        assert status == 1
        assert modules & HEAVY == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["workers", "-t", str(SHOP)],
        ["workers", "-t", str(SHOP), "--print-commands"],
        ["route", "-t", str(SHOP), "--all"],
        ["test", "-t", str(SHOP)],
        ["rules"],
        ["schema"],
        ["--help"],
        ["emit", "--help"],
    ],
)
def test_other_commands_without_need_of_celery_do_without(arguments):
    modules, status = modules_after(*arguments)
    assert status == 0
    assert modules & HEAVY == set()


def test_the_package_itself_imports_nothing():
    code = (
        "import sys; before = set(sys.modules); import qtopo; print(*(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {
        name
        for name in done.stdout.split()
        if not name.startswith(
            (
                "qtopo",
                "typing",
                "_typing",
                "collections",
                "functools",
                "re",
                "enum",
                "contextlib",
                "operator",
                "keyword",
                "reprlib",
                "copyreg",
                "warnings",
                "types",
                "_collections",
                "_functools",
                "_operator",
                "_sre",
                "__future__",
                "itertools",
            )
        )
    } == set()


def test_the_public_api_is_what_is_listed():
    import qtopo

    for name in qtopo.__all__:
        assert getattr(qtopo, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        qtopo.nonsense  # noqa: B018


def test_files_are_small_enough_to_hold_in_the_head():
    sizes = {
        file.relative_to(ROOT): len(file.read_text().splitlines())
        for file in ROOT.glob("src/**/*.py")
    }
    generated = {Path("src/qtopo/topology/celery_settings.py")}
    assert {
        file: size for file, size in sizes.items() if size > 400 and file not in generated
    } == {}


def test_only_the_command_line_writes_and_exits():
    for file in ROOT.glob("src/qtopo/**/*.py"):
        if file.is_relative_to(ROOT / "src/qtopo/cli") or file.name == "__main__.py":
            continue
        text = file.read_text()
        assert "print(" not in text.replace("pprint(", ""), file
        assert "sys.exit(" not in text, file
