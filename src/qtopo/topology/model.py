"""How a table of the file is declared: a class per table, a field per key.

    class Exchange(Model):
        type: str = field(EXCHANGE_TYPE, "What it does with a message.", default="direct")

One declaration gives the frozen value that everything else reads, the reader
with its errors, the writer, and the JSON Schema. It is our own because `check`
has to start faster than pydantic's import (docs/decisions/0001).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qtopo.topology.finding import Path
    from qtopo.topology.shape import Reader

INVALID: Any = type("Invalid", (), {"__repr__": lambda _: "INVALID"})()
"""What reading gives for a value that was reported; its field keeps the default."""

_REQUIRED: Any = object()
_new = object.__new__


class Kind(Protocol):
    """What a key takes: how it is read, written and described."""

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        """Return the model's value, or report the problem and return INVALID."""

    def write(self, value: Any) -> Any:
        """Return what TOML holds for a value that `read` gave."""

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return the JSON Schema; named parts go into `definitions`."""


class Field:
    """One key of a table: its kind, its description, its default.

    `kind` is None for the name a table stands under, which is no key of it.
    """

    __slots__ = ("default", "doc", "kind", "set")

    set: Callable[[Any, Any], None]

    def __init__(self, kind: Kind | None, doc: str, default: Any) -> None:
        self.kind = kind
        self.doc = doc
        self.default = default

    @property
    def required(self) -> bool:
        """Whether a table without this key is incomplete."""
        return self.default is _REQUIRED

    @property
    def blank(self) -> Any:
        """What stands for it where it could not be read: what its kind has for that, or None."""
        if not self.required:
            return self.default
        make = getattr(self.kind, "blank", None)
        return None if make is None else make()


def field(kind: Kind, doc: str, *, default: Any = _REQUIRED) -> Any:
    """Declare a key; without a default the table must have it."""
    return Field(kind, doc, default)


def name_field() -> Any:
    """Declare that the value knows the name its table stands under."""
    return Field(None, "The name it is declared under.", "")


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(field, name_field)
)
class ModelMeta(type):
    """Turns the fields of a class into slots, and keeps their table in `FIELDS`."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> ModelMeta:
        """Make the class."""
        own = {key: value for key, value in namespace.items() if isinstance(value, Field)}
        for key in own:
            del namespace[key]
        namespace["__slots__"] = (*own, *namespace.get("__slots__", ()))
        cls = super().__new__(mcs, name, bases, namespace)
        fields: dict[str, Field] = {}
        for base in bases:
            fields.update(getattr(base, "FIELDS", {}))
        for key, declared in own.items():
            declared.set = cls.__dict__[key].__set__
            fields[key] = declared
        keys = {key: one for key, one in fields.items() if one.kind is not None}
        cls.FIELDS = MappingProxyType(fields)  # type: ignore[attr-defined]
        cls.KEYS = MappingProxyType(keys)  # type: ignore[attr-defined]
        # Worked out once: files hold a hundred thousand tables.
        cls._blanks = tuple((one.set, one.blank) for one in fields.values())  # type: ignore[attr-defined]
        cls._needed = tuple(key for key, one in keys.items() if one.required)  # type: ignore[attr-defined]
        cls._named = len(keys) < len(fields)  # type: ignore[attr-defined]
        return cls


class Model(metaclass=ModelMeta):
    """A frozen value with the keys of one table.

    `EXCLUSIVE` lists keys with the keys that each of them excludes; `ONE_OF` lists keys
    of which exactly one must be given.
    """

    FIELDS: ClassVar[Mapping[str, Field]]
    KEYS: ClassVar[Mapping[str, Field]]
    EXCLUSIVE: ClassVar[tuple[tuple[str, tuple[str, ...]], ...]] = ()
    ONE_OF: ClassVar[tuple[str, ...]] = ()
    _blanks: ClassVar[tuple[tuple[Callable[[Any, Any], None], Any], ...]]
    _needed: ClassVar[tuple[str, ...]]
    _named: ClassVar[bool]

    def __init__(self, **values: Any) -> None:
        for key, declared in self.FIELDS.items():
            value = values.pop(key, declared.default)
            if value is _REQUIRED:
                raise TypeError(f"{type(self).__name__} needs {key!r}")
            declared.set(self, value)
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(values))}")

    def __setattr__(self, key: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: replace() gives a changed copy")

    __delattr__ = None  # type: ignore[assignment]

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        values = {key: getattr(self, key) for key in self.FIELDS}
        return type(self)(**{**values, **changes})

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, key) == getattr(other, key) for key in self.FIELDS)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        given = (
            f"{key}={getattr(self, key)!r}"
            for key, declared in self.FIELDS.items()
            if getattr(self, key) != declared.default
        )
        return f"{type(self).__name__}({', '.join(given)})"

    @classmethod
    def read(cls, data: Any, path: Path, reader: Reader) -> Self:
        """Read a table; what is broken is reported and left at its default.

        Always gives a value, so that what refers to this table by name still
        finds it. A required key that is missing or broken is None, a list `()`.
        """
        self = cls.blank()
        keys = cls.KEYS
        for key, given in data.items():
            declared = keys.get(key)
            if declared is None:
                cls._unknown(key, path, reader, data)
                continue
            value = declared.kind.read(given, (*path, key), reader)  # type: ignore[union-attr]
            if value is not INVALID:
                declared.set(self, value)
        for key in cls._needed:
            if key not in data:
                reader.add(
                    "missing-key",
                    path,
                    f"{describe(path)} needs {key!r}",
                    help=keys[key].doc,
                    part="table",
                )
        if cls._named:
            cls.FIELDS["name"].set(self, path[-1])
        if cls.EXCLUSIVE or cls.ONE_OF:
            cls._exclude(data, path, reader)
        return self

    @classmethod
    def complete(cls, data: Mapping[str, Any]) -> bool:
        """Whether a table has every key it needs."""
        return all(key in data for key in cls._needed) and (
            not cls.ONE_OF or any(key in data for key in cls.ONE_OF)
        )

    @classmethod
    def kinds(cls) -> Mapping[str, Kind]:
        """Return what each key takes."""
        return {key: one.kind for key, one in cls.KEYS.items() if one.kind is not None}

    @classmethod
    def blank(cls) -> Self:
        """Return a value with every field at its default; see `Field.blank`."""
        self = _new(cls)
        for put, default in cls._blanks:
            put(self, default)
        return self

    @classmethod
    def _unknown(cls, key: str, path: Path, reader: Reader, data: Mapping[str, Any]) -> None:
        from qtopo.topology.corrections import meant_word
        from qtopo.topology.finding import rename
        from qtopo.topology.suggest import did_you_mean

        hint = did_you_mean(key, [known for known in cls.KEYS if known not in path[-1:]])
        keys = ", ".join(cls.KEYS)
        new = meant_word(key, cls.KEYS)
        reader.add(
            "unknown-key",
            (*path, key),
            f"unknown key {key!r} in {describe(path)}",
            help=hint or f"it takes {keys}",
            part="key",
            fix=None if new is None or new in data else rename((*path, key), new),
        )

    @classmethod
    def _exclude(cls, data: Any, path: Path, reader: Reader) -> None:
        for key, others in cls.EXCLUSIVE:
            clashing = [
                repr(one) for one in others if data.get(key, False) is not False and one in data
            ]
            if clashing:
                reader.add(
                    "conflicting-keys",
                    (*path, key),
                    f"{describe(path)} has both {key!r} and {' and '.join(clashing)}, "
                    f"which exclude each other",
                    help=f"keep {key!r} or {' and '.join(clashing)}",
                    part="key",
                )
        if cls.ONE_OF:
            given = [key for key in cls.ONE_OF if key in data]
            choice = ", ".join(cls.ONE_OF[:-1]) + " or " + cls.ONE_OF[-1]
            if not given:
                reader.add(
                    "missing-key", path, f"{describe(path)} needs one of {choice}", part="table"
                )
            for extra in given[1:]:
                reader.add(
                    "conflicting-keys",
                    (*path, extra),
                    f"{describe(path)} has both {given[0]!r} and {extra!r}: "
                    f"it takes one of {choice}",
                    part="key",
                )

    def write(self) -> dict[str, Any]:
        """Return the table as TOML holds it, keys at their default left out."""
        table = {}
        for key, declared in self.KEYS.items():
            value = getattr(self, key)
            if declared.kind is not None and value != declared.default:
                table[key] = declared.kind.write(value)
        return table


def describe(path: Path) -> str:
    """Return a key path for a sentence: `routes[0].queue`, or `the file` for the root."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("-", "").replace("_", "").isalnum():
            text += f".{part}" if text else part
        else:
            text += f".{part!r}" if text else repr(part)
    return text or "the file"


TYPES = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
}


def type_name(value: object) -> str:
    """Return a TOML value's type in words."""
    return TYPES.get(type(value), "a date or time")


def wrong_type(
    wanted: str, value: object, path: Path, reader: Reader, kind: Kind | None = None
) -> Any:
    """Report a value of another type than `wanted`; returns INVALID.

    `kind` is what it was read as: it may be right but for its quotes or brackets.
    """
    fix = None
    if kind is not None and reader.mends:
        from qtopo.topology.corrections import rewritten, seconds

        fix = rewritten(value, kind, path) or seconds(value, kind, path)
    reader.add(
        "wrong-type", path, f"{describe(path)} takes {wanted}, not {type_name(value)}", fix=fix
    )
    return INVALID
