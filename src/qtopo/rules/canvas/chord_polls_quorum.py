"""The rule `chord-polls-quorum`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.placement import PLACING, place
from qtopo.rules.rabbitmq import quorum_queues
from qtopo.topology.backends import POLLS, chords_of
from qtopo.topology.workflows import Canvas, canvases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding, Path
    from qtopo.topology.topology import Topology

SETTING = "result_chord_retry_interval"


class ChordPollsQuorum(Rule):
    """A chord asks for its results more often than Celery can delay a task here.

    ## Why is this bad?

    With this result backend `celery.chord_unlock` looks whether the header is done,
    and if not sends itself again with a countdown of `result_chord_retry_interval`.
    With a quorum queue anywhere Celery lets RabbitMQ hold delayed tasks, in whole
    seconds: less than one raises `ValueError`, and the chord's body never runs.

    ## Example

    ```toml
    [settings]
    result_chord_retry_interval = 0.5

    [results]
    backend = "database"

    [exchanges.tasks]
    type = "topic"

    [queues.celery]
    type = "quorum"
    exchange = "tasks"
    routing_key = "celery"

    [workflows.checkout]
    chord = { header = ["shop.charge", "shop.reserve"], body = "shop.confirm" }

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    ```toml
    [settings]
    result_chord_retry_interval = 1.0

    [results]
    backend = "database"

    [exchanges.tasks]
    type = "topic"

    [queues.celery]
    type = "quorum"
    exchange = "tasks"
    routing_key = "celery"

    [workflows.checkout]
    chord = { header = ["shop.charge", "shop.reserve"], body = "shop.confirm" }

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    RabbitMQ with quorum queues; result backends that count no chords of their own.

    ## Source

    Measured on Celery 5.7.0: a countdown of less than a second raises `ValueError`.
    """

    name = "chord-polls-quorum"
    code = "QT721"
    severity = "error"
    needs = (*PLACING, "settings", "results", "queues.*.type", "workflows.*")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the interval, where a chord polls through a queue that RabbitMQ delays for."""
        topology = context.topology
        seconds = topology.settings.get(SETTING)
        if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
            return
        if not 0 < seconds < 1 or chords_of(topology.results) != POLLS:
            return
        quorum = quorum_queues(context)
        if not quorum:
            return
        for path, words, body in _bodies(topology):
            placement = place(context, body)
            if placement is None or placement.sent.exchange_type == "direct":
                # To a direct exchange the delay is the worker's to wait for.
                continue
            if topology.queues[placement.sent.queue].bindings:
                continue
            yield self.finding(
                f"{words} is looked at every {seconds:g} s, and with a quorum queue Celery can "
                "delay a task for whole seconds only: its body never runs",
                ("settings", SETTING),
                help="set it to whole seconds",
                related=[
                    ("the chord is here", path),
                    ("this quorum queue brings it about", ("queues", quorum[0])),
                ],
            )
            return


def _bodies(topology: Topology) -> Iterator[tuple[Path, str, str]]:
    """Yield the chords, what a sentence calls them, and the task that is their body."""
    for name, workflow in topology.workflows.items():
        for path, canvas in canvases(workflow, ("workflows", name)):
            if canvas.chord is not None and isinstance(canvas.chord.body, str):
                yield (*path, "chord"), f"the chord of workflow {name!r}", canvas.chord.body
            steps = canvas.chain or ()
            for index, step in enumerate(steps[:-1]):
                following = steps[index + 1]
                if isinstance(step, Canvas) and step.group and isinstance(following, str):
                    words = f"the group before another step of workflow {name!r}"
                    yield (*path, "chain", index, "group"), words, following
