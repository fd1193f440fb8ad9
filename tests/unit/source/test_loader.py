"""Files to a topology: includes, overlays, what cannot be read, and where things stand."""

from __future__ import annotations

import pytest

import qtopo
from qtopo.diagnostics import place
from qtopo.errors import TopologyError, UnknownNameError, UnreadableFileError
from qtopo.source import read


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_toml", ".toml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def problems(file="main.toml", env=None):
    """(rule, file, line, column, message) of everything wrong with the shape."""
    loaded = read(file, env)
    return [
        (one.rule, one.place.file, *(one.place.start or (None, None)), one.message)
        for one in place(loaded.findings, loaded.source)
    ]


def test_a_missing_file_cannot_be_read():
    with pytest.raises(UnreadableFileError, match="No such file"):
        read("absent.toml")


def test_a_folder_cannot_be_read(here):
    with pytest.raises(UnreadableFileError, match="directory"):
        read(str(here))


def test_broken_toml_has_its_place(here):
    write(here, main_toml='[queues.a]\nexchange = "x\n')
    ((rule, file, line, column, message),) = problems()
    assert (rule, file, line) == ("invalid-toml", "main.toml", 2)
    assert column > 1
    assert message.startswith("not TOML: ")


def test_bytes_that_are_no_text_have_their_place(here):
    write(here, main_toml='[queues.ä]\nowner = "'.encode() + b'\xff"\n')
    assert problems() == [
        ("not-utf8", "main.toml", 2, 10, "main.toml is not UTF-8: byte 0xff starts no character")
    ]


def test_a_byte_order_mark_is_no_part_of_the_text(here):
    write(here, main_toml=b"\xef\xbb\xbf[queues.a]\nx = 1\n")
    assert problems()[0][:4] == ("unknown-key", "main.toml", 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "9" * 5000,
        "a = " + "[" * 3000 + "]" * 3000,
        "a = " + "{x=" * 2000 + "1" + "}" * 2000,
    ],
)
def test_what_breaks_parsers_is_a_finding(here, text):
    write(here, main_toml=text)
    assert problems()


def test_an_empty_file_is_an_empty_topology(here):
    write(here, main_toml="")
    assert read("main.toml").topology == qtopo.Topology()


def test_load_raises_with_the_diagnostics(here):
    write(here, main_toml="[queues.a]\nx = 1\ny = 2\n")
    with pytest.raises(TopologyError, match="main.toml:2: unknown key 'x'") as caught:
        qtopo.load("main.toml")
    assert [one.place.start.line for one in caught.value.diagnostics] == [2, 3]


def test_columns_count_characters(here):
    write(here, main_toml='[workers.w]\nqueues = ["ä", 3]\n')
    assert problems()[0][2:4] == (2, 16)


def test_carriage_returns_do_not_shift_places(here):
    write(here, main_toml=b'[queues.a]\r\nowner = "x"\r\nnope = 1\r\n')
    assert problems()[0][2:4] == (3, 1)


def test_nor_those_of_broken_toml(here):
    write(here, main_toml=b"a = 1\r\nb = 2\r\nc = = 3\r\n")
    assert problems()[0][2:4] == (3, 5)


# --- includes ----------------------------------------------------------------


def test_included_files_are_part_of_the_topology(here):
    write(
        here,
        main_toml='include = ["teams/*.toml"]\n[queues.a]\n[[routes]]\ntask = "x"\nqueue = "a"\n',
        teams__one_toml='[queues.b]\n[[routes]]\ntask = "y"\nqueue = "b"\n',
        teams__two_toml='[queues.c]\n[beat.schedule.n]\ntask = "y"\nevery = "1h"\n',
    )
    topology = qtopo.load("main.toml")
    assert list(topology.queues) == ["a", "b", "c"]
    assert [route.task for route in topology.routes] == ["x", "y"]
    assert topology.beat.schedule["n"].task == "y"


def test_paths_are_relative_to_the_file_that_includes(here):
    write(
        here,
        main_toml='include = ["sub/one.toml"]\n',
        sub__one_toml='include = ["two.toml"]\n[queues.a]\n',
        sub__two_toml="[queues.b]\nnope = 1\n",
    )
    assert problems() == [("unknown-key", "sub/two.toml", 2, 1, "unknown key 'nope' in queues.b")]


def test_a_file_included_twice_counts_once(here):
    write(
        here,
        main_toml='include = ["one.toml", "two.toml"]\n',
        one_toml='include = ["base.toml"]\n',
        two_toml='include = ["base.toml"]\n',
        base_toml="[queues.a]\n",
    )
    assert problems() == []


def test_a_name_declared_twice_shows_both_places(here):
    write(here, main_toml='include = ["one.toml"]\n[queues.a]\n', one_toml="\n[queues.a]\n")
    loaded = read("main.toml")
    (found,) = place(loaded.findings, loaded.source)
    assert (found.rule, found.place.file, found.place.start) == (
        "duplicate-name",
        "one.toml",
        (2, 1),
    )
    assert (found.related[0].place.file, found.related[0].place.start) == ("main.toml", (2, 1))


def test_settings_and_beat_are_merged_key_by_key(here):
    write(
        here,
        main_toml='include = ["one.toml"]\n[settings]\na = 1\n[beat]\nreplicas = 1\n',
        one_toml="[settings]\nb = 2\na = 3\n[beat]\nreplicas = 2\n",
    )
    assert [(rule, file, line) for rule, file, line, *_ in problems()] == [
        ("duplicate-name", "one.toml", 3),
        ("duplicate-name", "one.toml", 5),
    ]


def test_tables_of_the_main_file_stay_there(here):
    write(here, main_toml='include = ["one.toml"]\n', one_toml='[broker]\ntransport = "redis"\n')
    assert problems() == [
        ("misplaced-table", "one.toml", 1, 1, "[broker] belongs to the main file, main.toml")
    ]


def test_a_cycle_is_a_finding(here):
    write(here, main_toml='include = ["one.toml"]\n', one_toml='include = ["main.toml"]\n')
    assert [one[:3] for one in problems()] == [("include-cycle", "one.toml", 1)]


def test_a_file_that_includes_itself_is_a_finding(here):
    write(here, main_toml='include = ["main.toml"]\n')
    assert problems() == [("include-cycle", "main.toml", 1, 12, "main.toml includes itself")]


def test_a_missing_include_is_a_finding_at_the_include(here):
    write(here, main_toml='include = [\n  "absent.toml",\n  "none-*.toml",\n]\n')
    assert [one[:4] for one in problems()] == [
        ("include-missing", "main.toml", 2, 3),
        ("include-without-match", "main.toml", 3, 3),
    ]


def test_broken_toml_in_an_include_hides_nothing_else(here):
    write(here, main_toml='include = ["one.toml"]\nnope = 1\n', one_toml="a = \n")
    assert [one[:3] for one in problems()] == [
        ("unknown-key", "main.toml", 2),
        ("invalid-toml", "one.toml", 1),
    ]


@pytest.mark.parametrize("include", ['"one.toml"', "[3]", '[""]', '["a\\u0000b"]'])
def test_bad_includes_are_findings(here, include):
    write(here, main_toml=f"include = {include}\n")
    assert len(problems()) == 1


def test_a_place_of_a_merged_route_is_in_its_own_file(here):
    write(
        here,
        main_toml='include = ["one.toml"]\n[[routes]]\ntask = "x"\n',
        one_toml='[[routes]]\ntask = "y"\npriority = 12\n',
    )
    assert problems()[0][:4] == ("invalid-value", "one.toml", 3, 12)


# --- overlays ----------------------------------------------------------------

BASE = """\
[broker]
transport = "rabbitmq"
version = "4.1"
url = "env:A"
[broker.options]
confirm_publish = true
[queues.a]
[queues.b]
max_length = 5
[workers.w]
queues = ["a"]
concurrency = 4
"""


def test_an_overlay_is_merged_key_by_key(here):
    write(
        here,
        main_toml=BASE
        + "[environments.staging]\nworkers.w.replicas = 3\nqueues.b.max_length = 9\n",
    )
    base, staging = qtopo.load("main.toml"), qtopo.load("main.toml", env="staging")
    assert (base.workers["w"].replicas, base.queues["b"].max_length) == (1, 5)
    assert (staging.workers["w"].replicas, staging.queues["b"].max_length) == (3, 9)
    assert staging.workers["w"].concurrency == 4
    assert staging.environment == "staging"


def test_lists_are_replaced(here):
    write(here, main_toml=BASE + '[environments.x]\nworkers.w.queues = ["b"]\n')
    assert qtopo.load("main.toml", env="x").workers["w"].queues == ("b",)


def test_a_key_takes_the_place_of_what_it_excludes(here):
    write(here, main_toml=BASE + "[environments.x]\nworkers.w.autoscale = { min = 1, max = 3 }\n")
    worker = qtopo.load("main.toml", env="x").workers["w"]
    assert (worker.concurrency, worker.autoscale.max) == (None, 3)


def test_another_transport_drops_version_and_options(here):
    write(here, main_toml=BASE + '[environments.x]\nbroker.transport = "redis"\n')
    broker = qtopo.load("main.toml", env="x").broker
    assert (broker.transport, broker.version, dict(broker.options), broker.url) == (
        "redis",
        None,
        {},
        "env:A",
    )


def test_an_overlay_may_add_a_whole_table(here):
    write(here, main_toml=BASE + '[environments.x.workers.extra]\nqueues = ["b"]\n')
    assert list(qtopo.load("main.toml", env="x").workers) == ["w", "extra"]


def test_errors_of_an_overlay_stand_in_it(here):
    write(here, main_toml=BASE + "[environments.x]\nworkers.w.replicas = -1\nworkers.w.nope = 1\n")
    lines = BASE.count("\n")
    assert problems() == []
    assert [one[:4] for one in problems(env="x")] == [
        ("invalid-value", "main.toml", lines + 2, 22),
        ("unknown-key", "main.toml", lines + 3, 11),
    ]


NAMED = '[queues.emails]\n[workers.reports]\nqueues = ["emails"]\n'


def test_a_near_miss_of_a_name_is_a_finding(here):
    over = '[environments.x]\nqueues.emials = {}\nworkers.reports.queues = ["emails", "emials"]\n'
    write(here, main_toml=NAMED + over)
    assert [one[0] for one in problems(env="x")] == ["near-miss-overlay"]
    assert "emials" in qtopo.load("main.toml", env="x").queues


def test_a_near_miss_that_nothing_else_names_is_a_typo(here):
    write(here, main_toml=NAMED + "[environments.x.queues.emials]\nmessage_ttl = '1h'\n")
    assert [one[0] for one in problems(env="x")] == ["typo-in-overlay"]
    said = {one.rule for one in qtopo.check(qtopo.load("main.toml"))}
    assert "typo-in-overlay" in said
    assert not said & {"queue-unconsumed", "near-duplicate-name"}


def test_a_typo_in_an_overlay_is_one_error(here):
    write(here, main_toml=NAMED + "[environments.x]\nworkers.report.replicas = 2\n")
    assert [one[:4] for one in problems(env="x")] == [("typo-in-overlay", "main.toml", 5, 9)]


def test_another_name_is_no_near_miss(here):
    write(here, main_toml=NAMED + '[environments.x.workers.imports]\nqueues = ["emails"]\n')
    assert problems(env="x") == []


def test_an_overlay_holds_no_includes(here):
    write(here, main_toml=BASE + '[environments.x]\ninclude = ["a"]\n')
    assert [one[0] for one in problems(env="x")] == ["unknown-key"]


def test_an_unknown_environment_is_refused(here):
    write(here, main_toml=BASE + "[environments.staging]\n")
    with pytest.raises(UnknownNameError, match="no environment 'stagin'") as caught:
        qtopo.load("main.toml", env="stagin")
    assert caught.value.help == "did you mean 'staging'?"


# --- places ------------------------------------------------------------------


def test_a_missing_key_points_at_the_header_of_its_table(here):
    write(here, main_toml="[app]\n\n  [workers.w]\nconcurrency = 2\n")
    loaded = read("main.toml")
    (found,) = place(loaded.findings, loaded.source)
    assert (found.place.start, found.place.end) == ((3, 3), (3, 14))


def test_the_range_of_a_value_is_half_open(here):
    write(here, main_toml='[[routes]]\ntask = "t"\nqueue = 12345\n')
    loaded = read("main.toml")
    (found,) = place(loaded.findings, loaded.source)
    assert (found.place.start, found.place.end) == ((3, 9), (3, 14))
    assert found.place.path == ("routes", 0, "queue")


def test_inline_tables_and_dotted_keys_have_places(here):
    write(here, main_toml="queues.a.nope = 1\nworkers = { w = { queues = [1] } }\n")
    assert [one[2:4] for one in problems()] == [(1, 10), (2, 29)]
