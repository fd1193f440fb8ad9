"""The exceptions of qtopo: what makes going on impossible.

A problem in the user's file is no exception but a value (`qtopo.diagnostics`);
`TopologyError` carries such values to callers of the Python API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtopo.diagnostics import Diagnostic


class QtopoError(Exception):
    """Root of everything qtopo raises on purpose; its text is for the user.

    `help` says the way out, where there is one.
    """

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help


class UnreadableFileError(QtopoError):
    """A file that was named cannot be read at all (missing, a folder, no permission)."""


class UnknownNameError(QtopoError):
    """The caller named a worker, an environment or a target that does not exist."""


class PluginError(QtopoError):
    """An installed plugin with rules of its own cannot be used."""


class EmitError(QtopoError):
    """The topology cannot be expressed in the chosen target."""


class ProofError(QtopoError):
    """Celery does not do with the emitted settings what qtopo says: a fault of qtopo's."""


class TopologyError(QtopoError):
    """The file holds no topology: its shape is broken.

    `diagnostics` are the problems, each with its place.
    """

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)
