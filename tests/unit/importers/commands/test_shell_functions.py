"""Functions, `$@` and branches of shell scripts: bash itself says what is started."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtopo.importers.commands import read
from qtopo.importers.commands.shell import Shell
from qtopo.importers.sources import Options
from qtopo.importers.static.budget import Budget

if TYPE_CHECKING:
    from pathlib import Path

    from qtopo.importers.draft import Draft

BASH = shutil.which("bash")
PRINTED = 'celery() { printf \'%s\\n\' "$#" "$@" END; }\n'


def by_bash(script: str, args: list[str]) -> list[list[str]]:
    """The words of each call of celery, as bash runs the script."""
    assert BASH is not None
    command = [BASH, "-c", PRINTED + script, "script", *args]
    told = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout
    found, rest = [], told.split("\n")[:-1]
    while rest:
        count = int(rest.pop(0))
        words, rest = rest[:count], rest[count:]
        assert rest.pop(0) == "END"
        found.append(words)
    return found


def by_reading(script: str, args: list[str] | None) -> list[list[str]]:
    shell = Shell({}, Budget(), args)
    return [list(one.words[1:]) for one in shell.run(script) if one.words[0] == "celery"]


SCRIPTS = {
    "called": 'start() {\n  celery -A p worker -Q $1 "${@:2}"\n}\nstart mail -c 2\nstart bulk\n',
    "of the keyword": "function go { celery worker \"$@\"; }; go a 'b c'",
    "with both": "function go() ( celery worker $* ); go a 'b c'",
    "not called": "go() { celery worker; }\n:",
    "in another": 'a() { celery a "$@"; }\nb() { a x "$@"; celery b; }\nb 1 2',
    "defined again": "a() { celery one; }\na\na() { celery two; }\na",
    "chosen by an argument": 'w() { celery worker "$@"; }\ncase "$1" in\n'
    '  worker) w -Q a "${@:2}" ;;\n  beat) celery beat ;;\n  *) celery other ;;\nesac',
    "shifted": 'one=$1; shift; celery $one "$@"; shift 2; celery rest "$@"',
    "set": 'set -- celery worker "$@" -c 1\n"$@"',
    "nothing in quotes": "EMPTY=\nA=()\nB=(x 'y z')\n"
    'celery worker "${A[@]}" "${B[@]}" "" "$EMPTY"',
    "both hold": 'if [ -n "$1" ] && [ "$1" = worker ]; then celery yes; else celery no; fi',
    "either holds": 'if [ "$1" = a ] || [ "$1" = b ]; then celery yes; else celery no; fi',
    "one does not": 'if [ -z "$1" ] && [ x = x ]; then celery yes; else celery no; fi',
    "said by eval": 'a="celery worker -n \'x y\'"\neval "$a -Q q"',
    "braces in a body": 'a() { if true; then { celery in; }; fi; celery "${1}"; }; a out',
}


@pytest.mark.skipif(BASH is None, reason="bash is the judge here")
@pytest.mark.parametrize("args", [[], ["worker"], ["beat", "-x"], ["b", "c", "d", "e f"]])
@pytest.mark.parametrize("name", SCRIPTS)
def test_what_bash_starts(name: str, args: list[str]) -> None:
    wanted = by_bash(SCRIPTS[name], args)
    found = by_reading(SCRIPTS[name], args)
    if name == "braces in a body":
        # What `true` answers is not known here: both ways are taken, and one was there.
        assert found == wanted
    else:
        assert found == wanted, (name, args)


WORDS = st.sampled_from(["a", "-Q", "x y", "", "$1", '"$@"', '"${@:2}"', '"$2"', "${1:-z}"])
CALLS = st.lists(WORDS, max_size=4).map(
    lambda words: " ".join(f"'{one}'" if one in ("x y", "") else one for one in words)
)


@pytest.mark.skipif(BASH is None, reason="bash is the judge here")
@settings(deadline=None, max_examples=40)
@given(CALLS, CALLS, CALLS, st.lists(st.sampled_from(["a", "b c", ""]), max_size=3))
def test_arguments_go_through_functions(
    inner: str, middle: str, outer: str, args: list[str]
) -> None:
    script = f"f() {{ celery {inner}; }}\ng() {{\n f {middle}\n celery g\n}}\ng {outer}\n"
    assert by_reading(script, args) == by_bash(script, args)


def test_what_is_called_is_not_known() -> None:
    """Any function may be what `"$@"` calls; one that was called otherwise is not counted again."""
    script = 'one() { celery worker -Q a; }\ntwo() { celery beat; }\ntwo\n"$@"\n'
    found = list(Shell({}, Budget(), None).run(script))
    assert [one.words for one in found] == [("celery", "beat"), ("celery", "worker", "-Q", "a")]
    assert [one.doubt for one in found] == [False, True]
    named = 'one() { celery worker; }\n"$PROGRAM" x\n'
    assert [one.words[0] for one in Shell({}, Budget(), None).run(named)] == ["\0$PROGRAM\0"]


def test_functions_that_call_each_other_come_to_an_end() -> None:
    script = "a() { b; a; celery worker; }\nb() { a; b; }\na\n"
    assert len(list(Shell({}, Budget(), []).run(script))) < 500


def imported(path: Path, files: dict[str, str]) -> Draft:
    named = []
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
        named.append(str(path / name))
    return read(tuple(named), Options())


def traps(draft: Draft) -> list[str | None]:
    return [note.trap for note in draft.notes]


EITHER = """\
if [[ -n "${AS_USER}" ]]; then
  exec celery -A p worker -c 2
else
  exec setuidgid app celery -A p worker -c 2
fi
if [[ -n "${AS_USER}" ]]; then
  exec celery -A p beat
else
  exec setuidgid app celery -A p beat
fi
"""


def test_one_command_in_both_branches_is_one_process(tmp_path: Path) -> None:
    draft = imported(tmp_path, {"run.sh": EITHER})
    assert len(draft.data["workers"]) == 1
    assert "beat-twice" not in traps(draft)


def test_two_that_exclude_each_other_are_not_beat_twice(tmp_path: Path) -> None:
    one = "if $X; then celery -A p beat -l INFO; else celery -A p beat --max-interval 5; fi\n"
    assert "beat-twice" not in traps(imported(tmp_path, {"run.sh": one}))
    both = one + "celery -A p beat\n"
    assert "beat-twice" in traps(imported(tmp_path, {"run.sh": both}))


PROGRAMS = """\
[program:web]
command=/app/entry.sh %(ENV_WEB)s
[program:work]
    command=/app/entry.sh %(ENV_WORK)s
    directory=/app
    stopwaitsecs = 60
[program:clock]
command=/app/entry.sh beat
stopasgroup=true
stopsignal=QUIT
"""
ENTRY = """\
#!/bin/bash
start() {
  exec celery -A p worker "$@"
}
case "$1" in
  gunicorn) exec gunicorn p ;;
  watch) exec watchmedo auto-restart -- bash "$0" "${@:2}" ;;
  worker) start -Q mail -n mail@%h "${@:2}" ;;
  check) exec celery -A p inspect ping ;;
  beat) exec celery -A p beat ;;
esac
"""
DEFAULTS = 'export WEB="${WEB:-gunicorn}"\nexport WORK="${WORK:-worker -c 3}"\n'


def test_arguments_from_variables_that_a_script_exports(tmp_path: Path) -> None:
    """supervisor splits a value with blanks, and takes keys that are all indented alike."""
    files = {"supervisor.conf": PROGRAMS, "entry.sh": ENTRY, "env.sh": DEFAULTS}
    draft = imported(tmp_path, files)
    assert draft.data["workers"] == {
        "mail": {"queues": ["mail"], "concurrency": 3, "shutdown": {"drain": "1m"}}
    }
    assert "beat" in draft.data
    # What loses running tasks is no matter of beat's, which has none.
    assert not {"stop-signals-children", "cold-shutdown"} & set(traps(draft))


def test_a_pool_without_children_loses_none(tmp_path: Path) -> None:
    program = "[program:a]\nstopasgroup=true\ncommand=celery -A p worker -P "
    assert "stop-signals-children" not in traps(imported(tmp_path, {"a.conf": program + "threads"}))
    assert "stop-signals-children" in traps(imported(tmp_path, {"b.conf": program + "prefork"}))


def test_probes_start_nothing(tmp_path: Path) -> None:
    values = (
        "worker:\n  args: [celery, -A, p, worker]\n  livenessProbe:\n    exec:\n"
        "      command: [celery, -A, p, worker, -n, probe]\n"
        "  lifecycle:\n    preStop:\n      exec:\n        command: [celery, -A, p, worker]\n"
    )
    assert list(imported(tmp_path, {"values.yaml": values}).data["workers"]) == ["worker"]


def test_a_script_that_is_not_followed_is_said(tmp_path: Path) -> None:
    script = (
        'make() {\n  local run="celery -A p worker -Q $1 -n $2"\n  echo "$run &"\n}\n'
        'lines="$(make a b)"\neval "$lines"\n'
    )
    draft = imported(tmp_path, {"start.sh": script})
    assert any(note.where and note.where.endswith("start.sh:2") for note in draft.notes)
    quiet = imported(tmp_path, {"other.sh": 'echo "see celery -A p worker -h"\n'})
    assert not any("not followed" in note.message for note in quiet.notes)
