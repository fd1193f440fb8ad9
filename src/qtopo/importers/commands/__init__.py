"""Worker and beat commands: Procfile, compose, supervisor, systemd, Kubernetes, Helm, scripts.

Nothing is run. Each format has one module that gives processes; `launch` finds Celery in
their commands, `options` takes its options apart, `collect` makes tables of them.
"""

from qtopo.importers.commands.reading import read

__all__ = ["read"]
