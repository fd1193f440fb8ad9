"""A compose file, read as compose reads it: YAML 1.2, then variables put in."""

from __future__ import annotations

import re
from typing import Any

from started import Started

_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<named>[_a-zA-Z][_a-zA-Z0-9]*)"
    r"|\{(?P<braced>[_a-zA-Z][_a-zA-Z0-9]*)(?P<operator>:?[-?+][^}]*)?\})"
)
"""compose-spec, "Interpolation": what follows a dollar sign in a value."""


def read_back(artifacts: Any) -> list[Started]:
    """Return what compose starts; variables taken over from its environment are left out."""
    (artifact,) = artifacts
    return [
        Started(
            name,
            tuple(interpolated(service["command"], {})),
            {
                key: interpolated(value, {})
                for key, value in service.get("environment", {}).items()
                if not value.startswith(f"${{{key}:?")
            },
            service["deploy"]["replicas"],
            float(service["stop_grace_period"].removesuffix("s")),
        )
        for name, service in parsed(artifact.content)["services"].items()
    ]


def services(artifacts: Any, environment: dict[str, str]) -> dict[str, Any]:
    """Return the services with variables put in; one that is missing is empty."""
    (artifact,) = artifacts
    found: dict[str, Any] = interpolated(parsed(artifact.content), environment)["services"]
    return found


def parsed(text: str) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text)


def interpolated(value: Any, environment: dict[str, str]) -> Any:
    """Return a value with the variables of the environment put in, keys as they are."""
    if isinstance(value, dict):
        return {key: interpolated(one, environment) for key, one in value.items()}
    if isinstance(value, list):
        return [interpolated(one, environment) for one in value]
    if not isinstance(value, str):
        return value

    def put(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "$"
        return environment.get(found["named"] or found["braced"], "")

    return _VARIABLE.sub(put, value)
