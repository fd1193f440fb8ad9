"""The rule `control-plane-shared`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qtopo.rules.base import Rule
from qtopo.rules.order import plain
from qtopo.topology.finding import At

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

_LOCAL = ("localhost", "127.", "[::1]", "0.0.0.0")  # noqa: S104 - looked for, not bound
_NOWHERE = ("memory", "filesystem")


class ControlPlaneShared(Rule):
    """Two environments use the same broker, and the same names on it.

    ## Why is this bad?

    Workers listen on the exchange for remote control, `celery.pidbox` unless
    `control_exchange` says otherwise, and on the queues of the file. On one broker
    those of two environments are the same: what is sent to one is run by the other,
    and `celery control shutdown` stops both.

    ## Example

    ```toml
    [broker]
    transport = "redis"
    url = "redis://redis.example.com/0"

    [queues.celery]

    [workers.main]
    queues = ["celery"]

    [environments.staging]
    broker = { url = "redis://redis.example.com/0" }
    ```

    ## Use instead

    ```toml
    [broker]
    transport = "redis"
    url = "redis://redis.example.com/0"

    [queues.celery]

    [workers.main]
    queues = ["celery"]

    [environments.staging]
    broker = { url = "redis://redis.example.com/1" }
    ```

    ## Versions

    Any. A URL that is read from a variable (`env:NAME`) may be another one in each
    environment, and is not judged.

    ## Source

    Issues celery#1313, celery#2625.
    """

    name = "control-plane-shared"
    code = "QT906"
    severity = "warning"
    needs = ("broker.url", "settings")

    def check(self, context: Context) -> Iterator[Finding]:
        """Compare the broker of each environment with those before it."""
        topology = context.topology
        if topology.environment is not None:
            # Judged once, with the base.
            return
        seen: dict[tuple[str, Any, Any], tuple[str, At]] = {}
        if topology.broker.url:
            seen[self._key(topology.broker.url, topology.broker.options, topology.settings)] = (
                "the base",
                At(("broker", "url")),
            )
        for name, overlay in sorted(topology.environments.items()):
            broker = overlay.get("broker")
            url = broker.get("url") if isinstance(broker, Mapping) else None
            if not isinstance(broker, Mapping) or not isinstance(url, str):
                continue
            changed = overlay.get("settings")
            options = broker.get("options")
            key = self._key(
                url,
                {**topology.broker.options, **(options if isinstance(options, Mapping) else {})},
                {**topology.settings, **(changed if isinstance(changed, Mapping) else {})},
            )
            at = At(("environments", name, "broker", "url"))
            other = seen.setdefault(key, (f"environment {name!r}", at))
            if other[1] is not at and _certain(url):
                yield self.finding(
                    f"environment {name!r} uses the same broker and the same names as {other[0]}",
                    at,
                    help="give it a virtual host or a database of its own",
                    related=[("the same broker is used here", other[1])],
                )

    def _key(
        self, url: str, options: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> tuple[str, Any, Any]:
        return (
            url.rstrip("/"),
            repr(plain(settings.get("control_exchange"))),
            repr(plain(options.get("global_keyprefix"))),
        )


def _certain(url: str) -> bool:
    """Whether a URL means the same broker wherever it is read."""
    scheme, found, rest = url.partition("://")
    host = rest.rpartition("@")[2]
    return bool(
        found and host and scheme.split("+")[0] not in _NOWHERE and not host.startswith(_LOCAL)
    )
