"""The rule `deploy-key-unread`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


READERS = {
    "group": frozenset({"systemd", "compose", "kubernetes"}),
    "env_file": frozenset({"systemd", "compose"}),
    "image": frozenset({"compose", "kubernetes"}),
    "namespace": frozenset({"kubernetes"}),
    "secret": frozenset({"kubernetes"}),
    "logs": frozenset({"supervisor"}),
}


class DeployKeyUnread(Rule):
    """A key of `[deploy]` is for platforms that are not in use.

    ## Why is this bad?

    The key says nothing to the platforms that `targets` lists: what it was written for,
    such as secrets in a file of variables, does not happen there.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    shutdown = { drain = "5m" }

    [deploy]
    targets = ["supervisor"]
    env_file = "/etc/shop.env"
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]

    [deploy]
    targets = ["systemd"]
    bin = "/srv/shop/.venv/bin"
    env_file = "/etc/shop.env"
    ```

    ## Versions

    Any.

    ## Source

    Read in the sources of qtopo's targets.
    """

    name = "deploy-key-unread"
    code = "QT987"
    severity = "warning"
    needs = ("deploy.targets",)

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for a platform that reads each key."""
        deploy = context.topology.deploy
        if deploy is None or not deploy.targets:
            return
        for key, readers in READERS.items():
            if key == "namespace" and deploy.rabbitmq_cluster is not None:
                # The cluster's operator has its resources in it, whatever starts the processes.
                continue
            if getattr(deploy, key) is not None and not readers.intersection(deploy.targets):
                words = "reads" if len(readers) == 1 else "read"
                names = " and ".join(sorted(readers))
                yield self.finding(
                    f"{key!r} has no effect: {names} alone {words} it, "
                    f"and the platforms in use are {', '.join(deploy.targets)}",
                    ("deploy", key),
                    help="leave it out, or add the platform to 'targets'",
                )
