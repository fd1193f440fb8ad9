"""Transport options: seconds where kombu wants them, and what the topology requires."""

from __future__ import annotations

from typing import Any

import pytest

from qtopo.compiler.options import DURATIONS
from qtopo.compiler.settings import compile_settings
from qtopo.errors import EmitError
from qtopo.topology.topology import Topology

CELERY = {"celery": {}}


def build(data: dict[str, Any]) -> Topology:
    topology, findings = Topology.from_data(data)
    assert findings == []
    return topology


def compiled(data: dict[str, Any], **options: Any) -> dict[str, Any]:
    return dict(compile_settings(build(data), **options).settings)


def test_broker_options():
    data = {
        "broker": {
            "transport": "redis",
            "options": {
                "visibility_timeout": "2h",
                "global_keyprefix": "5s",
                "socket_timeout": 3,
                "polling_interval": "500ms",
            },
        },
        "queues": CELERY,
    }
    assert compiled(data)["broker_transport_options"] == {
        "visibility_timeout": 7200,
        "global_keyprefix": "5s",
        "socket_timeout": 3,
        "polling_interval": 0.5,
    }
    data["broker"]["options"]["visibility_timeout"] = "soon"
    with pytest.raises(EmitError, match=r"broker\.options\.visibility_timeout is 'soon'"):
        compiled(data)


def test_known_durations_are_options_that_kombu_reads():
    """A name that kombu does not know would be a typo of ours."""
    from pathlib import Path

    import amqp
    import kombu

    sources = [
        *Path(kombu.__file__).parent.rglob("*.py"),
        *Path(amqp.__file__).parent.rglob("*.py"),
    ]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    assert [name for name in sorted(DURATIONS) if name not in text] == []


@pytest.mark.parametrize("queue", [{"type": "quorum"}, {"arguments": {"x-queue-type": "quorum"}}])
def test_quorum_queues_are_confirmed(queue):
    data = {"queues": {"celery": queue}}
    assert compiled(data)["broker_transport_options"] == {"confirm_publish": True}
    data["broker"] = {"options": {"confirm_publish": False}}
    assert compiled(data)["broker_transport_options"] == {"confirm_publish": False}
    assert "broker_transport_options" not in compiled({"queues": CELERY})
