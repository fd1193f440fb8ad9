"""The arguments of a worker, taken apart: Celery's own command line is the oracle."""

from __future__ import annotations

import click
import pytest
from celery.bin.worker import worker
from hypothesis import given
from hypothesis import strategies as st

from qtopo.rules.workers.flags import Flag, flags

OPTIONS = {name: option for option in worker.params for name in option.opts}
PARSER = worker.make_parser(click.Context(worker))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-Q", "a"], [Flag(0, "queues", "a", "-Q")]),
        (["-Qa"], [Flag(0, "queues", "a", "-Q")]),
        (["--queues", "a"], [Flag(0, "queues", "a", "--queues")]),
        (["--queues=a=b"], [Flag(0, "queues", "a=b", "--queues")]),
        (["-EB"], [Flag(0, "task-events", None, "-E"), Flag(0, "beat", None, "-B")]),
        (["-l", "-Q", "-B"], [Flag(0, "loglevel", "-Q", "-l"), Flag(2, "beat", None, "-B")]),
        (["--discard"], [Flag(0, "purge", None, "--discard")]),
        (["-Q"], [Flag(0, "queues", None, "-Q")]),
        (["--", "-Q", "a"], []),
        (["-", "word", ""], []),
    ],
)
def test_ways_of_writing(arguments: list[str], expected: list[Flag]) -> None:
    assert list(flags(arguments)) == expected


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    arguments: list[str] = []
    for name in draw(st.lists(st.sampled_from(sorted(OPTIONS)), max_size=5)):
        option = OPTIONS[name]
        value = draw(st.sampled_from(["x", "a,b", "-Q", "--pool", "-EB"]))
        if option.is_flag:
            arguments.append(name)
        elif draw(st.booleans()):
            arguments += [name, value]
        elif name.startswith("--"):
            arguments.append(f"{name}={value}")
        else:
            switches = draw(st.sampled_from(["", "E", "BE"]))
            arguments.append(f"-{switches}{name[1:]}{value}")
    return arguments


@given(command_lines())
def test_celery_takes_them_apart_alike(arguments: list[str]) -> None:
    _, _, order = PARSER.parse_args(list(arguments))
    found = [OPTIONS[f"--{flag.name}"].name for flag in flags(arguments)]
    assert set(found) == {option.name for option in order}
