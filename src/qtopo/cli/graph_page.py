"""What a page of the graph knows besides the graph: why tasks go where they go, and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtopo.graph.page.facts import DOTS, hidden, safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from networkx import MultiDiGraph

    from qtopo.compiler.processes import Process
    from qtopo.topology.topology import Topology

_MOST_TASKS = 5_000
"""Of more tasks nobody opens a page: their explanations would take longer than all else."""
_MOST_COMMANDS = 20


def tell(graph: MultiDiGraph, topology: Topology) -> None:
    """Put `explanations` and `commands` on a graph, as `qtopo.graph.page.html` reads them."""
    graph.graph["explanations"] = _explanations(topology)
    graph.graph["commands"] = _commands(graph, topology)


def _explanations(topology: Topology) -> dict[str, list[tuple[str, str, str]]]:
    from qtopo.cli.ways.steps import lines
    from qtopo.routing.route import route
    from qtopo.topology.model import describe

    known = list(topology.known_tasks())
    if len(known) > _MOST_TASKS:
        return {}
    found = {}
    for task in known:
        # Of the exchange's other bindings the picture tells.
        steps = lines(topology, route(topology, task), None, explain=True, bindings=False)
        found[f"task:{task}"] = [
            (
                one.label,
                safe(one.text),
                one.origin or (describe(one.path) if one.path else ""),
            )
            for one in steps
        ]
    return found


def _commands(graph: MultiDiGraph, topology: Topology) -> dict[str, dict[str, Any]]:
    from qtopo import api
    from qtopo.compiler.processes import BEAT

    entries = [node for node, data in graph.nodes(data=True) if data["kind"] == "beat"]
    found = {}
    for process in api.worker_processes(topology):
        said = _command(process, topology)
        nodes = entries if process.kind == BEAT else [f"worker:{process.name}"]
        found.update(dict.fromkeys(nodes, said))
    return found


def _command(process: Process, topology: Topology) -> dict[str, Any]:
    """Return the lines to start a process; what the file puts in its `env` is only named.

    A page is for many readers, and variables hold passwords.
    """
    from qtopo.compiler.processes import WORKER
    from qtopo.compiler.shell import shell_line

    own = topology.workers[process.name].env if process.kind == WORKER else {}
    commands = process.commands()
    lines = [
        shell_line(
            list(_words(one.argv)),
            {name: value for name, value in one.env.items() if name not in own},
        )
        for one in commands[:_MOST_COMMANDS]
    ]
    return {"lines": lines, "more": len(commands) - len(lines), "needs": list(own)}


def _words(argv: Iterable[str]) -> Iterator[str]:
    """Yield arguments with their secrets hidden, also where the option is a word of its own."""
    before = ""
    for word in argv:
        name, equals, value = word.partition("=")
        if equals and not value:
            yield word
        elif equals and hidden(name, value) == DOTS:
            yield f"{name}={DOTS}"
        elif before.startswith("--") and hidden(before, word) == DOTS:
            yield DOTS
        else:
            yield safe(word)
        before = "" if equals else word
