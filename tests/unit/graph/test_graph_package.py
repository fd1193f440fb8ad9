"""`qtopo.graph` is a package and a function, whatever was imported first."""

from __future__ import annotations

import subprocess
import sys

import pytest

from qtopo.topology.topology import Topology

CALL = "qtopo.graph(Topology.from_data({'queues': {'q': {}}})[0]).number_of_nodes()"


@pytest.mark.parametrize(
    "imports",
    [
        "import qtopo",
        "import qtopo.graph",
        "import qtopo.graph.build; import qtopo",
        "import qtopo; qtopo.graph; import qtopo.graph.dot",
        "from qtopo import graph; import qtopo.graph.text; assert graph is qtopo.graph",
        "from qtopo.graph.build import graph; import qtopo",
        "import qtopo.cli.graph; import qtopo",
    ],
)
def test_it_can_be_called(imports: str) -> None:
    code = f"{imports}\nfrom qtopo.topology.topology import Topology\nprint({CALL})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_importing_it_does_not_import_networkx() -> None:
    code = "import sys, qtopo.graph, qtopo.graph.drawings\nprint('networkx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_it_is_the_function() -> None:
    import networkx as nx

    import qtopo
    from qtopo.graph.build import graph

    topology, _ = Topology.from_data({"queues": {"q": {}}})
    assert nx.utils.graphs_equal(qtopo.graph(topology), graph(topology))
