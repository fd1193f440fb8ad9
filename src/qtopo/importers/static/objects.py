"""What names in a source file can stand for besides values of settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast


@dataclass(frozen=True)
class Ref:
    """Something imported that is not followed, by its dotted name: `kombu.Queue`."""

    name: str


@dataclass(frozen=True)
class Reader(Ref):
    """An object that reads the environment; `scheme` says types and defaults by variable."""

    scheme: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass
class Scope:
    """The names of a module or class: what they are, and where each was given."""

    file: str
    names: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    title: str = ""

    def set(self, name: str, value: Any, where: str) -> None:
        """Give a name a value."""
        self.names[name] = value
        self.places[name] = where
        self.doubts.pop(name, None)


@dataclass
class Function:
    """A function of the file; only one that returns a single expression can be computed."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    name: str
    text: str = ""


@dataclass
class Application:
    """A Celery application that the file makes: what it is given, and its namespace."""

    conf: Scope
    namespace: str | None = None
    sources: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Conf:
    """`app.conf` of an application."""

    application: Application


@dataclass(frozen=True)
class Method:
    """A method that was looked up on a value: what it is called on, and its name."""

    owner: Any
    name: str


SIMPLE = (str, int, float, bool, type(None))
