"""Kubernetes manifests, and any other YAML that starts containers: Helm values, Clowder, tasks.

What has a `kind` that is known is read by its schema; of everything else each mapping with a
command counts as a process that is called as its key or its `name`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qtopo.importers.commands import containers
from qtopo.importers.commands.process import Process, Remark, is_known, readable, unknown
from qtopo.importers.commands.template import marked
from qtopo.importers.commands.trees import trees
from qtopo.importers.commands.yaml_tree import walk
from qtopo.importers.draft import INFO, WARNING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtopo.importers.commands.files import File, Files
    from qtopo.importers.commands.yaml_tree import Tree

_SETS = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "DaemonSet", "DeploymentConfig"})
_OTHERS = frozenset({"Pod", "Job", "ReplicationController"})
_SCALERS = frozenset({"ScaledObject", "HorizontalPodAutoscaler"})
_COMMANDS = ("command", "args", "cmd", "entrypoint", "entryPoint", "startCommand", "start_command")
_ENVIRONMENTS = ("env", "environment", "envVars", "extraEnv", "extraEnvs", "extraEnvVars")
_COUNTS = ("replicas", "replicaCount", "minReplicas", "instances", "numInstances", "desiredCount")
_NAMELESS = frozenset(
    {"containers", "template", "spec", "podSpec", "deployments", "processes", "container", "pod"}
)

_ASKING = frozenset(
    {"livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "healthcheck", "healthCheck"}
)
"""Keys whose commands ask or prepare a process that runs, and start none."""


@dataclass
class _Scope:
    """What other objects of the files say: parameters, maps of variables, autoscalers."""

    parameters: dict[str, str] = field(default_factory=dict)
    maps: dict[str, dict[str, str | None]] = field(default_factory=dict)
    scales: dict[str, tuple[int, int]] = field(default_factory=dict)


def processes(file: File, files: Files) -> list[Process]:
    """Return the containers that a file starts, those without Celery too."""
    scope = _scope(files)
    found: list[Process] = []
    for root in _objects(trees(file, files)):
        kind = _text(root, "kind")
        if kind in _SCALERS or kind in ("ConfigMap", "Secret"):
            continue
        if root.get("apiVersion") is not None and (
            kind in _SETS or kind in _OTHERS or kind == "CronJob"
        ):
            found += _workload(root, str(kind), file, scope)
        else:
            found += _anything(root, file, files, scope)
    return found


def _objects(roots: list[Tree]) -> Iterator[Tree]:
    """Yield the objects of documents, lists and templates."""
    waiting = list(reversed(roots))
    while waiting:
        root = waiting.pop()
        inner = root.get("objects") if _text(root, "kind") == "Template" else None
        if _text(root, "kind") == "List":
            inner = root.get("items")
        if inner is not None and inner.items is not None and inner is not root:
            waiting += [one for one in reversed(inner.items) if one is not root]
            if len(waiting) > 10_000:
                return
        else:
            yield root


def _scope(files: Files) -> _Scope:
    scope = _Scope()
    for file in files.of("kubernetes"):
        roots = trees(file, files)
        for root in roots:
            parameters = root.get("parameters")
            for one in (parameters.items or []) if parameters is not None else []:
                name, value = _text(one, "name"), _text(one, "value")
                if name and value is not None:
                    scope.parameters[name] = value
        for one in _objects(roots):
            kind, name = _text(one, "kind"), _text(one, "metadata", "name")
            if kind == "ConfigMap" and name:
                scope.maps[name] = containers.pairs(one.get("data"))
            target = _text(one, "spec", "scaleTargetRef", "name")
            if kind in _SCALERS and target:
                scale = _scale(one.get("spec"), kind == "ScaledObject")
                if scale is not None:
                    scope.scales[target] = scale
    return scope


def _scale(spec: Tree | None, keda: bool) -> tuple[int, int] | None:
    if spec is None:
        return None
    low = spec.get("minReplicaCount" if keda else "minReplicas")
    high = spec.get("maxReplicaCount" if keda else "maxReplicas")
    fewest = low.whole() if low is not None else (0 if keda else 1)
    most = high.whole() if high is not None else (100 if keda else None)
    if fewest is None or not most or fewest > most:
        return None
    return fewest, most


def _workload(root: Tree, kind: str, file: File, scope: _Scope) -> Iterator[Process]:
    spec = root.get("spec")
    if spec is not None and kind == "CronJob":
        spec = spec.get("jobTemplate", "spec")
    pod = spec if kind == "Pod" else None if spec is None else spec.get("template", "spec")
    inner = None if pod is None else pod.get("containers")
    if spec is None or pod is None or inner is None:
        return
    name = _text(root, "metadata", "name") or file.name.partition(".")[0]
    name = _filled(name, scope)
    listed = [one for one in inner.items or [] if one.pairs is not None]
    for one in listed:
        own = _text(one, "name")
        several = len(listed) > 1 and own and not name.endswith(own)
        label = f"{name}-{own}" if several else name
        if not is_known(label):
            label = own if own and is_known(own) else readable(label)
        process = _container(label, one, file, scope)
        if kind == "DaemonSet":
            process.remarks.append(Remark(INFO, "a DaemonSet: one on each node"))
        elif kind in _SETS:
            _count(process, spec.get("replicas"), scope)
        grace = pod.get("terminationGracePeriodSeconds")
        _grace(process, grace)
        process.scale = scope.scales.get(name)
        if process.scale is not None:
            process.replicas = None
        yield process


def _anything(root: Tree, file: File, files: Files, scope: _Scope) -> Iterator[Process]:
    """Yield a process for each mapping that has a command of any spelling."""
    for way, node in walk(root, files.budget):
        if any(one in _ASKING for one in way):
            continue
        given = [found for name in _COMMANDS if (found := node.get(name)) is not None]
        if not any(one.text is not None or one.items is not None for one in given):
            continue
        owners = _owners(root, way)
        name = _named(way, node, owners, file)
        process = _container(name, node, file, scope)
        for owner in (node, *owners):
            if process.replicas is None:
                _counted(process, owner, scope)
            if process.grace is None:
                _grace(process, owner.get("terminationGracePeriodSeconds"))
            for key in _ENVIRONMENTS:
                if owner is not node and owner.get(key) is not None:
                    env = containers.known(containers.pairs(owner.get(key)))
                    process.env = {**env, **process.env}
            if owner is not node and _is_unit(owner):
                break
        yield process


def _is_unit(node: Tree) -> bool:
    """Whether a mapping is one deployment: what is around it belongs to others too."""
    return any(node.get(one) is not None for one in ("name", *_COUNTS))


def _owners(root: Tree, way: tuple[str, ...]) -> list[Tree]:
    """Return the two mappings around one, the nearest first; lists have no way of keys."""
    found: list[Tree] = []
    node: Tree | None = root
    for key in way[:-1]:
        node = None if node is None else node.get(key)
        if node is None or node.pairs is None:
            return []
        found.append(node)
    return list(reversed(found))[:2]


def _named(way: tuple[str, ...], node: Tree, owners: list[Tree], file: File) -> str:
    for one in (node, *owners):
        name = _text(one, "name")
        if name and is_known(name):
            return name
    for key in reversed(way):
        if key and key not in _NAMELESS:
            return key
    return _text(node, "type") or file.name.partition(".")[0]


def _counted(process: Process, node: Tree, scope: _Scope) -> None:
    for key in _COUNTS:
        found = node.get(key)
        if found is not None and found.pairs is not None:
            # Superset's chart: `replicas: {enabled: true, replicaCount: 1}`.
            enabled = found.get("enabled")
            if enabled is not None and not enabled.true():
                continue
            found = found.get("replicaCount") or found.get("count")
        if found is not None and found.text is not None:
            _count(process, found, scope)
            break
    for key in ("keda", "autoscaling", "hpa"):
        scaler = node.get(key)
        enabled = None if scaler is None else scaler.get("enabled")
        if scaler is not None and enabled is not None and enabled.true():
            keda = scaler.get("maxReplicaCount") is not None or key == "keda"
            process.scale = _scale(scaler, keda)
            if process.scale is not None:
                process.replicas = None


def _count(process: Process, node: Tree | None, scope: _Scope) -> None:
    if node is None or node.text is None:
        return
    text = _filled(marked(node.text), scope)
    if text.isascii() and text.isdigit():
        process.replicas = int(text[:7])
    else:
        what = f"how many there are is not known: {readable(text)}"
        process.remarks.append(Remark(WARNING, what, "value-unknown"))


def _grace(process: Process, node: Tree | None) -> None:
    seconds = None if node is None else node.whole()
    process.grace = process.grace if not seconds else float(seconds)


def _container(name: str, node: Tree, file: File, scope: _Scope) -> Process:
    given = [found for one in _COMMANDS if (found := node.get(one)) is not None]
    line = given[0].line if given else node.line
    env: dict[str, str | None] = {}
    remarks: list[Remark] = []
    sources = node.get("envFrom")
    for one in (sources.items or []) if sources is not None else []:
        reference = _text(one, "configMapRef", "name") or _text(one, "secretRef", "name") or ""
        if reference in scope.maps:
            env.update(scope.maps[reference])
        else:
            text = f"its variables are in {readable(reference)}, which is not in the files"
            remarks.append(Remark(INFO, text, "file-not-named"))
    for key in _ENVIRONMENTS:
        env.update(containers.pairs(node.get(key)))
    _referred(node, env, scope)
    env = {key: value if value is None else _filled(value, scope) for key, value in env.items()}
    process = Process(name, f"{file.path}:{line}", line, env=containers.known(env))
    process.remarks = remarks

    def expand(text: str) -> str:
        return containers.kubernetes(_filled(text, scope), process.env)

    argv: list[str] = []
    for one_ in given:
        if one_.text is not None and any(blank in one_.text for blank in " \n"):
            # A text here is for a shell: Cloud Foundry, Render, and values of charts.
            process.shell = _filled(marked(one_.text), scope)
        else:
            argv += containers.words(one_, expand)
    process.argv = tuple(argv)
    if process.shell is not None and argv:
        process.argv, process.shell = (*argv, process.shell), None
    return process


def _referred(node: Tree, env: dict[str, str | None], scope: _Scope) -> None:
    """Fill in variables that are one key of a map in the files."""
    listed = node.get("env")
    for one in (listed.items or []) if listed is not None else []:
        name = _text(one, "name")
        map_name = _text(one, "valueFrom", "configMapKeyRef", "name")
        key = _text(one, "valueFrom", "configMapKeyRef", "key")
        if name and map_name in scope.maps and key:
            env[name] = scope.maps[map_name].get(key)


def _filled(text: str, scope: _Scope) -> str:
    """Return a text with `${NAME}` of an OpenShift template filled in."""
    if "${" not in text or not scope.parameters:
        return text
    for name, value in scope.parameters.items():
        for spelt in (f"${{{{{name}}}}}", f"${{{name}}}"):
            if spelt in text and len(text) < 20_000:
                text = text.replace(spelt, value if len(value) < 2_000 else unknown(spelt))
    return text


def _text(node: Tree, *way: str) -> str | None:
    found = node.get(*way)
    return None if found is None or found.text is None else marked(found.text)
