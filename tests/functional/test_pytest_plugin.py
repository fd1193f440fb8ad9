"""The pytest plugin, in pytests of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "qtopo.pytest_plugin", "-p", "no:cacheprovider")
PROJECT = Path(__file__).parents[2] / "pyproject.toml"

FILE = """\
[queues.celery]

[exchanges.events]
type = "topic"

[queues.emails]
exchange = "events"
routing_key = "email.#"

[queues.special]
exchange = "letters"
binding_arguments = { kind = "special" }

[exchanges.letters]
type = "headers"

[[routes]]
task = "shop.emails.*"
queue = "emails"
routing_key = "email.send"

[workers.main]
queues = ["celery", "emails", "special"]
"""
TESTS = """
[[tests]]
name = "mail has a queue of its own"
task = ["shop.emails.send", "shop.emails.receipt"]
expect = { queue = "emails" }

[[tests]]
task = "shop.ping"
expect = { queue = "emails" }

[[tests]]
name = "alive"
task = "shop.ping"
expect = { queue = "emals" }

[environments.merged]
routes = []
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    """Runs a pytest on the text of a test module, beside a topology."""
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    pytester.makefile(".toml", topology=FILE + TESTS)

    def run(tests, *options):
        if tests:
            pytester.makepyfile(tests)
        return pytester.runpytest_inprocess(*PLUGIN, *options)

    return run


def test_where_a_task_goes(suite):
    done = suite(
        """
        def test_route(topology):
            sent = topology.route("shop.emails.send")
            assert sent.queue == "emails"
            assert (sent.exchange, sent.routing_key) == ("events", "email.send")
            assert sent.delivered_to == sent.workers[:0] + ("emails",)
            assert "main" in sent.workers
            assert sent.decided_by.path == ("routes", 0)
            assert sent.as_json()["queue"] == "emails"
            assert sent.expect(queue="emails", delivered_to=["emails"], exactly_once=True) is sent

        def test_call(topology):
            assert topology.route("shop.emails.send", queue="celery").queue == "celery"
            refused = topology.route("shop.emails.send", queue="cellar").refused
            assert refused.error == "QueueNotFound"
            late = topology.route("shop.emails.send", countdown=300, priority=3)
            assert late.queue == "emails"
            sent = topology.route("shop.emails.send", decorator={"queue": "celery"})
            assert sent.queue == "celery"
            sent = topology.route("shop.ping", annotation={"queue": "emails"})
            assert sent.queue == "emails"
            sent = topology.route("shop.ping", decorator={"queue": "emails"}, registered=False)
            assert sent.queue == "celery"

        def test_deliver(topology):
            assert topology.deliver("events", "email.x") == ("emails",)
            assert topology.deliver("", "celery") == ("celery",)
            assert topology.deliver("letters", kind="special") == ("special",)
            assert topology.deliver("letters", key="celery") == ()

        def test_check(topology):
            assert "queue-unconsumed" not in [one.rule for one in topology.check()]
            assert set(topology.value.queues) == {"celery", "emails", "special"}
        """
    )
    done.assert_outcomes(passed=4)


def test_why_an_assertion_fails(suite):
    done = suite(
        """
        def test_equal(topology):
            assert topology.route("shop.ping").queue == "emails"

        def test_turned_round(topology):
            assert "emails" == topology.route("shop.ping").queue

        def test_in(topology):
            assert "emails" in topology.route("shop.ping").delivered_to

        def test_workers(topology):
            assert topology.route("shop.ping").workers == ("mian",)

        def test_other_values(topology):
            assert topology.route("shop.ping").priority == 3

        def test_expect(topology):
            topology.route("shop.ping").expect(queue="emails", workers=["main"])

        def test_expect_nonsense(topology):
            topology.route("shop.ping").expect(quee="emails")

        def test_exchange_that_is_none(topology):
            topology.deliver("evnts", "x")

        def test_of_others_nothing_is_said():
            assert "a" == "b"
        """
    )
    done.assert_outcomes(failed=9)
    why = "E   *queue is 'celery', not 'emails': no route matches, so it is the default queue;*"
    done.stdout.fnmatch_lines(
        [
            "E   *assert 'celery' == 'emails'",
            "E   *shop.ping:",
            why,
            "*test_turned_round*",
            why,
            "E   *assert 'emails' in ('celery',)",
            "E   *'emails' does not get it: it is sent to queue 'celery' alone",
            "E   *no worker 'mian' is declared: did you mean 'main'?",
            "E   *<shop.ping to 'celery': no route matches, so it is the default queue>.priority",
            "E   *AssertionError: shop.ping:",
            why,
            "E   *TypeError: expect(): unknown key 'quee' in expect",
            "E   *help: did you mean 'queue'?",
            "E   *no exchange 'evnts' in this topology: did you mean 'events'?",
        ]
    )
    # The lines of qtopo's that find it out are nobody's concern.
    assert "/qtopo/" not in done.stdout.str()


def test_the_file_is_looked_for_as_the_commands_do(suite, pytester, monkeypatch):
    pytester.makefile(".toml", other=FILE.replace("emails", "post"))
    test = """
        def test_queues(topology):
            assert {!r} in topology.value.queues
    """
    suite(test.format("emails")).assert_outcomes(passed=1)
    suite(test.format("post"), "--qtopo-topology", "other.toml").assert_outcomes(passed=1)
    monkeypatch.setenv("QTOPO_TOPOLOGY", "other.toml")
    suite(test.format("post")).assert_outcomes(passed=1)
    monkeypatch.delenv("QTOPO_TOPOLOGY")
    pytester.makepyprojecttoml('[tool.qtopo]\ntopology = "other.toml"\n')
    suite(test.format("post")).assert_outcomes(passed=1)
    pytester.makeini("[pytest]\nqtopo_topology = other.toml\n")
    suite(test.format("post")).assert_outcomes(passed=1)
    # Relative to the configuration, wherever pytest is called.
    below = pytester.mkdir("below")
    monkeypatch.chdir(below)
    pytester.runpytest_subprocess(*PLUGIN, "..").assert_outcomes(passed=1)


def test_a_suite_may_say_which_file(suite, pytester):
    pytester.makefile(".toml", other=FILE.replace("emails", "post"))
    suite(
        """
        import pathlib
        import pytest

        @pytest.fixture(scope="session")
        def qtopo_topology_file():
            return pathlib.Path(__file__).with_name("other.toml")

        def test_queues(topology):
            assert "post" in topology.value.queues
        """
    ).assert_outcomes(passed=1)


def test_the_overlay(suite, pytester):
    test = """
        def test_queue(topology):
            assert topology.route("shop.emails.send").queue == "celery"
    """
    suite(test).assert_outcomes(failed=1)
    suite(test, "--qtopo-env", "merged").assert_outcomes(passed=1)
    pytester.makeini("[pytest]\nqtopo_env = merged\n")
    suite(test).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (FILE + "nope = 1\n[queues.x]\nmore = 1\n", "topology.toml:*: error: unknown key 'nope'*"),
        (None, "*no topology.toml here or in a folder above*"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_in_a_line(suite, pytester, content, message):
    file = pytester.path / "topology.toml"
    file.unlink()
    if content:
        file.write_text(content)
    done = suite("def test_it(topology): pass")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines([message])
    assert "pytest_plugin.py" not in done.stdout.str()
    assert "Traceback" not in done.stdout.str()


# The [[tests]] of the file


def test_they_run_beside_the_others_where_that_is_asked_for(suite):
    suite("def test_it(): pass").assert_outcomes(passed=1)
    done = suite("def test_it(): pass", "--qtopo-tests", "-v")
    done.assert_outcomes(passed=3, failed=2)
    done.stdout.fnmatch_lines(
        [
            "topology.toml::mail has a queue of its own [[]shop.emails.send[]] PASSED*",
            "topology.toml::mail has a queue of its own [[]shop.emails.receipt[]] PASSED*",
            "topology.toml::shop.ping FAILED*",
            "topology.toml::alive FAILED*",
            "topology.toml:30: queue is 'celery', not 'emails': no route matches,*",
            "topology.toml:34: no queue 'emals' is declared: did you mean 'emails'?",
            "task shop.ping",
        ]
    )
    assert "expectations.py" not in done.stdout.str()


def test_beside_what_is_named_on_the_command_line_and_each_once(suite, pytester):
    pytester.makepyfile(test_it="def test_it(): pass")
    for named in ("test_it.py", ".", str(pytester.path)):
        suite("", "--qtopo-tests", named).assert_outcomes(passed=3, failed=2)


def test_one_of_them_can_be_named_and_chosen(suite, pytester):
    suite("", "--qtopo-tests", "topology.toml::alive").assert_outcomes(failed=1)
    suite("", "--qtopo-tests", "topology.toml").assert_outcomes(passed=2, failed=2)
    suite("", "--qtopo-tests", "-k", "receipt").assert_outcomes(passed=1, deselected=3)


def test_with_an_overlay_and_in_several_processes(suite):
    suite("", "--qtopo-tests", "--qtopo-env", "merged").assert_outcomes(failed=4)
    suite("", "--qtopo-tests", "-n", "2").assert_outcomes(passed=2, failed=2)


def test_those_of_the_same_name_are_told_apart(suite, pytester):
    one = '[[tests]]\ntask = "a"\nexpect = { queue = "celery" }\n'
    pytester.makefile(".toml", topology=FILE + one * 3)
    done = suite("", "--qtopo-tests", "--collect-only", "-q")
    assert done.outlines[:3] == [f"topology.toml::{name}" for name in ("a", "a (2)", "a (3)")]


def test_a_broken_file_is_an_error_of_collecting(suite, pytester):
    pytester.makefile(".toml", topology=FILE + "nope = 1\n")
    done = suite("", "--qtopo-tests")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["topology.toml:*: error: unknown key 'nope'*"])


def test_no_file_is_an_error_of_usage(suite, pytester):
    (pytester.path / "topology.toml").unlink()
    done = suite("", "--qtopo-tests")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*no topology.toml here or in a folder above*"])


# How it is loaded


def installed(pytester, monkeypatch):
    """Make as if qtopo were installed with the entry points that pyproject.toml declares."""
    project = tomli.loads(PROJECT.read_text())["project"]
    info = pytester.mkdir("qtopo_installed-1.dist-info")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: qtopo-installed\nVersion: 1\n")
    points = project["entry-points"]["pytest11"]
    lines = [f"{name} = {module}" for name, module in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines, ""]))
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))


IT = """
    def test_it(topology):
        assert topology.route("shop.emails.send").queue == "emails"
"""


def test_its_entry_point_loads_it(suite, pytester, monkeypatch):
    installed(pytester, monkeypatch)
    pytester.makepyfile(IT)
    pytester.runpytest_subprocess("--qtopo-tests").assert_outcomes(passed=3, failed=2)


def test_a_conftest_that_names_it_does_not_load_it_twice(suite, pytester, monkeypatch):
    installed(pytester, monkeypatch)
    pytester.makeconftest('pytest_plugins = ["qtopo.pytest_plugin"]')
    pytester.makepyfile(IT)
    pytester.runpytest_subprocess("--qtopo-tests").assert_outcomes(passed=3, failed=2)


def test_a_conftest_alone_loads_it(suite, pytester, monkeypatch):
    pytester.makeconftest('pytest_plugins = ["qtopo.pytest_plugin"]')
    pytester.makepyfile(IT)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_where_nobody_asks_nothing_of_qtopo_is_imported(suite, pytester):
    pytester.makepyfile(
        """
        import sys

        def test_it():
            found = {name for name in sys.modules if name.partition(".")[0] == "qtopo"}
            assert found == {"qtopo", "qtopo.pytest_plugin"}
        """
    )
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=1)


def test_where_somebody_asks_nothing_heavy_is(suite, pytester):
    pytester.makepyfile(
        """
        import sys

        def test_it(topology):
            topology.route("shop.emails.send").expect(queue="emails")
            assert not {"celery", "kombu", "networkx"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=1)
