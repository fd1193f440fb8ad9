"""The rule `secret-in-setting`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.rules.settings.secrets import secrets
from qtopo.topology.model import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class SecretInSetting(Rule):
    """A password or another secret stands in the file.

    ## Why is this bad?

    The file is meant to be read, reviewed and kept in version control, and so is
    what is compiled from it. A secret in it is known to everyone who can read
    either, for as long as their history is kept.

    ## Example

    ```toml
    [settings]
    redis_password = "hunter2"

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Use instead

    Set it where the application starts, from its environment:
    `app.conf.redis_password = os.environ["REDIS_PASSWORD"]`.

    ```toml
    [settings]
    redis_port = 6380

    [queues.celery]

    [workers.main]
    queues = ["celery"]
    ```

    ## Versions

    Any.

    ## Source

    A contradiction in the file itself: no broker is asked.
    """

    name = "secret-in-setting"
    code = "QT153"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look through settings and broker options, lists and tables inside them included."""
        for path, what in secrets(context).items():
            yield self.finding(
                f"{describe(path)} holds {what}",
                path,
                help="keep it out of the file: the application can set it from its environment",
            )
