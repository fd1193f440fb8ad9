"""The schemas that platforms check files by, each a function that lists what is wrong."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from referencing import Registry, Resource

FOLDER = Path(__file__).parent / "data" / "schemas"
KUBERNETES = ("1.27.0", "1.31.0", "1.37.0")


def compose_problems(document: Any) -> list[str]:
    """Return what the compose specification has against a file."""
    return _listed(_compose(), document)


def kubernetes_problems(document: dict[str, Any], version: str) -> list[str]:
    """Return what a version of Kubernetes has against an object; unknown fields count."""
    return _listed(_kubernetes(document["kind"], document["apiVersion"], version), document)


def keda_problems(document: dict[str, Any]) -> list[str]:
    """Return what KEDA's definitions have against an object; unknown fields count."""
    return _listed(_keda(document["kind"]), document)


def _listed(validator: Any, document: Any) -> list[str]:
    return [
        f"{'.'.join(map(str, error.path))}: {error.message}"
        for error in validator.iter_errors(document)
    ]


@cache
def _compose() -> Any:
    schema = json.loads((FOLDER / "compose-spec.json").read_text("utf-8"))
    # Its $schema has https, which no library knows the draft by.
    return jsonschema.Draft7Validator(schema)


@cache
def _kubernetes(kind: str, api: str, version: str) -> Any:
    from kubernetes_validate import utils

    folder = f"kubernetes-json-schema/v{version}-local-strict"
    name = f"{kind.lower()}-{api.partition('.')[0].replace('/', '-')}"
    if "/" in api:
        group, _, number = api.partition("/")
        name = f"{kind.lower()}-{group.partition('.')[0]}-{number}"
    schema = utils.schema_contents(f"{folder}/{name}.json", version)
    definitions = utils.schema_contents(f"{folder}/_definitions.json", version)
    registry = Resource.from_contents(definitions) @ Registry()
    registry = Resource.from_contents(schema) @ registry
    return jsonschema.Draft202012Validator(schema, registry=registry)


@cache
def _keda(kind: str) -> Any:
    text = (FOLDER / f"keda.sh_{kind.lower()}s.yaml").read_text("utf-8")
    (version,) = yaml.safe_load(text)["spec"]["versions"]
    return jsonschema.Draft202012Validator(_strict(version["schema"]["openAPIV3Schema"]))


def _strict(schema: Any) -> Any:
    """Return a schema that knows no fields beside those it lists, as a cluster refuses them."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _strict(one) for key, one in schema.items()}
    if isinstance(found.get("properties"), dict) and "additionalProperties" not in found:
        found["additionalProperties"] = False
    return found
