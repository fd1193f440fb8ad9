"""Kubernetes manifests, read as a cluster reads them: YAML, then `$(NAME)` put in."""

from __future__ import annotations

from typing import Any

from started import Started


def read_back(artifacts: Any) -> list[Started]:
    """Return what the Deployments start; variables out of a Secret are left out."""
    found = []
    for deployment in objects(artifacts, "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        environment: dict[str, str] = {}
        for one in container.get("env", []):
            if "value" in one:
                environment[one["name"]] = expanded(one["value"], environment)
        found.append(
            Started(
                deployment["metadata"]["labels"]["app.kubernetes.io/instance"],
                tuple(expanded(one, environment) for one in container["command"]),
                environment,
                deployment["spec"].get("replicas"),
                float(pod["terminationGracePeriodSeconds"]),
            )
        )
    return found


def objects(artifacts: Any, kind: str | None = None) -> list[dict[str, Any]]:
    """Return the objects of all files, those of one kind where it is given."""
    from ruamel.yaml import YAML

    reader = YAML(typ="safe", pure=True)
    read = (one for artifact in artifacts for one in reader.load_all(artifact.content))
    return [one for one in read if kind is None or one["kind"] == kind]


def expanded(text: str, environment: dict[str, str]) -> str:
    """Return a text with references put in, as `third_party/forked/golang/expansion` does it.

    `$$` is a dollar sign, `$(NAME)` a variable, which stays where there is none;
    anything else stays too.
    """
    found, at = "", 0
    while at < len(text):
        if text[at] != "$" or at + 1 == len(text):
            found += text[at]
            at += 1
            continue
        after = text[at + 1]
        end = text.find(")", at + 2)
        if after == "(" and end != -1:
            name = text[at + 2 : end]
            found += environment.get(name, f"$({name})")
            at = end + 1
        elif after == "$":
            found += "$"
            at += 2
        else:
            found += f"${after}"
            at += 2
    return found
