"""The page as bytes: the same each time, nothing secret, and nothing of a name that is markup."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from networkx import MultiDiGraph

import qtopo
from qtopo.graph.build import graph
from qtopo.graph.page.data import page_data
from qtopo.graph.page.facts import DOTS, facts, hidden, safe
from qtopo.graph.page.html import draw
from qtopo.graph.picture.compose import compose
from qtopo.graph.picture.metrics import visible
from qtopo.graph.ways import Ways

SHOP = "topologies/shop.toml"


class Parts(HTMLParser):
    """The tags with their attributes, and the texts of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style") and data.strip():
            self.inside.append((self.tags[-1][0], data))


def shop() -> MultiDiGraph:
    return graph(qtopo.load(SHOP))


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found
    return json.loads(found[1])


def test_the_bytes_are_the_same_each_time() -> None:
    assert draw(shop()) == draw(shop())


def test_the_policy_has_the_hashes_of_what_is_there() -> None:
    page = draw(shop())
    parts = Parts(page)
    policy = next(
        attributes["content"]
        for tag, attributes in parts.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    for kind, text in parts.inside:
        digest = b64encode(sha256(text.encode()).digest()).decode()
        is_data = text.startswith('{"title"')
        assert (f"{kind}-src 'sha256-{digest}'" in policy) is not is_data
    assert [kind for kind, _ in parts.inside] == ["style", "script", "script"]


def test_nothing_in_it_is_fetched_and_no_attribute_runs() -> None:
    for tag, attributes in Parts(draw(shop())).tags:
        assert tag not in ("link", "img", "iframe", "object", "image", "base")
        assert not any(name.startswith("on") or name in ("src", "style") for name in attributes)
        for name in ("href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith("#")


def test_ways_are_those_of_the_selectors() -> None:
    built = shop()
    data = page_data(built, compose(built))
    ways, names = Ways(built), list(built)
    for index, row in enumerate(data["nodes"]):
        for find, place in ((ways.before, row[4]), (ways.behind, row[5])):
            assert {names[one] for one in data["sets"][place]} == find([names[index]]) - {
                names[index]
            }


def test_every_box_and_every_node_is_known() -> None:
    built = graph(qtopo.load("topologies/tenants.toml"))
    scene = compose(built)
    data = page_data(built, scene)
    assert len(data["nodes"]) == len(built)
    assert len(data["boxes"]) == len(scene.boxes)
    assert len(data["edges"]) == built.number_of_edges()
    inside = [node for box in data["boxes"] for node in box[3]]
    assert len(inside) == len(set(inside))
    # What is folded is in a box all the same.
    assert len(inside) == len(built)


def test_filters_are_only_those_that_choose() -> None:
    built = shop()
    names = [one["name"] for one in page_data(built, compose(built))["filters"]]
    assert names == ["Owner", "Worker"]
    for node in list(built)[:3]:
        built.nodes[node]["transport"] = "redis"
    found = page_data(built, compose(built))["filters"]
    transports = next(one for one in found if one["name"] == "Transport")
    assert [(value, len(nodes)) for value, nodes in transports["values"]] == [
        ("rabbitmq", len(built) - 3),
        ("redis", 3),
    ]


def test_flags_as_they_are_by_default_are_left_out() -> None:
    plain = {"kind": "queue", "label": "q", "durable": True, "exclusive": False, "max_priority": 3}
    assert facts(plain) == [("max priority", "3")]
    assert facts({**plain, "durable": False}) == [("durable", "false"), ("max priority", "3")]


def test_secrets_are_not_written() -> None:
    data = {
        "kind": "worker",
        "label": "w",
        "env": {"PGPASSWORD": "hunter2", "TZ": "UTC"},
        "extra_args": ["--broker=amqp://u:hunter3@h//"],
        "kwargs": {"api_key": "hunter4", "deep": [{"token": "hunter5", "n": 1}]},
        "changes": {"env": ({"A": "hunter6"}, {"A": "hunter7"})},
    }
    text = json.dumps(facts(data))
    assert "hunter" not in text
    assert ["env", "PGPASSWORD, TZ"] in json.loads(text)
    assert hidden("password", "x") == DOTS
    assert hidden("arguments", {"x-max-length": 5}) == {"x-max-length": 5}


def test_what_is_too_long_to_be_looked_at_is_cut() -> None:
    url = "amqp://user:hunter2@host"
    assert "hunter2" not in safe("x" * 3_000 + url)
    assert "hunter2" not in safe(",".join(["queue"] * 2_000 + [url]))
    assert safe("a,b") == "a,b"


def test_explanations_and_commands_are_those_of_the_graph() -> None:
    built = shop()
    built.graph["explanations"] = {"task:shop.ping": [("queue", "default", "from the route")]}
    built.graph["commands"] = {"worker:emails": {"lines": ["celery"], "more": 0, "needs": []}}
    data = page_data(built, compose(built))
    said = {row[1]: row[6] for row in data["nodes"] if len(row) > 6}
    lines = data["explanations"][said["shop.ping"]["why"]]
    assert [[data["words"][lines[0][0]], *lines[0][1:]]] == [["queue", "default", "from the route"]]
    assert said["emails"]["commands"]["lines"] == ["celery"]


NAMES = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(
        ["</script><script>alert(1)</script>", "<!--", "]]>", "\u2028\u2029", '"><svg onload=x>']
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(NAMES, min_size=1, max_size=6, unique=True),
    said=NAMES,
)
def test_names_are_never_markup(names: list[str], said: str) -> None:
    built: MultiDiGraph = MultiDiGraph(app=said, broker="rabbitmq")
    for name in names:
        built.add_node(f"queue:{name}", kind="queue", label=name, description=said, owner=said)
        built.add_node(f"worker:{name}", kind="worker", label=name, pool=said, path=["workers"])
        built.add_edge(f"queue:{name}", f"worker:{name}", kind="consumes", label=said)
    page = draw(built, expand=True)
    page.encode()
    plain = draw_plain(len(names))
    assert [tag for tag, _ in Parts(page).tags if tag != "title"] == [
        tag for tag, _ in Parts(plain).tags if tag != "title"
    ]
    data = data_of(page)
    labels = [row[1] for row in data["nodes"]]
    assert labels == [visible(name) for name in names for _ in range(2)]
    raw = page.partition('id="data">')[2].partition("</script>")[0]
    assert not set(raw) & set("<>&\u2028\u2029")


def draw_plain(number: int) -> str:
    built: MultiDiGraph = MultiDiGraph(app="a", broker="rabbitmq")
    for index in range(number):
        built.add_node(f"queue:q{index}", kind="queue", label=f"q{index}", owner="o")
        built.add_node(f"worker:q{index}", kind="worker", label=f"q{index}", pool="p", path=["w"])
        built.add_edge(f"queue:q{index}", f"worker:q{index}", kind="consumes", label="c")
    return draw(built, expand=True)
