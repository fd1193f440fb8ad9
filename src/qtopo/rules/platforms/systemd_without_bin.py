"""The rule `systemd-without-bin`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.rules.base import Context
    from qtopo.topology.finding import Finding


class SystemdWithoutBin(Rule):
    """A unit of systemd needs the whole path of `celery`, and the file does not give it.

    ## Why is this bad?

    systemd looks for a bare program name in the folders of the system alone, where no
    virtual environment is, and reads no file by a path that is not whole. `qtopo emit`
    cannot write the units.

    ## Example

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]

    [deploy]
    targets = ["systemd"]
    ```

    ## Use instead

    ```toml
    [queues.celery]

    [workers.main]
    queues = ["celery"]

    [deploy]
    targets = ["systemd"]
    bin = "/srv/shop/.venv/bin"
    ```

    ## Versions

    Any.

    ## Source

    Read in the manual pages of systemd 252: systemd.service and systemd.exec.
    """

    name = "systemd-without-bin"
    code = "QT985"
    severity = "warning"
    needs = ("deploy.targets", "deploy.bin", "deploy.directory")

    def check(self, context: Context) -> Iterator[Finding]:
        """Look for the folder of the programs, and for the whole path of the variables."""
        deploy = context.topology.deploy
        if deploy is None or "systemd" not in deploy.targets:
            return
        at = ("deploy", "targets", deploy.targets.index("systemd"))
        if deploy.bin is None:
            yield self.finding(
                "systemd starts a program by its whole path, and the file does not say where "
                "celery is",
                at,
                help='say it: bin = "/srv/shop/.venv/bin" in [deploy]',
            )
        if deploy.env_file and not deploy.env_file.startswith("/") and deploy.directory is None:
            yield self.finding(
                f"systemd reads a file by its whole path, which {deploy.env_file!r} is not",
                ("deploy", "env_file"),
                help="write the whole path, or say the directory that it is in with 'directory'",
                related=[("the platform is in use", at)],
            )
