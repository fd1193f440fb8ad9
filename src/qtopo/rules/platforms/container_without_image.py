"""The rule `container-without-image`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


CONTAINERS = ("compose", "kubernetes")


class ContainerWithoutImage(Rule):
    """Processes run in containers, and the file names no image.

    ## Why is this bad?

    compose and Kubernetes start containers of an image. Without its name `qtopo emit`
    cannot write their files.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    shutdown = { drain = "5m" }

    [deploy]
    targets = ["kubernetes"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    shutdown = { drain = "5m" }

    [deploy]
    targets = ["kubernetes"]
    image = "registry.example.com/shop:1.4"
    ```

    ## Versions

    Any.

    ## Source

    Read in the compose specification and the reference of Kubernetes.
    """

    name = "container-without-image"
    code = "QT986"
    severity = "warning"
    needs = ("deploy.targets", "deploy.image")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the image."""
        deploy = context.topology.deploy
        if deploy is None or deploy.image:
            return
        for at, platform in enumerate(deploy.targets):
            if platform in CONTAINERS:
                yield self.finding(
                    f"{platform} runs containers, and the file names no image",
                    ("deploy", "targets", at),
                    help='say it: image = "registry.example.com/shop:1.4" in [deploy]',
                )
                return
