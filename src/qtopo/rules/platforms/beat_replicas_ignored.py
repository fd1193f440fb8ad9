"""The rule `beat-replicas-ignored`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.beat.schedulers import DJANGO, PERSISTENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class BeatReplicasIgnored(Rule):
    """Several replicas of beat are wanted of platforms that start one.

    ## Why is this bad?

    On one machine a second beat helps nobody, and Kubernetes is told one too: each
    target starts beat once, whatever `replicas` says. With a scheduler that takes a lock,
    others may stand by on other machines; that is for those who set up the machines.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]

    [beat]
    scheduler = "redbeat"
    replicas = 2

    [deploy]
    targets = ["systemd"]
    bin = "/srv/bin"
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]

    [beat]
    scheduler = "redbeat"

    [deploy]
    targets = ["systemd"]
    bin = "/srv/bin"
    ```

    ## Versions

    Any.

    ## Source

    Read in the sources of qtopo's targets.
    """

    name = "beat-replicas-ignored"
    code = "QT988"
    severity = "warning"
    needs = ("deploy.targets", "beat.scheduler")

    def check(self, context: Context) -> Iterator[Finding]:
        """Count the replicas."""
        deploy, beat = context.topology.deploy, context.topology.beat
        if deploy is None or not deploy.targets or beat is None or beat.replicas is None:
            return
        if beat.replicas > 1 and beat.scheduler not in (*PERSISTENT, *DJANGO):
            yield self.finding(
                f"{beat.replicas} replicas of beat are wanted, and each platform in use starts one",
                ("beat", "replicas"),
                help="leave it out, and start the platform's files on a second machine",
                related=[("the platforms in use", ("deploy", "targets"))],
            )
