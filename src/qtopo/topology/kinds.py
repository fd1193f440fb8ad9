"""What a key can take: the kinds of value of the file, each with its errors."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qtopo.topology.model import INVALID, Model, describe, type_name, wrong_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qtopo.topology.finding import Fix, Path
    from qtopo.topology.model import Kind
    from qtopo.topology.shape import Reader

INT64 = 2**63


def _one_of(word: str, options: tuple[str, ...], path: Path) -> Fix | None:
    """Return the fix that writes the word that was meant."""
    from qtopo.topology.corrections import meant_word
    from qtopo.topology.finding import put

    found = meant_word(word, options)
    return None if found is None else put(path, found)


def printable(text: str) -> bool:
    """Whether a text has no control characters and no lone surrogates."""
    return text.isprintable() or not any(
        character < " "
        or "\x7f" <= character < "\xa0"
        or "\ud800" <= character < "\ue000"
        or character in "\u2028\u2029"
        for character in text
    )


class Text:
    """A string. `single_line` refuses control characters; `options` limits it to a few words.

    `form` is what the JSON Schema says of it, where `check` decides.
    """

    def __init__(
        self,
        what: str = "a string",
        *,
        options: tuple[str, ...] = (),
        single_line: bool = True,
        empty: bool = True,
        check: Callable[[str], str | None] | None = None,
        form: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        self.what = what
        self.options = options
        self.form = form
        self.single_line = single_line
        self.empty = empty
        self.check = check

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        """Return the string."""
        if type(value) is not str:
            return wrong_type(self.what, value, path, reader, self)
        if self.options and value not in self.options:
            from qtopo.topology.suggest import did_you_mean

            reader.add(
                "invalid-value",
                path,
                f"{describe(path)} cannot be {value!r}",
                help=did_you_mean(value, self.options) or f"it is one of {', '.join(self.options)}",
                fix=_one_of(value, self.options, path) if reader.mends else None,
            )
            return INVALID
        problem = None
        if not value and not self.empty:
            problem = "is empty"
        elif self.single_line and not printable(value):
            problem = f"holds a control character: {value!r}"
        elif self.check is not None:
            problem = self.check(value)
        if problem is not None:
            reader.add("invalid-value", path, f"{describe(path)} {problem}")
            return INVALID
        return value

    def write(self, value: str) -> str:
        """Return the string."""
        return value

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Return a string schema."""
        if self.options:
            return {"type": "string", "enum": list(self.options)}
        schema: dict[str, Any] = {"type": "string"}
        if not self.empty:
            schema["minLength"] = 1
        if self.single_line:
            from qtopo.topology.schema import LINE

            schema["pattern"] = LINE
        return {**schema, **(self.form() if self.form else {})}


class Flag:
    """true or false."""

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        """Return the bool."""
        if type(value) is bool:
            return value
        return wrong_type("true or false", value, path, reader, self)

    def write(self, value: bool) -> bool:
        """Return the bool."""
        return value

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Return a boolean schema."""
        return {"type": "boolean"}


class Number:
    """A number from `least` to `most`; a whole one unless `fraction`."""

    def __init__(
        self, least: float = 0, most: float = INT64 - 1, *, fraction: bool = False
    ) -> None:
        self.least = least
        self.most = most
        self.fraction = fraction

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        """Return the int or float."""
        if type(value) is not int and not (self.fraction and type(value) is float):
            return wrong_type(
                "a number" if self.fraction else "a whole number", value, path, reader, self
            )
        # Written so that nan, which compares false with everything, is refused too.
        if not self.least <= value <= self.most:
            shown = value if abs(value) < INT64 or value != value else "that"
            limit = f"at least {self.least}" if value < self.least else f"at most {self.most}"
            if value != value:
                limit = "a number"
            reader.add("invalid-value", path, f"{describe(path)} cannot be {shown}: it is {limit}")
            return INVALID
        return float(value) if self.fraction else value

    def write(self, value: float) -> float:
        """Return the number."""
        return value

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Return a number schema with its range."""
        schema: dict[str, Any] = {"type": "number" if self.fraction else "integer"}
        return {**schema, "minimum": self.least, "maximum": self.most}


class Quantity:
    """A string with a unit (`qtopo.topology.units`), held as a plain number or text."""

    def __init__(
        self,
        what: str,
        parse: Callable[[str], Any],
        format: Callable[[Any], str],
        examples: tuple[str, ...],
        pattern: Callable[[bool], str],
        *,
        positive: bool = False,
    ) -> None:
        self.what = what
        self.parse = parse
        self.pattern = pattern
        self.format = format
        self.examples = examples
        self.positive = positive

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        """Return what the parser gives."""
        if type(value) is not str:
            reader.add(
                "wrong-type",
                path,
                f"{describe(path)} takes {self.what}, not {type_name(value)}",
                help=f'write it with a unit, such as "{self.examples[0]}"',
                fix=self._mended(value, path, reader),
            )
            return INVALID
        try:
            quantity = self.parse(value)
        except ValueError as error:
            fix = self._mended(value, path, reader)
            reader.add("invalid-unit", path, f"{describe(path)} is {value!r}: {error}", fix=fix)
            return INVALID
        if self.positive and not quantity:
            reader.add(
                "invalid-value", path, f"{describe(path)} cannot be {value!r}: it is more than 0"
            )
            return INVALID
        return quantity

    def _mended(self, value: Any, path: Path, reader: Reader) -> Fix | None:
        from qtopo.topology.corrections import rewritten, seconds

        if not reader.mends:
            return None
        return rewritten(value, self, path) or seconds(value, self, path)

    def write(self, value: Any) -> str:
        """Return the quantity with its unit."""
        return self.format(value)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Return a string schema with its pattern and examples."""
        pattern = self.pattern(self.positive)
        return {"type": "string", "pattern": pattern, "examples": list(self.examples)}


class Items:
    """A list of one kind of value, held as a tuple."""

    def __init__(self, item: Kind, what: str = "a list", *, least: int = 0) -> None:
        self.item = item
        self.what = what
        self.least = least

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        """Return the items that could be read."""
        if type(value) is not list:
            return wrong_type(self.what, value, path, reader, self)
        if len(value) < self.least:
            reader.add(
                "invalid-value", path, f"{describe(path)} is empty: it needs at least one item"
            )
            return INVALID
        read = self.item.read
        items = [read(one, (*path, index), reader) for index, one in enumerate(value)]
        # A broken item leaves a blank, so that the others keep their index.
        return tuple(blank(self.item) if one is INVALID else one for one in items)

    def blank(self) -> Any:
        """Return a list without items."""
        return ()

    def write(self, value: tuple[Any, ...]) -> list[Any]:
        """Return a list."""
        return [self.item.write(one) for one in value]

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return an array schema."""
        schema: dict[str, Any] = {"type": "array", "items": self.item.schema(definitions)}
        if self.least:
            schema["minItems"] = self.least
        return schema


class Named:
    """A table of values by name, in the order of the file."""

    def __init__(
        self,
        item: Kind,
        *,
        check: Callable[[str], str | None] | None = None,
        names: str | None = None,
    ) -> None:
        self.item = item
        self.names = names
        self.check = check or name_problem

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        """Return an immutable mapping."""
        if type(value) is not dict:
            return wrong_type("a table", value, path, reader)
        read, check = self.item.read, self.check
        found = {}
        for name, one in value.items():
            problem = check(name)
            if problem is not None:
                reader.add(
                    "invalid-name",
                    (*path, name),
                    f"{describe(path)}: the name {name!r} {problem}",
                    part="key",
                )
            item = read(one, (*path, name), reader)
            # A name counts as declared even where what it declares is broken.
            found[name] = blank(self.item) if item is INVALID else item
        return MappingProxyType(found)

    def write(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return a table."""
        return {name: self.item.write(one) for name, one in value.items()}

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return an object schema; `names` is the pattern of a name, where it is not any line."""
        from qtopo.topology.schema import LINE

        return {
            "type": "object",
            "propertyNames": {"minLength": 1, "pattern": self.names or LINE},
            "additionalProperties": self.item.schema(definitions),
        }


class Table:
    """A table of a fixed shape. `shorthand` is the key that a bare value stands for."""

    def __init__(
        self, model: Callable[[], type[Model]] | type[Model], shorthand: str | None = None
    ):
        self._model = model
        self.shorthand = shorthand

    @property
    def model(self) -> type[Model]:
        """The class of the value; resolved late, since tables may hold themselves."""
        return self._model if isinstance(self._model, type) else self._model()

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        """Return the model; also where keys of it are broken."""
        if type(value) is not dict:
            if self.shorthand is not None and type(value) is not list:
                short = self._short().read(value, path, reader)
                return short if short is INVALID else self.model(**{self.shorthand: short})
            return wrong_type("a table", value, path, reader)
        return self.model.read(value, path, reader)

    def blank(self) -> Model:
        """Return a table without keys."""
        return self.model.blank()

    def write(self, value: Model) -> Any:
        """Return a table, or the bare value where the shorthand says all."""
        table = value.write()
        return table[str(self.shorthand)] if list(table) == [self.shorthand] else table

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return a reference; the model's own schema goes into `definitions`."""
        model = self.model
        name = model.__name__
        if name not in definitions:
            from qtopo.topology.schema import model_schema

            definitions[name] = {}
            definitions[name] = model_schema(model, definitions)
        reference = {"$ref": f"#/$defs/{name}"}
        if self.shorthand is None:
            return reference
        return {"anyOf": [self._short().schema(definitions), reference]}

    def _short(self) -> Kind:
        """The kind of the bare value."""
        return self.model.kinds()[self.shorthand or ""]


class OneOf:
    """Values of several types: the first kind is for the types named with it."""

    def __init__(self, what: str, kinds: Mapping[type, Kind], pick: Callable[[Any], type]) -> None:
        self.what = what
        self.kinds = kinds
        self.pick = pick

    def read(self, value: Any, path: Path, reader: Reader) -> Any:
        """Read with the kind of the value's TOML type."""
        kind = self.kinds.get(type(value))
        return (
            kind.read(value, path, reader)
            if kind
            else wrong_type(self.what, value, path, reader, self)
        )

    def write(self, value: Any) -> Any:
        """Write with the kind that gave the value."""
        return self.kinds[self.pick(value)].write(value)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Return the alternatives."""
        return {"anyOf": [kind.schema(definitions) for kind in self.kinds.values()]}


def blank(kind: Kind) -> Any:
    """Return what stands for a value that could not be read: as empty as the kind allows."""
    return kind.blank() if hasattr(kind, "blank") else ""


def name_problem(name: str) -> str | None:
    """Return why a name cannot be one, or None."""
    if not name:
        return "is empty"
    if not printable(name):
        return "holds a control character"
    return None
