"""Selectors: what is read, what is chosen, and that messages go where the router says."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from drawn import HOSTILE, graph_of, hostile_graph
from hypothesis import given, settings
from hypothesis import strategies as st

import qtopo
from qtopo.errors import UnknownNameError
from qtopo.graph.selectors import METHODS, SelectorError, parse, select, subgraph
from qtopo.routing.delivery import deliver
from qtopo.topology.topology import Topology
from strategies import topologies

SHOP = Path(__file__).parents[3] / "topologies" / "shop.toml"


@cache
def shop() -> Any:
    return graph_of(tomllib.loads(SHOP.read_text(encoding="utf-8")))


def chosen(*expressions: str, exclude: tuple[str, ...] = (), graph: Any = None) -> set[str]:
    return select(graph or shop(), expressions, exclude)


MAIL = {
    "task:shop.emails.password_reset",
    "task:shop.emails.receipt",
    "task:shop.emails.newsletter",
}
TO_MAIL = MAIL | {
    "route:0", "route:1", "exchange:events", "queue:emails", "beat:newsletter", "workflow:checkout",
}  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "nodes"),
    [
        ("emails", {"queue:emails", "worker:emails"}),
        ("queue:emails", {"queue:emails"}),
        ("task:shop.emails.*", MAIL),
        ("shop.emails.r*", {"task:shop.emails.receipt", "route:0"}),
        ("dead-?mails", {"queue:dead-emails"}),
        ("queue:[de]*s", {"queue:emails", "queue:dead-emails", "queue:dead-payments"}),
        ("kind:machine", {"machine:small", "machine:large"}),
        ("owner:growth", {"queue:emails"}),
        ("pool:threads", {"worker:emails"}),
        ("route:1", {"route:1"}),
        ("route:shop.emails.receipt", {"route:0"}),
        ("'route:0'", None),
        ('"shop.emails.*"', {"route:1"}),
        ("'shop.emails.*'", {"route:1"}),
        ("+queue:emails", TO_MAIL),
        ("1+queue:emails", {"queue:emails", "exchange:events", "route:0", "route:1"}),
        ("2+queue:emails", TO_MAIL - {"beat:newsletter", "workflow:checkout"}),
        ("queue:emails+1", {"queue:emails", "worker:emails", "exchange:dead", "queue:dead-emails"}),
        ("queue:emails+0", {"queue:emails"}),
        (
            "1+route:1+1",
            {"task:shop.emails.newsletter", "route:1", "exchange:events", "queue:emails"},
        ),
        (
            "shop.payments.charge+",
            {
                "task:shop.payments.charge", "route:4", "exchange:payments", "queue:payments",
                "worker:checkout", "machine:small", "exchange:dead", "queue:dead-payments",
            },
        ),
        ("+queue:dead-emails", TO_MAIL | {"exchange:dead", "queue:dead-emails"}),
        ("+exchange:unrouted", {"exchange:unrouted", "exchange:events"}),
        ("kind:queue,owner:checkout", {"queue:orders", "queue:payments"}),
        ("+queue:emails,kind:beat  pool:threads", {"beat:newsletter", "worker:emails"}),
    ],
)  # fmt: skip
def test_what_an_expression_chooses(expression: str, nodes: set[str] | None) -> None:
    if nodes is None:
        with pytest.raises(UnknownNameError):
            chosen(expression)
    else:
        assert chosen(expression) == nodes


def test_at_takes_all_that_leads_to_what_is_behind() -> None:
    around = chosen("@shop.emails.receipt")
    assert around >= TO_MAIL | {"queue:dead-emails", "worker:emails"}
    # The worker takes announcements as well, so what makes them is asked for.
    assert {"queue:announce", "task:shop.prices.forget"} <= around
    # The exchange is on the way of others' messages; they are not.
    assert around.isdisjoint({"queue:orders", "task:shop.orders.confirm", "route:2"})


def test_several_and_exclude() -> None:
    both = chosen("queue:emails", "queue:orders")
    assert both == chosen("queue:emails queue:orders") == {"queue:emails", "queue:orders"}
    assert chosen(exclude=("kind:task",)) == set(shop()) - chosen("kind:task")
    assert chosen("+queue:emails", exclude=("kind:beat kind:workflow",)) == chosen("2+queue:emails")
    assert chosen() == set(shop())


def test_an_entry_with_its_own_queue_goes_its_own_way() -> None:
    graph = graph_of(
        {
            "queues": {"usual": {}, "other": {}},
            "routes": [{"task": "t", "queue": "usual"}],
            "beat": {
                "schedule": {
                    "own": {"task": "t", "every": "1m", "queue": "other"},
                    "plain": {"task": "t", "every": "1m"},
                }
            },
            "workers": {"u": {"queues": ["usual"]}, "o": {"queues": ["other"]}},
        }
    )
    senders = select(graph, ["+queue:usual,kind:beat"])
    assert senders == {"beat:plain"}
    assert select(graph, ["+queue:other,kind:beat"]) == {"beat:own"}
    assert select(graph, ["+task:t,kind:beat"]) == {"beat:own", "beat:plain"}
    assert select(graph, ["beat:own+"]) == {
        "beat:own", "task:t", "exchange:other", "queue:other", "worker:o",
    }  # fmt: skip


def test_exchanges_between_are_those_the_key_passes() -> None:
    graph = graph_of(
        {
            "exchanges": {
                "all": {"type": "topic", "alternate": "rest"},
                "mail": {"type": "topic", "bindings": [{"exchange": "all", "routing_key": "m.#"}]},
                "pay": {"type": "topic", "bindings": [{"exchange": "all", "routing_key": "p.#"}]},
                "rest": {"type": "fanout"},
            },
            "queues": {
                "home": {"exchange": "all", "routing_key": "home"},
                "m": {"exchange": "mail", "routing_key": "#"},
                "p": {"exchange": "pay", "routing_key": "#"},
                "r": {"exchange": "rest"},
            },
            "routes": [
                {"task": "m", "queue": "home", "routing_key": "m.x"},
                {"task": "p", "queue": "home", "routing_key": "p.x"},
                {"task": "x", "queue": "home", "routing_key": "x"},
            ],
            "tasks": {"m": {}, "p": {}, "x": {}},
        }
    )
    assert select(graph, ["task:m+"]) == {
        "task:m", "route:0", "exchange:all", "exchange:mail", "queue:m",
    }  # fmt: skip
    assert select(graph, ["+queue:p"]) == {
        "task:p", "route:1", "exchange:all", "exchange:pay", "queue:p",
    }  # fmt: skip
    assert select(graph, ["+exchange:rest,kind:task"]) == {"task:x"}
    assert select(graph, ["+exchange:all,kind:task"]) == {"task:m", "task:p", "task:x"}
    assert select(graph, ["exchange:all+,kind:queue"]) == {
        "queue:home", "queue:m", "queue:p", "queue:r",
    }  # fmt: skip


def test_findings_and_changes_are_chosen_where_they_are() -> None:
    graph = nx.MultiDiGraph()
    found = {"rule": "queue-unconsumed", "severity": "error", "message": "x"}
    graph.add_node("queue:a", kind="queue", label="a", findings=[found], change="added")
    graph.add_node("queue:b", kind="queue", label="b", findings=[], change="same")
    for one in ("finding:error", "finding:queue-*", "change:added"):
        assert select(graph, [one]) == {"queue:a"}
    assert select(graph, [], ["finding:error"]) == {"queue:b"}
    # A state that nothing has can be left out, and cannot be chosen.
    assert select(graph, [], ["finding:warning"]) == {"queue:a", "queue:b"}
    with pytest.raises(UnknownNameError):
        select(graph, ["finding:warning"])


@pytest.mark.parametrize(
    ("expression", "message", "column", "help"),
    [
        ("", "a selector names something", 0, 'write "*"'),
        ("queue:", "here a name is missing", 6, "METHOD:VALUE"),
        ("a,", "here a name is missing", 2, ""),
        ("a, b", "here a name is missing", 2, ""),
        ("++", "here a name is missing", 1, ""),
        ("3+", "here a name is missing", 2, ""),
        ("x kin:a", "there is no method 'kin'", 2, "did you mean 'kind'?"),
        ("zzzzz:a", "there is no method 'zzzzz'", 0, 'quoted: "zzzzz:..."'),
        ("日本 @a+2", "@ and + at the end", 7, ""),
        ('queue:"a', 'the quote " is not closed', 6, 'a quote inside is ""'),
        ("'a'b", "after the quotes there is more", 3, ""),
        ("9999999999+a", "so many steps", 0, ""),
    ],
)
def test_what_cannot_be_read_is_pointed_at(
    expression: str, message: str, column: int, help: str
) -> None:
    with pytest.raises(SelectorError) as caught:
        parse(expression)
    what, shown, caret = str(caught.value).split("\n")
    assert message in what
    assert shown == f"    {expression}"
    assert caret == " " * (4 + column) + "^"
    assert help in str(caught.value.help)


@pytest.mark.parametrize(
    ("expressions", "exclude", "message", "help"),
    [
        (["queue:emials"], [], "no queue matches 'emials'", "did you mean 'emails'?"),
        (["emails", "shop.ordres.refund"], [], "no node matches", "'shop.orders.refund'?"),
        (["owner:nobody"], [], "no owner matches 'nobody'", "there is growth, checkout"),
        (["finding:error"], [], "no finding matches 'error'", "nothing here has a finding"),
        (["kind:queue,kind:task"], [], "nothing is all of", "a comma asks for both"),
        (["queue:emails"], ["queue:*"], "nothing is left without 'queue:*'", ""),
        ([], ["queue:emials"], "no queue matches 'emials'", "did you mean 'emails'?"),
    ],
)
def test_what_chooses_nothing_is_an_error(
    expressions: list[str], exclude: list[str], message: str, help: str
) -> None:
    with pytest.raises(UnknownNameError) as caught:
        select(shop(), expressions, exclude)
    assert message in str(caught.value)
    assert help in str(caught.value.help)


@pytest.mark.parametrize("quote", ['"', "'"])
def test_every_name_can_be_quoted(quote: str) -> None:
    graph = hostile_graph()
    for name in HOSTILE:
        quoted = quote + name.replace(quote, quote * 2) + quote
        assert select(graph, [f"queue:{quoted}"]) == {f"queue:{name}"}
        assert select(graph, [f"1+worker:{quoted}+1"]) == {
            f"queue:{name}", f"worker:{name}", f"machine:{name}",
        }  # fmt: skip


def test_a_subgraph_is_a_copy_in_the_order_of_the_graph() -> None:
    graph = shop()
    part = subgraph(graph, chosen("+queue:emails"))
    assert list(part) == [node for node in graph if node in TO_MAIL]
    assert nx.utils.graphs_equal(part, nx.MultiDiGraph(graph.subgraph(TO_MAIL)))
    assert part.graph == graph.graph
    part.nodes["queue:emails"]["label"] = "changed"
    assert graph.nodes["queue:emails"]["label"] == "emails"


TERMS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "+", "1+", "2+"]),
    st.sampled_from(["", "queue:", "task:", "kind:", "owner:"]),
    st.sampled_from(["*", "e*", "*s*", "*a*"]),
    st.sampled_from(["", "", "+", "+1", "+2"]),
)


def found(expression: str) -> set[str]:
    try:
        return select(shop(), [expression])
    except UnknownNameError:
        return set()


@given(TERMS, TERMS)
def test_a_space_is_either_and_a_comma_both(one: str, other: str) -> None:
    if not (found(one) and found(other)):
        return
    assert select(shop(), [f"{one} {other}"]) == found(one) | found(other)
    assert select(shop(), [one, other]) == found(one) | found(other)
    assert found(f"{one},{other}") == found(one) & found(other) == found(f"{other},{one}")
    assert found(f"{one},{one}") == found(one)


@given(st.sampled_from(sorted(shop())), st.integers(0, 8))
def test_more_steps_never_choose_less(node: str, depth: int) -> None:
    for near, further, every in (
        (f"{depth}+{node}", f"{depth + 1}+{node}", f"+{node}"),
        (f"{node}+{depth}", f"{node}+{depth + 1}", f"{node}+"),
    ):
        assert {node} <= found(near) <= found(further) <= found(every)
    both = select(shop(), [f"+{node}+"])
    assert both == select(shop(), [f"+{node}"]) | select(shop(), [f"{node}+"])
    assert both <= select(shop(), [f"@{node}"])


@given(st.text(alphabet="ab+@:,\"' *[]019.-", max_size=12))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    terms: list[list[Any]] = []
    refused = None
    try:
        terms = parse(text)
    except SelectorError as error:
        refused = error
    if refused is not None:
        assert str(refused).endswith("^")
        assert refused.help
    assert bool(terms) == (refused is None)
    for term in (one for both in terms for one in both):
        assert term.value
        assert term.method in ("", *METHODS)


def dying(topology: Topology, queue: str) -> set[str] | None:
    """The queues that the broker puts a queue's dead letters into; None where their key is open."""
    declared = topology.queues[queue].dead_letter
    raw = topology.queues[queue].arguments
    if declared is not None:
        exchange, key = declared.exchange, declared.routing_key
    else:
        exchange = raw.get("x-dead-letter-exchange")
        key = raw.get("x-dead-letter-routing-key")
    if not isinstance(exchange, str):
        return set()
    return set(deliver(topology, exchange, key)) if isinstance(key, str) else None


def reached(topology: Topology, task: str) -> set[str] | None:
    """The queues that a task's messages get into, dead or alive, by the router; None if open."""
    done: set[str] = set()
    todo = [*qtopo.route(topology, task).delivered_to]
    while todo:
        queue = todo.pop()
        if queue not in done:
            done.add(queue)
            more = dying(topology, queue)
            if more is None:
                return None
            todo += more
    return done


@st.composite
def with_dead_letters(draw: Any) -> dict[str, Any]:
    data: dict[str, Any] = draw(topologies(("rabbitmq",)))
    data = json.loads(json.dumps(data, default=str))
    names = sorted(data.get("queues", {}))
    exchanges = sorted({*data.get("exchanges", {}), *names})
    for name in names:
        for key in ("dead_letter", "arguments"):
            data["queues"][name].pop(key, None)
        if draw(st.booleans()):
            data["queues"][name]["dead_letter"] = {
                "exchange": draw(st.sampled_from(["", *exchanges])),
                "routing_key": draw(st.sampled_from([*names, "a.b", "x"])),
            }
    return data


@settings(max_examples=150, deadline=None)
@given(st.one_of(topologies(), with_dead_letters()))
def test_messages_get_where_the_router_says(data: dict[str, Any]) -> None:
    topology = Topology.from_data(data)[0]
    graph = qtopo.graph(topology)

    def quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    expected = {task: reached(topology, task) for task in topology.known_tasks()}
    for task, queues in expected.items():
        behind = select(graph, [f"task:{quoted(task)}+"])
        got = {node for node in behind if node.startswith("queue:")}
        first = {f"queue:{one}" for one in qtopo.route(topology, task).delivered_to}
        assert first <= got
        if queues is not None:
            declared = {node for node in got if not graph.nodes[node].get("missing")}
            assert declared == {f"queue:{one}" for one in queues}
    if None in expected.values():
        return
    for queue in topology.queues:
        before = select(graph, [f"+queue:{quoted(queue)}"])
        tasks = {node for node in before if node.startswith("task:")}
        assert tasks == {f"task:{task}" for task, queues in expected.items() if queue in queues}
