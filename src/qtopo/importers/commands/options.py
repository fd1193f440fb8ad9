"""The options of `celery worker` and `celery beat`, taken apart by Celery's own command line.

Celery's declarations of the options are used, no value is converted and nothing is called,
so that no application is looked for. What Celery 3 and 4 took besides is added.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from qtopo.importers.commands.process import is_known

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_WORDS = 2_000

_GLOBAL: tuple[tuple[tuple[str, ...], bool], ...] = (
    (("-A", "--app"), False),
    (("-b", "--broker"), False),
    (("--result-backend",), False),
    (("--loader",), False),
    (("--config",), False),
    (("--workdir",), False),
    (("-C", "--no-color"), True),
    (("-q", "--quiet"), True),
    (("--version",), True),
    (("--skip-checks",), True),
)
"""Celery's options before the name of the command, and whether they are switches."""

_OLD: tuple[tuple[tuple[str, ...], str, bool], ...] = (
    (("--maxtasksperchild",), "max_tasks_per_child", False),
    (("--maxmemperchild",), "max_memory_per_child", False),
    (("--statedb",), "statedb", False),
    (("--autoreload",), "autoreload", True),
    (("--no-execv",), "no_execv", True),
    (("--settings",), "settings", False),
    (("--pythonpath",), "pythonpath", False),
    (("--traceback",), "traceback", True),
    (("--autoscaler",), "autoscaler", False),
)
"""Options of Celery 3 and 4, and the names of what they set."""

_AIRFLOW: tuple[tuple[tuple[str, ...], str, bool], ...] = (
    (("-q", "--queues"), "queues", False),
    (("-c", "--concurrency"), "concurrency", False),
    (("-a", "--autoscale"), "autoscale", False),
    (("-H", "--celery-hostname"), "hostname", False),
    (("--pid",), "pidfile", False),
    (("-l", "--log-file"), "logfile", False),
    (("--stdout",), "stdout", False),
    (("--stderr",), "stderr", False),
    (("-u", "--umask"), "umask", False),
    (("-D", "--daemon"), "detach", True),
    (("-s", "--skip-serve-logs"), "skip_serve_logs", True),
    (("--without-mingle",), "without_mingle", True),
    (("--without-gossip",), "without_gossip", True),
    (("-v", "--verbose"), "verbose", True),
)
"""`airflow celery worker` has a command line of its own."""

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})


class Given(NamedTuple):
    """What a command line says.

    `values` by the name of the parameter: the text as given, True for a switch. `rest` are
    words that are no option and options that are unknown; `tail` stood behind `--`. `words`
    is all of it, and `by_variable` what the environment said instead.
    """

    values: dict[str, Any]
    rest: tuple[str, ...]
    tail: tuple[str, ...]
    words: tuple[str, ...] = ()
    by_variable: frozenset[str] = frozenset()


class BadOptionsError(Exception):
    """Celery refuses the options, in words for the user."""


def head(words: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the options before the name of the command, and the words from there on.

    Celery 4 took options of the command there too.
    """
    given, rest = _parse("head", words, interspersed=False)
    return given, rest


def read(kind: str, words: Sequence[str], env: Mapping[str, str] | None = None) -> Given:
    """Return what the words after `worker`, `beat` or `airflow` say, with the environment.

    As click does it, `CELERY_WORKER_QUEUES` stands for an option that is not given. Raises
    BadOptionsError.
    """
    if len(words) > _MOST_WORDS:
        raise BadOptionsError("it has too many words")
    words = list(words)
    given = _split(kind, words)
    spelt = _spelt_out(kind, given.rest)
    if spelt:
        given = _split(kind, [spelt.get(one, one) for one in words])
    added = {} if kind == "airflow" else _from_environment(kind, env or {})
    added = {name: value for name, value in added.items() if name not in given.values}
    values = {**given.values, **added}
    return given._replace(values=values, words=tuple(words), by_variable=frozenset(added))


def variables(kind: str) -> dict[str, str]:
    """Return the environment variables that stand for options, with their parameters."""
    return {f"CELERY_{kind.upper()}_{name.upper()}": name for name in _celery(kind)}


def flag(kind: str, name: str) -> str:
    """Return how an option is written: its first long form."""
    opts = _celery(kind)[name].opts
    return str(next((one for one in opts if one.startswith("--")), opts[0]))


def is_switch(kind: str, name: str) -> bool:
    """Whether an option takes no value."""
    return bool(_celery(kind)[name].is_flag)


def is_celerys(kind: str, name: str) -> bool:
    """Whether Celery 5 has an option of this name."""
    return name in _celery(kind)


def _split(kind: str, words: list[str]) -> Given:
    for at, word in enumerate(words):
        if word == "--":
            try:
                values, rest = _parse(kind, words[:at])
            except BadOptionsError:
                # It is the value of an option.
                continue
            return Given(values, tuple(rest), tuple(words[at + 1 :]))
    values, rest = _parse(kind, words)
    return Given(values, tuple(rest), ())


def _spelt_out(kind: str, rest: Sequence[str]) -> dict[str, str]:
    """Return long options that were shortened, which Celery 4 took, in full."""
    known = sorted({one for option in _command(kind).params for one in option.opts})
    found = {}
    for word in rest:
        name, separator, value = word.partition("=")
        if name.startswith("--") and len(name) > 3:
            meant = [one for one in known if one.startswith(name)]
            if len(meant) == 1:
                found[word] = meant[0] + separator + value
    return found


def _from_environment(kind: str, env: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variable, name in variables(kind).items():
        value = env.get(variable)
        if not value:
            continue
        if not is_switch(kind, name) or not is_known(value):
            found[name] = value
        elif value.strip().lower() in _TRUE:
            found[name] = True
    return found


def _parse(
    kind: str, words: Sequence[str], *, interspersed: bool = True
) -> tuple[dict[str, Any], list[str]]:
    import click

    command = _command(kind)
    context = click.Context(command, ignore_unknown_options=interspersed)
    context.allow_interspersed_args = interspersed
    try:
        values, rest, _ = command.make_parser(context).parse_args(list(words))
    except click.UsageError as error:
        raise BadOptionsError(error.format_message()) from None
    return {name: _plain(value) for name, value in values.items()}, rest


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | bool) else str(value)


@cache
def _celery(kind: str) -> dict[str, Any]:
    """Return Celery's own options by the names of their parameters."""
    if kind == "beat":
        from celery.bin.beat import beat as command
    else:
        from celery.bin.worker import worker as command
    return {option.name: option for option in command.params}


@cache
def _command(kind: str) -> Any:
    """Return a command with all options that are understood; it is never called."""
    import click

    options: list[Any] = []
    if kind == "airflow":
        options = [_option(opts, name, switch) for opts, name, switch in _AIRFLOW]
    else:
        options = list(_celery("worker" if kind == "head" else kind).values())
        taken = {one for option in options for one in option.opts}
        for opts, switch in _GLOBAL:
            free = tuple(one for one in opts if one not in taken)
            options.append(_option(free, opts[-1][2:].replace("-", "_"), switch))
        for opts, name, switch in _OLD:
            if not taken.issuperset(opts):
                options.append(_option(opts, name, switch))
    return click.Command(kind, params=options, add_help_option=False)


def _option(opts: tuple[str, ...], name: str, switch: bool) -> Any:
    import click

    return click.Option([*opts, name], is_flag=switch)
