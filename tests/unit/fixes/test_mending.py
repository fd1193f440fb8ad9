"""Fixes of whole files: the typo is gone, every other byte is as it was, nothing new is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtopo import api, source
from qtopo.fixes.mending import Mended, mend

SOUND = sorted((Path(__file__).parents[3] / "topologies").glob("*.toml"))


def everything(loaded: source.Loaded) -> Any:
    return api.examine(loaded).diagnostics


def mended(file: Path, **options: Any) -> Mended:
    return mend(str(file), None, everything, **options)


def fixed(folder: Path, text: str, **options: Any) -> str:
    """Return a file's text after its fixes; they are made once and for all."""
    file = folder / "topology.toml"
    file.write_bytes(text.encode())
    before = everything(source.read(str(file)))
    outcome = mended(file, **options)
    content = outcome.after.get(str(file), text.encode())
    file.write_bytes(content)
    again = mended(file, **options)
    assert not again.after
    assert not again.made
    after = everything(source.read(str(file)))
    assert {one.message for one in after} <= {one.message for one in before}
    assert (len(after) < len(before)) == bool(outcome.made)
    return content.decode()


# Slips that the fixes must take back, byte for byte: a pattern, and what takes its place.
SLIPS: list[tuple[str, Any]] = [
    (r'^(?:queue|exchange|machine|alternate) = "(\w{5,})"', lambda word: word[:2] + word[3:]),
    (r'^queues = \[.*"(\w{5,})"', lambda word: word[:1] + word[2] + word[1] + word[3:]),
    (
        r"^(routing_key|concurrency|durable|replicas|machine|queues|crontab) = ",
        lambda w: w[:-2] + w[-1],
    ),
    (r"^(?:concurrency|replicas|count|max_priority) = (\d+)\b", '"{}"'.format),
    (r"^(?:acks_late|idempotent|durable|parking) = (true|false)\b", '"{}"'.format),
    (r'^(?:duration|time_limit|message_ttl|expires) = "\d+(m)"', lambda unit: " min"),
    (r'^(?:duration|time_limit|message_ttl|expires) = "\d+(s)"', lambda unit: " Seconds"),
    (r'^memory = "[\d.]+(GB)"', lambda unit: " gb"),
    (r'^queues = (\["[^",]*"\])(?=\s|$)', lambda listed: listed[1:-1]),
]


def slips(text: str) -> list[tuple[tuple[int, int], str]]:
    """Return every slip that could be made in a text: where, and what is written instead."""
    found = []
    for pattern, change in SLIPS:
        for match in re.finditer(pattern, text, re.MULTILINE):
            word = match[1]
            new = change(word)
            if new != word and not re.search(rf"\b{re.escape(new)}\b", text):
                found.append((match.span(1), new))
    return found


@pytest.mark.parametrize("file", SOUND, ids=lambda one: one.stem)
@given(data=st.data(), newline=st.sampled_from(["\n", "\r\n"]), mark=st.booleans())
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_slips_in_a_sound_file_are_taken_back(
    tmp_path: Path, file: Path, data: Any, newline: str, mark: bool
) -> None:
    text = ("\ufeff" if mark else "") + file.read_text().replace("\n", newline)
    plain = text.replace("\r\n", "\n")
    chosen = data.draw(st.lists(st.sampled_from(slips(plain)), min_size=1, max_size=3, unique=True))
    spoilt, end = plain, len(plain)
    for (start, stop), new in sorted(chosen, reverse=True):
        if stop <= end:
            spoilt, end = spoilt[:start] + new + spoilt[stop:], start
    assert fixed(tmp_path, spoilt.replace("\n", newline)) == text


@pytest.mark.parametrize("file", SOUND, ids=lambda one: one.stem)
def test_a_sound_file_is_left_alone(file: Path) -> None:
    outcome = mended(file, unsafe=True)
    assert not outcome.after
    assert not outcome.declined


WORKED = """\
[queues.celery]   # it is needed
[queues."e-mails"]

[[routes]]
task = "shop.*"
queue = 'e-mials'  # <- here

[workers.main]
queues = [
  "celery",  # first
  "e-mails",
]
"""


def test_quotes_and_comments_stay(tmp_path: Path) -> None:
    assert fixed(tmp_path, WORKED) == WORKED.replace("mials", "mails")


def test_a_section_with_a_slip_is_mended_with_what_that_brings_to_light(tmp_path: Path) -> None:
    spoilt = WORKED.replace("[workers.", "[worker.").replace('  "celery"', '  "celrey"')
    assert fixed(tmp_path, spoilt) == WORKED.replace("mials", "mails")


def test_a_queue_listed_twice(tmp_path: Path) -> None:
    spoilt = WORKED.replace('  "e-mails",\n', '  "e-mails",\n  "celery",\n')
    assert fixed(tmp_path, spoilt) == WORKED.replace("mials", "mails")


def test_a_legacy_setting(tmp_path: Path) -> None:
    text = WORKED.replace("mials", "mails") + "[settings]\n{} = true # old\n"
    assert fixed(tmp_path, text.format("CELERY_ACKS_LATE")) == text.format("task_acks_late")


def test_the_default_queue_of_the_only_worker(tmp_path: Path) -> None:
    spoilt = "[queues.celery]\n" + DECLARED
    assert fixed(tmp_path, spoilt) == spoilt.replace('["emails"]', '["emails", "celery"]')


DECLARED = """\
[queues.emails]

[[routes]]
task = "a.*"
queue = "emails"

[workers.main]
queues = ["emails"]
"""

KEYED = """\
[queues.celery]
[queues.emails]
[[routes]]
task = "a.*"
queue = "emails"
routing_key = "x"
[workers.main]
queues = ["celery", "emails"]
"""

PLAIN = """\
[queues.celery]
[workers.main]
queues = ["celery"]
"""

LETTERS = """\
[exchanges.dead]
type = "fanout"
[queues.celery]
dead_letter = { exchange = "dead" }
[queues.letters]
exchange = "dead"
[workers.main]
queues = ["celery"]
"""

UNSAFE = {
    "the default queue is declared and consumed": (
        DECLARED,
        DECLARED.replace("s]\n\n[[", "s]\n[queues.celery]\n\n[[").replace(
            '["emails"]', '["emails", "celery"]'
        ),
    ),
    "a key that nothing looks at": (KEYED, KEYED.replace('routing_key = "x"\n', "")),
    "exchanged bounds": (
        PLAIN + "autoscale = { min = 8, max = 2 }\n",
        PLAIN + "autoscale = { min = 2, max = 8 }\n",
    ),
    "a number taken for seconds": (
        PLAIN + "[tasks.a]\nduration = 40\n",
        PLAIN + '[tasks.a]\nduration = "40s"\n',
    ),
    "dead letters that wait for a person": (
        LETTERS,
        LETTERS.replace("letters]\n", "letters]\nparking = true\n"),
    ),
}


@pytest.mark.parametrize(("before", "after"), UNSAFE.values(), ids=UNSAFE)
def test_unsafe_fixes_are_made_on_demand(tmp_path: Path, before: str, after: str) -> None:
    assert fixed(tmp_path, before) == before
    assert fixed(tmp_path, before, unsafe=True) == after


def test_a_fix_that_brings_up_another_finding_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "topology.toml"
    # With its right name the key would be ignored: that is a finding too.
    file.write_text(KEYED.replace("routing_key", "routng_key"))
    outcome = mended(file)
    assert not outcome.after
    assert [one.rule for one in outcome.declined] == ["unknown-key"]


def test_one_that_does_harm_does_not_keep_the_others(tmp_path: Path) -> None:
    text = KEYED.replace("routing_key", "routng_key").replace(
        "\n[queues.emails]", '\ndurable = "true"\n[queues.emails]'
    )
    assert fixed(tmp_path, text) == text.replace('"true"', "true")


def test_a_fix_that_does_no_more_harm_is_tried_again(tmp_path: Path) -> None:
    # The routes need the priorities of the queue, whose table comes after them; the
    # settings bring up another finding however often they are tried.
    text = (
        '[settinsg]\ntask_default_prioriyt = "4"\n[workers.main]\nqueues = 1.5\n'
        "[{0}.celery]\nmax_priority = {2}9{2}\n"
        '[[{1}]]\ntask = "shop.urgent.*"\nqueue = "celery"\npriority = {2}9{2}\n'
    )
    spoilt = text.format("queuse", "routse", '"')
    assert fixed(tmp_path, spoilt) == text.format("queues", "routes", "")


def test_many_that_do_harm(tmp_path: Path) -> None:
    one = '[[routes]]\ntask = "a{}.*"\nqueue = "celery"\nroutng_key = "x"\n'
    text = PLAIN + "".join(map(one.format, range(40)))
    calls = []

    def counted(loaded: source.Loaded) -> Any:
        calls.append(loaded)
        return everything(loaded)

    file = tmp_path / "topology.toml"
    file.write_text(text.replace('["celery"]', '["celery", "celery"]'))
    outcome = mend(str(file), None, counted)
    assert outcome.after == {str(file): text.encode()}
    assert len(outcome.declined) == 40
    assert len(outcome.mended) == len(outcome.made) == 1
    # Each that does harm is judged for itself, before and after the one that does none.
    assert len(calls) < 100
    assert mend(str(file), None, everything, patience=0).left
    few = mend(str(file), None, everything, patience=5)
    assert len(few.left) + len(few.declined) + len(few.mended) == 41


def test_an_included_file_that_is_empty_now(tmp_path: Path) -> None:
    main, team = tmp_path / "topology.toml", tmp_path / "team.toml"
    main.write_text('include = ["team.toml"]\n' + PLAIN)
    team.write_text("[queues.other]\n")
    assert len(everything(source.read(str(main)))) == 1
    assert everything(source.read(str(main), contents={str(team): b""})) == []
    assert everything(source.read(str(team), contents={str(team): b""})) == []


def test_included_files_and_their_routes(tmp_path: Path) -> None:
    (tmp_path / "teams").mkdir()
    main, team = tmp_path / "topology.toml", tmp_path / "teams" / "a.toml"
    main.write_text(
        'include = ["teams/*.toml"]\n[queues.celery]\n[[routes]]\ntask = "a.*"\nqueue = "celery"\n'
        '[workers.main]\nqueues = ["celery", "emails"]\n'
    )
    team.write_text('[queues.emails]\n[[routes]]\ntask = "b.*"\nqueue = "emials"\n')
    outcome = mended(main)
    assert outcome.after == {str(team): team.read_bytes().replace(b"emials", b"emails")}
    assert outcome.before == {str(team): team.read_bytes()}


OVERLAY = """\
[broker]
transport = "rabbitmq"
[queues.celery]
[workers.main]
queues = ["celery"]
[environments.staging.workers.main]
concurrency = "4"
"""


@pytest.mark.parametrize("environment", [None, "staging"])
def test_an_overlay_is_fixed_in_the_overlay(tmp_path: Path, environment: str | None) -> None:
    file = tmp_path / "topology.toml"
    file.write_text(OVERLAY)
    outcome = mend(str(file), environment, everything)
    assert outcome.after == {str(file): OVERLAY.replace('"4"', "4").encode()}


def test_with_an_environment_the_base_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "topology.toml"
    file.write_text(OVERLAY.replace('"4"', "4").replace('["celery"]', '["celrey"]'))
    assert not mend(str(file), "staging", everything).after
    assert mend(str(file), None, everything).after


def test_a_typo_in_the_name_that_an_overlay_changes(tmp_path: Path) -> None:
    text = PLAIN + "[environments.staging.workers.{}]\nconcurrency = 2\n"
    text = text.replace("workers.main", "workers.mailer")
    assert fixed(tmp_path, text.format("maielr")) == text.format("mailer")


def test_a_broker_option(tmp_path: Path) -> None:
    text = '[broker]\ntransport = "redis"\n[broker.options]\n{} = "2h"\n' + PLAIN
    assert fixed(tmp_path, text.format("visibilty_timeout")) == text.format("visibility_timeout")


def test_a_task_that_may_be_another_is_an_unsafe_fix(tmp_path: Path) -> None:
    text = PLAIN + '[tasks."shop.reports"]\n[workflows.daily]\nchain = ["shop.reprots"]\n'
    assert fixed(tmp_path, text) == text
    assert fixed(tmp_path, text, unsafe=True) == text.replace("reprots", "reports")


def test_many_at_once(tmp_path: Path) -> None:
    queues = "".join(f"[queues.q{number}-emails]\n" for number in range(200))
    listed = ", ".join(f'"q{number}-emials"' for number in range(200))
    text = f'[queues.celery]\n{queues}[workers.main]\nqueues = ["celery", {listed}]\n'
    calls = []

    def counted(loaded: source.Loaded) -> Any:
        calls.append(loaded)
        return everything(loaded)

    file = tmp_path / "topology.toml"
    file.write_text(text)
    outcome = mend(str(file), None, counted)
    assert outcome.after == {str(file): text.replace("emials", "emails").encode()}
    assert len(calls) < 5
