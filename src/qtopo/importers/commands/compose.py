"""docker compose: services with a command that no shell runs, over several files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtopo.importers.commands import containers
from qtopo.importers.commands.process import Process, Remark, is_known, readable
from qtopo.importers.commands.trees import trees
from qtopo.importers.draft import INFO, WARNING

if TYPE_CHECKING:
    from qtopo.importers.commands.files import File, Files
    from qtopo.importers.commands.yaml_tree import Tree

_DEEPEST = 8


class _Service:
    """A service with what it extends and what an override file says of it, the last first."""

    def __init__(self, name: str, file: File, parts: list[Tree]) -> None:
        self.name = name
        self.file = file
        self.parts = parts

    def get(self, *way: str) -> Tree | None:
        return next((found for part in self.parts if (found := part.get(*way))), None)

    def environment(self) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for part in reversed(self.parts):
            found.update(containers.pairs(part.get("environment")))
        return found


def processes(file: File, files: Files) -> list[Process]:
    """Return the services of a compose file; an override file adds to those before it."""
    from qtopo.importers.commands.files import COMPOSE

    if "override" in file.name and any(
        "override" not in one.name and one.format == COMPOSE for one in files.files
    ):
        known = {
            name
            for one in files.of(COMPOSE)
            if "override" not in one.name
            for name in _services(one, files)
        }
        services = {name: one for name, one in _services(file, files).items() if name not in known}
    else:
        services = _services(file, files)
    return [_process(_whole(name, tree, file, files), files) for name, tree in services.items()]


def _services(file: File, files: Files) -> dict[str, Tree]:
    known: dict[str, Tree] | None = files.services.get(file.path)
    if known is None:
        known = files.services[file.path] = {}
        for root in trees(file, files):
            services = root.get("services")
            if services is not None:
                known.update(services.mapping())
    return known


def _whole(name: str, tree: Tree, file: File, files: Files) -> _Service:
    from qtopo.importers.commands.files import COMPOSE

    parts: list[Tree] = []
    if "override" not in file.name:
        others = [_services(one, files) for one in files.of(COMPOSE) if "override" in one.name]
        parts += [services[name] for services in others if name in services]
    parts.append(tree)
    base: Tree | None = tree
    services = _services(file, files)
    for _ in range(_DEEPEST):
        extends = None if base is None else base.get("extends")
        if extends is None:
            break
        target = extends.text or getattr(extends.get("service"), "text", None) or ""
        other = extends.get("file")
        if other is not None and other.text:
            named = files.refer(other.text, COMPOSE)
            if named is None:
                files.remark(
                    Remark(WARNING, f"{name} extends a service of {other.text}: name it too"),
                    f"{file.path}:{extends.line}",
                )
                break
            services = _services(named, files)
        base = services.get(target)
        if base is not None:
            parts.append(base)
    return _Service(name, file, parts)


def _process(service: _Service, files: Files) -> Process:
    surroundings = files.dotenv

    def expand(text: str) -> str:
        return containers.interpolated(text, surroundings)

    entrypoint, command = service.get("entrypoint"), service.get("command")
    start = command or entrypoint or service.parts[0]
    line = start.line
    process = Process(service.name, f"{service.file.path}:{line}", line)
    process.argv = (*containers.words(entrypoint, expand), *containers.words(command, expand))
    env = _variables(service, process, files)
    for name, value in service.environment().items():
        # A name alone takes the value of where compose is run.
        env[name] = surroundings.get(name) if value is None else expand(value)
    process.env = containers.known(env)
    replicas = service.get("deploy", "replicas") or service.get("scale")
    _replicas(process, replicas, expand)
    mode = service.get("deploy", "mode")
    if mode is not None and mode.text == "global":
        process.remarks.append(Remark(INFO, "deploy.mode global: one on each node of the swarm"))
    grace = service.get("stop_grace_period")
    process.grace = None if grace is None else containers.duration(grace.text)
    signal = service.get("stop_signal")
    if signal is not None and signal.text:
        process.signal = signal.text.removeprefix("SIG")
        if process.signal == "QUIT" and process.env.get("REMAP_SIGTERM") != "SIGQUIT":
            text = "stop_signal SIGQUIT makes Celery give up running tasks"
            process.remarks.append(Remark(WARNING, text, "cold-shutdown"))
    return process


def _replicas(process: Process, node: Tree | None, expand: object) -> None:
    if node is None or node.text is None or not callable(expand):
        return
    text = expand(node.text)
    if is_known(text) and text.isascii() and text.isdigit():
        process.replicas = int(text[:7])
    else:
        text = f"how many there are is not known: {readable(text)}"
        process.remarks.append(Remark(WARNING, text, "value-unknown"))


def _variables(service: _Service, process: Process, files: Files) -> dict[str, str | None]:
    """Return what the files of variables say that a service names."""
    node = service.get("env_file")
    if node is None:
        return {}
    found: dict[str, str | None] = {}
    for one in node.items if node.items is not None else [node]:
        path = one.text or getattr(one.get("path"), "text", None)
        if not path:
            continue
        given = files.variables(path)
        if given is None:
            text = f"its variables are in {path}: name that file too"
            process.remarks.append(Remark(INFO, text, "file-not-named"))
        found.update(given or {})
    return found
