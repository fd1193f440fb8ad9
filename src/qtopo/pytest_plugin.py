"""pytest: the fixture `topology`, and the `[[tests]]` of the file as tests.

    def test_mail_has_its_own_queue(topology):
        assert topology.route("shop.emails.send").queue == "emails"

It is loaded by every pytest that finds qtopo installed, so nothing of qtopo is
imported before it is asked for. `docs/testing.md` tells the rest.
"""

from __future__ import annotations

import os
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from qtopo.diagnostics import Diagnostic
    from qtopo.routing.cases import Check
    from qtopo.routing.route import Routed
    from qtopo.topology.finding import Place
    from qtopo.topology.topology import Topology

_FILE = pytest.StashKey["str | None"]()
"""The topology whose `[[tests]]` are collected."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and what may stand in pytest's configuration file."""
    group = parser.getgroup("qtopo", "Celery topologies")
    group.addoption(
        "--qtopo-topology",
        metavar="FILE",
        help="the topology (default: qtopo_topology of the configuration, else as qtopo finds it)",
    )
    group.addoption(
        "--qtopo-env", metavar="NAME", help="merge the overlay [environments.NAME] of it in"
    )
    group.addoption(
        "--qtopo-tests", action="store_true", help="run the [[tests]] of the topology too"
    )
    parser.addini("qtopo_topology", "the topology, relative to the configuration file")
    parser.addini("qtopo_env", "the overlay [environments.NAME] that is merged in")


@pytest.fixture(scope="session")
def qtopo_topology_file(request: pytest.FixtureRequest) -> str | os.PathLike[str]:
    """The file that `topology` reads; a suite may have a fixture of this name of its own."""
    try:
        return _file(request.config)
    except Exception as error:
        _give_up(error)


@pytest.fixture(scope="session")
def qtopo_environment(request: pytest.FixtureRequest) -> str | None:
    """The overlay that `topology` has merged in; a suite may have one of this name of its own."""
    return _environment(request.config)


@pytest.fixture(scope="session")
def topology(
    qtopo_topology_file: str | os.PathLike[str], qtopo_environment: str | None
) -> TopologyFixture:
    """The topology: `.route(task)`, `.deliver(exchange, key)`, `.check()`, `.value`."""
    import qtopo

    try:
        return TopologyFixture(qtopo.load(qtopo_topology_file, qtopo_environment))
    except qtopo.QtopoError as error:
        _give_up(error)


class TopologyFixture:
    """What the fixture `topology` is; `value` is what `qtopo.load` returns."""

    def __init__(self, value: Topology) -> None:
        self.value = value

    def __repr__(self) -> str:
        source = self.value.source
        return f"<topology {source.file}>" if source else "<topology>"

    def route(
        self,
        task: str,
        *,
        decorator: Mapping[str, Any] | None = None,
        annotation: Mapping[str, Any] | None = None,
        registered: bool | None = None,
        **options: Any,
    ) -> Routed:
        """Return where a task goes: `queue`, `exchange`, `delivered_to`, `workers`, ...

        `options` are those of `apply_async` (`queue`, `routing_key`, `priority` as
        on the wire, `countdown` in seconds, `headers`, ...), `decorator` those of
        the task's decorator and `annotation` what `task_annotations` gives it; they
        count where the task is `registered`, which it is where one is given. The
        answer has `.expect(queue="emails", exactly_once=True, ...)` too, which
        takes what `expect` takes in the file and raises AssertionError with every
        reason.
        """
        from qtopo.routing.call import Call
        from qtopo.routing.route import route

        known = bool(decorator or annotation) if registered is None else registered
        call = Call(task, options, decorator or {}, annotation or {}, registered=known)
        answer: Routed = _answers()(self.value, route(self.value, task, call))
        return answer

    def deliver(self, exchange: str, key: str = "", /, **headers: Any) -> tuple[str, ...]:
        """Return the queues that get a message published to an exchange; `""` is the anonymous."""
        __tracebackhide__ = True
        from qtopo.routing.delivery import deliver
        from qtopo.topology.suggest import did_you_mean

        known = self.value.wiring.exchanges
        if exchange and exchange not in known:
            hint = did_you_mean(exchange, known) or f"it has {', '.join(known)}"
            raise LookupError(f"no exchange {exchange!r} in this topology: {hint}")
        return deliver(self.value, exchange, key, headers)

    def check(self) -> list[Diagnostic]:
        """Return what all rules say of it, as `qtopo check` does."""
        import qtopo

        return qtopo.check(self.value)


@cache
def _answers() -> Any:
    """Return the class of answers; made late, since its base is not imported before."""
    from qtopo.routing.route import Routed

    class Answer(Routed):
        """Where a task goes, with what pytest shows of it where an assertion fails."""

        _topology: Topology

        def __new__(cls, topology: Topology, routed: Routed) -> Answer:
            self = super().__new__(cls, *routed)
            self._topology = topology
            return self

        def __repr__(self) -> str:
            from qtopo.routing.why import origin

            if self.refused is not None:
                return f"<{self.task}: refused with {self.refused.error}: {self.refused.message}>"
            why = origin(self, "queue", self._topology)
            return f"<{self.task} to {self.queue!r}: {why}>"

        def expect(self, **expected: Any) -> Answer:
            """Return itself where it goes as expected; raise AssertionError with the reasons."""
            __tracebackhide__ = True
            from qtopo.errors import QtopoError
            from qtopo.routing.expectations import expectation, judge

            try:
                wanted = expectation(expected, "expect()")
            except QtopoError as error:
                raise TypeError(_said(error)) from None
            reasons = judge(self, wanted, self._topology)
            if reasons:
                raise AssertionError("\n".join([f"{self.task}:", *(f"  {one}" for one in reasons)]))
            return self

        def reasons(self, **expected: Any) -> list[str]:
            """Return why it does not go as expected; nothing where that cannot be said."""
            from qtopo.errors import QtopoError
            from qtopo.routing.expectations import expectation, judge

            try:
                return judge(self, expectation(expected, ""), self._topology)
            except QtopoError:
                return []

    for key in _TOLD:
        setattr(Answer, key, property(partial(_tell, field=getattr(Routed, key), key=key)))
    return Answer


# Why an assertion fails

_TOLD = ("queue", "exchange", "routing_key", "delivered_to", "workers")


class _Word(str):
    """A value of an answer that knows what it is of."""

    told: tuple[Any, str]


class _Words(tuple[str, ...]):
    """Several of them."""

    told: tuple[Any, str]


def _tell(answer: Any, *, field: Any, key: str) -> Any:
    """Return a value of an answer, for `pytest_assertrepr_compare` to know it again."""
    value = field.__get__(answer)
    if value is None:
        return None
    told = _Word(value) if isinstance(value, str) else _Words(value)
    told.told = answer, key
    return told


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Say why a task does not go where an assertion says."""
    if op == "==" and isinstance(right, (_Word, _Words)):
        left, right = right, left
    if op == "in" and isinstance(right, _Words):
        wanted: Any = {right.told[1]: [*right, left]}
        answer = right.told[0]
    elif op == "==" and isinstance(left, (_Word, _Words)):
        wanted = {left.told[1]: list(right) if isinstance(right, tuple) else right}
        answer = left.told[0]
    else:
        return None
    reasons = answer.reasons(**wanted)
    return reasons and [f"{left!r} {op} {right!r}", f"{answer.task}:", *reasons]


# The [[tests]] of the file


def pytest_configure(config: pytest.Config) -> None:
    """Have the topology collected beside what is named on the command line."""
    config.stash[_FILE] = None
    if not config.getoption("--qtopo-tests"):
        return
    try:
        file = os.path.realpath(_file(config))
    except Exception as error:
        raise pytest.UsageError(_said(error)) from None
    config.stash[_FILE] = file
    named = (os.path.realpath(str(one).partition("::")[0]) for one in config.args)
    if not any(file == one or file.startswith(one + os.sep) for one in named):
        config.args.append(file)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the topology, and no other file."""
    wanted = parent.config.stash[_FILE]
    if wanted is None or os.path.realpath(file_path) != wanted:
        return None
    collector: pytest.Collector = TopologyFile.from_parent(parent, path=file_path)
    return collector


class TopologyFile(pytest.File):
    """A topology with its `[[tests]]`."""

    def collect(self) -> Iterable[pytest.Item]:
        """Return an item for each test and task."""
        import qtopo
        from qtopo.routing.cases import checks
        from qtopo.topology.finding import At

        try:
            # As given, so that places are shown relative to where pytest runs.
            value = qtopo.load(os.path.relpath(self.path), _environment(self.config))
        except qtopo.QtopoError as error:
            raise self.CollectError(_said(error)) from None
        found = list(checks(value))
        places = value.source.locate([At(one.path) for one in found])
        return list(self._items(value, found, places))

    def _items(
        self, value: Topology, found: list[Check], places: list[Place]
    ) -> Iterator[pytest.Item]:
        taken: dict[str, int] = {}
        for check, place in zip(found, places, strict=True):
            number = taken[check.name] = taken.get(check.name, 0) + 1
            name = check.name if number == 1 else f"{check.name} ({number})"
            yield TopologyTest.from_parent(self, name=name, value=value, check=check, place=place)


class TopologyTest(pytest.Item):
    """One test of the file, of one task."""

    def __init__(self, *, value: Topology, check: Check, place: Place, **more: Any) -> None:
        super().__init__(**more)
        self.value = value
        self.check = check
        self.place = place

    def runtest(self) -> None:
        """Ask where the task goes."""
        reasons = self.check.reasons(self.value)
        if reasons:
            raise _Failed(reasons)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Return the reasons, without the lines of qtopo they come from."""
        if not isinstance(excinfo.value, _Failed):
            return super().repr_failure(excinfo, style)
        from qtopo.diagnostics.screen import visible

        start = self.place.start
        where = self.place.file + (f":{start.line}" if start else "")
        lines = [f"{where}: {one}" for one in excinfo.value.reasons]
        if self.check.task not in self.name:
            lines.append(f"task {self.check.task}")
        return "\n".join(map(visible, lines))

    def reportinfo(self) -> tuple[str, int | None, str]:
        """Return where the test stands."""
        start = self.place.start
        # pytest would take the dots of a task's name for those of a class.
        return self.place.file, start.line - 1 if start else None, f"[[tests]] {self.name}"


class _Failed(Exception):  # noqa: N818
    """A test of the file has failed."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


# Finding the file


def _file(config: pytest.Config) -> str:
    """Return the file of the command line, of the configuration, else the one qtopo finds.

    Raises QtopoError where there is none.
    """
    from qtopo.source.search import find_topology

    named = config.getoption("--qtopo-topology")
    if named:
        return os.path.join(config.invocation_params.dir, named)
    configured = config.getini("qtopo_topology")
    if configured:
        below = config.inipath.parent if config.inipath else config.rootpath
        return os.path.join(below, configured)
    return find_topology(None)


def _environment(config: pytest.Config) -> str | None:
    return config.getoption("--qtopo-env") or config.getini("qtopo_env") or None


def _give_up(error: Exception) -> NoReturn:
    """Stop the test with what is wrong, without the lines of qtopo it comes from."""
    import qtopo

    if not isinstance(error, qtopo.QtopoError):
        raise error
    pytest.fail(_said(error), pytrace=False)


def _said(error: Exception) -> str:
    """Return an error of qtopo's in full: of a broken file every problem."""
    from qtopo.diagnostics.wording import location, message
    from qtopo.errors import TopologyError

    if isinstance(error, TopologyError):
        lines = [
            f"{location(one.place)}: {one.severity}: {message(one)}" for one in error.diagnostics
        ]
        return "\n".join(lines)
    help = getattr(error, "help", None)
    return f"{error}\nhelp: {help}" if help else str(error)
