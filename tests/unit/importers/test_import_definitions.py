"""`import definitions`: exports of several versions, odd ones, and hostile ones."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from qtopo.cli.main import main
from qtopo.errors import QtopoError, UnknownNameError, UnreadableFileError
from qtopo.importers.declarations.keep import safe
from qtopo.importers.declarations.policies import UnsureError, matches
from qtopo.importers.sound import make_sound
from qtopo.importers.sources import Options, read
from qtopo.importers.write import write
from qtopo.topology.topology import Topology

if TYPE_CHECKING:
    from pathlib import Path

    from qtopo.importers.draft import Draft

SECRET = "hunter2-of-a-test"


def imported(path: Path, export: Any, options: Options | None = None) -> tuple[Draft, str]:
    """The draft of an export, and the text that is written of it, which is a topology."""
    path = path / "export.json"
    path.write_text(export if isinstance(export, str) else json.dumps(export))
    draft = read("definitions", (str(path),), options)
    make_sound(draft)
    text = write(draft)
    _, wrong = Topology.from_data(tomli.loads(text))
    assert wrong == []
    return draft, text


def queue(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "durable": True, "auto_delete": False, "arguments": {}, **more}


def exchange(name: str, kind: str = "direct", **more: Any) -> dict[str, Any]:
    return queue(name, **{"type": kind, "internal": False, **more})


def binding(source: str, to: str, key: str, kind: str = "queue", **more: Any) -> dict[str, Any]:
    given = {"source": source, "destination": to, "destination_type": kind, "routing_key": key}
    return {**given, "arguments": {}, **more}


CLUSTER = {
    "rabbit_version": "4.1.0-rc.1",
    "rabbitmq_version": "4.1.0-rc.1",
    "product_name": "RabbitMQ",
    "rabbitmq_definition_format": "cluster",
    "original_cluster_name": "rabbit@host",
    "explanation": "Definitions of cluster 'rabbit@host'",
    "users": [
        {
            "name": "shop",
            "password_hash": SECRET,
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": ["management"],
            "limits": {},
        }
    ],
    "vhosts": [
        {"name": "/", "limits": [], "metadata": {"default_queue_type": "undefined"}},
        {"name": "shop", "limits": {}, "metadata": {"default_queue_type": "quorum"}},
    ],
    "permissions": [
        {"user": "shop", "vhost": "shop", "configure": ".*", "write": ".*", "read": ".*"}
    ],
    "topic_permissions": [
        {"user": "shop", "vhost": "shop", "exchange": "mail", "write": "", "read": ""}
    ],
    "parameters": [
        {
            "vhost": "shop",
            "component": "shovel",
            "name": "copies",
            "value": {
                "src-uri": [f"amqp://u:{SECRET}@h/%2f", f"amqps://h?password={SECRET}"],
                "dest-password": SECRET,
            },
        },
        {
            "vhost": "shop",
            "component": "operator_policy",
            "name": "cap",
            "value": {
                "pattern": "^mail",
                "apply-to": "quorum_queues",
                "priority": 1,
                "definition": {"max-length": 7},
            },
        },
    ],
    "global_parameters": [{"name": "mqtt_password", "value": SECRET}],
    "policies": [
        {
            "vhost": "shop",
            "name": "letters",
            "pattern": "^mails$",
            "apply-to": "quorum_queues",
            "priority": 0,
            "definition": {"dead-letter-exchange": "dead"},
        }
    ],
    "exchanges": [exchange("mail", "topic", vhost="shop")],
    "queues": [
        queue("mails", vhost="shop", type="quorum"),
        queue("classic", vhost="shop", type="classic", arguments={"x-queue-type": "classic"}),
    ],
    "bindings": [
        binding("mail", "mails", "mail.#", vhost="shop"),
        binding("amq.headers", "classic", "", vhost="shop", arguments={"x-match": "any", "a": 1}),
    ],
}


def test_an_export_of_a_cluster_of_4_1(tmp_path: Path) -> None:
    draft, text = imported(tmp_path, CLUSTER)
    assert draft.data["broker"] == {"transport": "rabbitmq", "version": "4.1.0"}
    assert draft.data["queues"] == {
        "classic": {
            "bindings": [
                {"exchange": "amq.headers", "arguments": {"x-match": "any", "a": 1}},
            ],
            "type": "classic",
        },
        "mails": {"exchange": "mail", "routing_key": "mail.#", "type": "quorum"},
    }
    assert draft.data["exchanges"] == {
        "amq.headers": {"type": "headers"},
        "mail": {"type": "topic"},
    }
    titles = [one.title for one in draft.leftovers]
    assert titles == [
        "policy letters",
        "operator policy cap",
        "vhost",
        "parameters",
        "users",
        "permissions",
        "topic_permissions",
        "global_parameters",
    ]
    assert SECRET not in text
    assert SECRET not in repr(draft)
    assert "'mails'" in next(one.message for one in draft.notes if "'cap'" in one.message)


def test_an_export_of_one_vhost_names_none(tmp_path: Path) -> None:
    def bare(records: Any) -> Any:
        return [{key: v for key, v in one.items() if key != "vhost"} for one in records]

    sections = ("exchanges", "queues", "bindings", "policies", "parameters")
    export = {name: bare(CLUSTER[name]) for name in sections}
    about = {"rabbitmq_definition_format": "single_virtual_host", "original_vhost_name": "shop"}
    alone, _ = imported(tmp_path, {**about, **export})
    of_all, _ = imported(tmp_path, CLUSTER)
    assert alone.data["queues"] == of_all.data["queues"]
    assert alone.data["exchanges"] == of_all.data["exchanges"]
    imported(tmp_path, {**about, **export}, Options(vhost="shop"))
    with pytest.raises(UnknownNameError, match="no vhost 'other'"):
        imported(tmp_path, {**about, **export}, Options(vhost="other"))


def test_of_several_vhosts_one_is_chosen(tmp_path: Path) -> None:
    export = {"queues": [queue("a", vhost="/"), queue("a", vhost="b", durable=False)]}
    with pytest.raises(UnknownNameError, match="'/', 'b'"):
        imported(tmp_path, export)
    draft, _ = imported(tmp_path, export, Options(vhost="b"))
    assert draft.data["queues"] == {"a": {"durable": False}}
    with pytest.raises(UnknownNameError, match="no vhost 'c'"):
        imported(tmp_path, export, Options(vhost="c"))


def test_what_the_file_has_no_place_for_is_kept(tmp_path: Path) -> None:
    export = {
        "exchanges": [
            exchange("inside", "fanout", internal=True),
            exchange("strange", "x_strange"),
            exchange("x", arguments={"alternate-exchange": "inside", "none": None}),
        ],
        "queues": [
            queue("bell\x07"),
            queue("q", arguments={"x-message-ttl": 2**62, "x-max-priority": 300, "n": [None]}),
            queue("q", durable=False),
            {"durable": True},
            "text",
        ],
        "bindings": [
            binding("x", "q", "key\x00"),
            binding("inside", "q", ""),
            binding("x", "nowhere", "k"),
            binding("x", "q", "k", kind="task"),
        ],
        "policies": {"not": "a list"},
        "novelty": {"a": 1},
    }
    draft, text = imported(tmp_path, export)
    assert draft.data["queues"]["q"]["arguments"] == {
        "x-message-ttl": 2**62,
        "x-max-priority": 300,
    }
    for word in ("bell", "x_strange", "nowhere", "key\\u0000", "task", "not = ", "a = 1", "none"):
        assert word in text.partition("has no place in this file")[2], word
    said = " ".join(one.message for one in draft.notes)
    assert "406" in said
    assert "come twice, of which the first is taken: 'q'" in said


def test_a_binding_without_a_key_stays_without(tmp_path: Path) -> None:
    export = {"exchanges": [exchange("all", "fanout")], "queues": [queue("q"), queue("all")]}
    draft, _ = imported(tmp_path, {**export, "bindings": [binding("all", "q", "")]})
    assert draft.data["queues"] == {
        "all": {"exchange": "amq.direct"},
        "q": {"bindings": [{"exchange": "all"}]},
    }
    assert set(draft.data["exchanges"]) == {"all", "amq.direct"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"queues": [',
        '{"queues": NaN}',
        '{"queues": [{"name": ' + "9" * 5000 + "}]}",
        '{"queues":' * 100_000,
        "[" * 1_000_000,
        '{"queues": [' + "0," * 3_000_000 + "0]}",
        "\ud800".encode("utf-16", "surrogatepass").decode("latin-1"),
    ],
    ids=lambda text: text[:12],
)
def test_what_is_no_export_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        imported(tmp_path, text)
    assert len(str(caught.value)) < 1000


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for name in (str(pipe), str(tmp_path), "/dev/zero", "a\0b", str(tmp_path / "none")):
        with pytest.raises(UnreadableFileError):
            read("definitions", (name,))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from([0, 1, -1, 2**70, 12345, 1.5])
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
RECORD = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a", "b", "bcast.x"]) | JSON,
        "vhost": st.just("/") | JSON,
        "type": st.sampled_from(["direct", "topic", "quorum"]) | JSON,
        "durable": st.booleans() | JSON,
        "source": st.sampled_from(["a", "amq.topic"]) | JSON,
        "destination": st.sampled_from(["a", "b"]) | JSON,
        "routing_key": st.text(max_size=3) | JSON,
        "arguments": JSON,
        "pattern": st.sampled_from(["^a", "(", "(a+)+$"]) | JSON,
        "definition": JSON,
        "priority": JSON,
        "component": st.just("operator_policy") | JSON,
        "value": JSON,
    },
)
SECTIONS = ("exchanges", "queues", "bindings", "policies", "parameters", "vhosts", "users", "other")


@settings(max_examples=100, deadline=None)
@given(
    export=st.fixed_dictionaries(
        {}, optional={name: st.lists(RECORD | JSON, max_size=4) | JSON for name in SECTIONS}
    )
)
def test_whatever_json_says_a_topology_or_an_error_comes(
    tmp_path_factory: pytest.TempPathFactory, export: dict[str, Any]
) -> None:
    text = json.dumps(export, allow_nan=False)
    # The far-off number of JSON that Python takes for infinity.
    text = text.replace("12345", "1e999")
    with suppress(UnreadableFileError, UnknownNameError):
        imported(tmp_path_factory.mktemp("x"), text)


SLOW = {
    "patterns": {
        "queues": [queue("a" * 250 + str(n)) for n in range(400)],
        "policies": [
            {"name": f"p{n}", "pattern": pattern, "definition": {"max-length": 1}, "priority": n}
            for n, pattern in enumerate(["(a+)+$", "a*a*a*b", ".*.*b", "(a|a)*b", "a" * 9000] * 20)
        ],
    },
    "many": {
        "exchanges": [exchange(f"x{n}", "fanout") for n in range(5_000)],
        "queues": [queue(f"q{n}\n") for n in range(5_000)] + [queue(f"q{n}") for n in range(5_000)],
        "bindings": [binding(f"x{n}", f"q{n}", "") for n in range(5_000)]
        + [binding(f"x{n}", f"z{n}", "") for n in range(5_000)],
        "users": [{"name": f"u{n}"} for n in range(20_000)],
    },
}


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX's")
@pytest.mark.parametrize("name", list(SLOW))
def test_a_hostile_export_ends_soon_in_little_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(SLOW[name]))

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))

    start = time.monotonic()
    argv = [sys.executable, "-m", "qtopo", "import", "definitions", str(path)]
    done = subprocess.run(
        [*argv, "-o", str(tmp_path / "t.toml")], preexec_fn=bounded, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stderr) < 50_000
    assert time.monotonic() - start < 30


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("^a", "ab", True),
        ("b$", "ab", True),
        ("", "", True),
        (r"^(?!amq\.).*", "amq.x", False),
        ("^.$", "é", False),
        ("[a-c]{2}", "xbcx", True),
        (r"^a\.b$", "a-b", False),
    ],
)
def test_patterns_match_anywhere_and_bytes(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, name) is expected


@pytest.mark.parametrize(
    "pattern", ["(a+)+", "(?i)a", r"\x41", "[[:alpha:]]", "a*+", "a{,2}", "(", "a*b*c*", "é" * 500]
)
def test_patterns_that_erlang_may_read_otherwise_are_not_tried(pattern: str) -> None:
    with pytest.raises(UnsureError):
        matches(pattern, "a")


@given(
    secret=st.text(min_size=8).filter(lambda text: not set(text) <= set("*")),
    url=st.sampled_from(["amqp://u:{}@h", "https://{}@h/x", "amqp://h?password={}", "x://{}/@h"]),
)
def test_no_secret_of_a_url_is_kept(secret: str, url: str) -> None:
    text = repr(safe({"uri": url.format(secret), "name": "n", "list": [url.format(secret)]}))
    assert repr(secret)[1:-1] not in text or repr(secret)[1:-1] in repr(url)


def test_the_command_says_what_it_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps({"queues": [queue("a", vhost="/"), queue("b", vhost="v")]}))
    assert main(["import", "definitions", str(path)]) == 2
    assert "--vhost NAME" in capsys.readouterr().err
    assert main(["import", "definitions", str(path), "--vhost", "v"]) == 0
    assert "[queues.b]" in capsys.readouterr().out
    assert issubclass(UnknownNameError, QtopoError)
