"""The rule `secret-in-environment`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qtopo.rules.base import Rule
from qtopo.topology.common import url_password

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding

_NAMES = re.compile(
    r"(^|_)(passw(or)?d|pwd|passphrase|secret|token|(access|api|private|secret)_?key)$",
    re.IGNORECASE,
)
_HARMLESS = ("", "true", "false", "none", "null")


class SecretInEnvironment(Rule):
    """A password or another secret stands in a worker's environment.

    ## Why is this bad?

    The file is meant to be read, reviewed and kept in version control, and so are the
    unit files, manifests and commands that are made of it. A process inherits what its
    supervisor gives it: a secret belongs there, from a store of secrets.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    env = { SMTP_PASSWORD = "hunter2" }
    ```

    ## Use instead

    Give the process `SMTP_PASSWORD` where it is started, or name a file that holds it.

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]
    env = { SMTP_PASSWORD_FILE = "/run/secrets/smtp" }
    ```

    ## Versions

    Any.

    ## Source

    The Twelve-Factor App, "Config".
    """

    name = "secret-in-environment"
    code = "QT905"
    severity = "error"

    def check(self, context: Context) -> Iterator[Finding]:
        """Look at the variables of each worker: their names, and URLs with a password."""
        for name, worker in context.topology.workers.items():
            for variable, value in worker.env.items():
                what = _secret(variable, value)
                if what:
                    yield self.finding(
                        f"{variable} of worker {name!r} holds {what}",
                        ("workers", name, "env", variable),
                        help="keep it out of the file: the process inherits it where it is started",
                    )


def _secret(variable: str, value: str) -> str | None:
    if "://" in value:
        return "a URL with a password" if url_password(value) else None
    # What is filled in later, or a path to a file, is none.
    if value.strip().lower() in _HARMLESS or value.startswith(("$", "/", "env:", "{{", "%(")):
        return None
    return "a secret" if _NAMES.search(variable) else None
