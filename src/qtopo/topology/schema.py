"""The JSON Schema of the file, for editors and other tools, made from the model itself.

It accepts what the reader accepts in shape. What JSON Schema cannot say is
listed in tests/unit/topology/test_schema.py. Regular expressions keep to what
ECMA 262, Python and Rust read alike: no looking around, no classes of Unicode.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from qtopo.topology.model import Field, Kind, Model

CONTROL = "\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029"
"""What no name and no text of one line holds, for the inside of a character class."""

LINE = f"^[^{CONTROL}]*$"

NOT_IN_OVERLAYS = ("include", "lint", "environments")

_OVERLAY = "Overlay"


def json_schema(without: Collection[str] = ()) -> dict[str, Any]:
    """Return the JSON Schema of a file; `without` are tables that it may not have."""
    from qtopo.topology.topology import Topology

    definitions: dict[str, Any] = {}
    schema = model_schema(Topology, definitions)
    _describe_overlays(schema, definitions)
    for key in without:
        del schema["properties"][key]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "qtopo topology",
        **schema,
        "$defs": _used(schema, definitions),
    }


def model_schema(model: type[Model], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of a table: every key with what it means, its default, an example."""
    properties = {}
    for key, kind in model.kinds().items():
        properties[key] = _key(model.__name__, key, model.KEYS[key], kind, definitions)
    schema: dict[str, Any] = {
        "type": "object",
        "description": " ".join((model.__doc__ or "").split("\n\n")[0].split()),
        "properties": properties,
        "additionalProperties": False,
    }
    required = [key for key, declared in model.KEYS.items() if declared.required]
    if required:
        schema["required"] = required
    if model.ONE_OF:
        schema["oneOf"] = [{"required": [key]} for key in model.ONE_OF]
    excluded = [_together(model, key, other) for key, others in model.EXCLUSIVE for other in others]
    if excluded:
        schema["allOf"] = [{"not": one} for one in excluded]
    return schema


def _key(
    table: str, key: str, declared: Field, kind: Kind, definitions: dict[str, Any]
) -> dict[str, Any]:
    from qtopo.topology.schema_examples import EXAMPLES

    schema = {"description": declared.doc, **kind.schema(definitions)}
    if isinstance(declared.default, (str, int, float)):
        schema["default"] = kind.write(declared.default)
    example = EXAMPLES.get(table, {}).get(key)
    if example is not None:
        schema["examples"] = [example]
    elif schema.get("type") == "boolean":
        schema["examples"] = [not declared.default]
    elif "enum" in schema:
        # The default is offered as such already.
        schema["examples"] = [one for one in schema["enum"] if one != declared.default][:1]
    return schema


def _together(model: type[Model], key: str, other: str) -> dict[str, Any]:
    """Return what a table matches that has both keys; a flag counts where it is true."""
    both: dict[str, Any] = {"required": [key, other]}
    if isinstance(model.KEYS[key].default, bool):
        both["properties"] = {key: {"const": True}}
    return both


def _describe_overlays(schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    """Let an overlay hold what the file does, nothing of it required."""
    overlay = _partial(schema, definitions)
    for key in NOT_IN_OVERLAYS:
        overlay["properties"].pop(key, None)
    overlay["description"] = "What is merged over the rest of the file, key by key."
    definitions[_OVERLAY] = overlay
    schema["properties"]["environments"]["additionalProperties"] = {"$ref": f"#/$defs/{_OVERLAY}"}


def _partial(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with nothing required. Lists replace those of the base: they are whole."""
    found: dict[str, Any] = {}
    for word, value in schema.items():
        if word == "required":
            continue
        if word == "oneOf":
            # None of them need be given, but two exclude each other here too.
            keys = [one["required"][0] for one in value]
            pairs = [[a, b] for a, b in combinations(keys, 2)]
            found["allOf"] = [{"not": {"required": pair}} for pair in pairs]
        elif word == "$ref":
            name = value.rpartition("/")[2]
            partial = f"{name}{_OVERLAY}"
            if partial not in definitions:
                definitions[partial] = {}
                definitions[partial] = _partial(definitions[name], definitions)
            found[word] = f"#/$defs/{partial}"
        elif word == "properties":
            found[word] = {key: _partial(one, definitions) for key, one in value.items()}
        elif word == "additionalProperties" and isinstance(value, dict):
            found[word] = _partial(value, definitions)
        elif word == "anyOf":
            found[word] = [_partial(one, definitions) for one in value]
        else:
            found[word] = value
    return found


def _used(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the definitions that a schema refers to, directly or through others."""
    used: set[str] = set()
    waiting: list[Any] = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            reference = one.get("$ref")
            if isinstance(reference, str):
                name = reference.rpartition("/")[2]
                if name not in used:
                    used.add(name)
                    waiting.append(definitions[name])
            waiting += [value for value in one.values() if isinstance(value, (dict, list))]
    return {name: one for name, one in definitions.items() if name in used}
