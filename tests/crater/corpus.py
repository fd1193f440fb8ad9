"""Real Celery configurations as topologies: what a project of the corpus says, in our words.

The corpus lies beside the repository (`../shared/corpus`, with a README of its
keys). What a topology cannot say is listed in `Translation.lost`, with why:
nothing is left out in silence, and nothing is made up but the two stand-ins
that `build` names.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

from celery.app.defaults import _OLD_SETTING_KEYS, _TO_NEW_KEY, SETTING_KEYS

from crater.words import entries, first, marked, when

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

PROCESSES: dict[str, dict[str, str]] = {
    "GSA__notifications-api": {"manifest": r"manifest"},
    "bookwyrm-social__bookwyrm": {"docker": r"docker-compose", "systemd": r"systemd"},
    "grafana__oncall": {
        "compose": r"docker-compose\.yml",
        "mysql": r"docker-compose-mysql",
        "helm": r"helm",
    },
    "hypothesis__h": {"production": r"supervisord\.conf"},
    "mitodl__mit-open": {"procfile": r"Procfile", "compose": r"docker-compose"},
}
"""Where a tree holds several complete sets of processes: the sets, by where they are written."""

OURS = {
    "beat_max_loop_interval",
    "beat_schedule",
    "beat_schedule_filename",
    "beat_scheduler",
    "broker_transport_options",
    "broker_url",
    "imports",
    "include",
    "result_backend",
    "result_expires",
    "task_create_missing_queues",
    "task_default_exchange",
    "task_default_exchange_type",
    "task_default_priority",
    "task_default_queue",
    "task_default_queue_type",
    "task_default_routing_key",
    "task_queue_max_priority",
    "task_queues",
    "task_routes",
    "worker_concurrency",
    "worker_max_memory_per_child",
    "worker_max_tasks_per_child",
    "worker_prefetch_multiplier",
}
"""Settings that a topology says in its own tables."""

PRIVATE = re.compile(r"task_\w+_queue")
"""Settings that only a project's own router reads (see `notes` of the one that has them)."""

FACTS = ("acks_late", "ignore_result", "max_retries", "rate_limit", "soft_time_limit", "time_limit")


class Translation(NamedTuple):
    """A topology as TOML would hold it, and what it cannot say: (where, why)."""

    project: str
    deployment: str
    data: dict[str, Any]
    lost: list[tuple[str, str]]


def projects() -> list[str]:
    """Return the names of the projects."""
    return sorted(path.stem for path in CORPUS.glob("*.json"))


def facts(project: str) -> dict[str, Any]:
    """Return what the corpus holds of a project."""
    found: dict[str, Any] = json.loads((CORPUS / f"{project}.json").read_text("utf-8"))
    return found


def translations(project: str) -> list[Translation]:
    """Return a topology for each complete set of processes of a project."""
    known = facts(project)
    sets = PROCESSES.get(project, {"all": ""}).items()
    return [_Builder(known, where).build(project, name) for name, where in sets]


class _Builder:
    """Puts together one topology."""

    def __init__(self, known: dict[str, Any], where: str) -> None:
        self.known = known
        self.where = where
        self.lost: list[tuple[str, str]] = []
        self.settings = self._settings()
        self.exchanges: dict[str, Any] = {}
        self.queues: dict[str, Any] = {}
        self.routes: list[dict[str, Any]] = []
        self.tasks: dict[str, Any] = {}
        self.workers: dict[str, Any] = {}

    def build(self, project: str, deployment: str) -> Translation:
        """Return the topology.

        Two things in it stand in for what the corpus does not say: the names of
        variables that hold URLs, and a worker `elsewhere` on every queue where
        a project shows no worker at all (likewise beat, where there is a schedule).
        """
        get = self.settings.get
        default = get("task_default_queue") or "celery"
        self._declared(default)
        # Declared or not, a task without a route makes Celery create it.
        self._create(default)
        self._routing(default)
        self._processes()
        data: dict[str, Any] = {
            "app": {"name": project, "celery": "app:app"},
            "broker": self._broker(),
            "defaults": {"queue": default},
        }
        backend = get("result_backend")
        if backend is not None:
            kind = backend.partition(":")[0] if isinstance(backend, str) else "redis"
            data["results"] = {"url": "env:RESULT_URL", "backend": kind}
            if isinstance(get("result_expires"), int):
                data["results"]["expires"] = f"{get('result_expires')}s"
        others = {
            key: value
            for key, value in self.settings.items()
            if key not in OURS and value is not None and not marked(value)
        }
        data |= {
            "settings": others,
            "exchanges": self.exchanges,
            "queues": self.queues,
            "routes": self.routes,
            "tasks": self.tasks,
            "workers": self.workers,
        }
        beat = self._beat()
        if beat:
            data["beat"] = beat
        return Translation(
            project,
            deployment,
            {key: value for key, value in data.items() if value},
            self.lost,
        )

    def _settings(self) -> dict[str, Any]:
        """Return the settings under the names that Celery 5.7 reads them by."""
        found: dict[str, Any] = {}
        namespace = self.known.get("namespace")
        for name, value in self.known["settings"].items():
            bare = name
            if namespace and name.startswith(f"{namespace}_"):
                bare = name.removeprefix(f"{namespace}_")
            if bare.lower() in SETTING_KEYS:
                found[bare.lower()] = value
            elif name in _OLD_SETTING_KEYS:
                new = _TO_NEW_KEY.get(name, name)
                found.setdefault(new.lower(), value)
            elif bare.lower().removeprefix("celery_") in SETTING_KEYS:
                found[bare.lower().removeprefix("celery_")] = value
            elif PRIVATE.fullmatch(bare) and self.known.get("callable_results"):
                self.lost.append((f"setting {bare}", "the project's own router reads it"))
            else:
                found[bare.lower()] = value
        return {**found, **(self.known.get("conf_overrides") or {})}

    def _broker(self) -> dict[str, Any]:
        named = self.known["broker_transport"]
        transport = "redis" if named.startswith("redis") else "rabbitmq"
        options = self.settings.get("broker_transport_options") or {}
        return {
            "transport": transport,
            "url": "env:BROKER_URL",
            **({"options": options} if options else {}),
        }

    def _declared(self, default: str) -> None:
        get = self.settings.get
        home = get("task_default_exchange") or default
        key = get("task_default_routing_key") or default
        kind = get("task_default_exchange_type") or "direct"
        given = get("task_queues") or [{"$queue": {"name": default}}]
        for one in given:
            if "$broadcast" in one:
                self.queues[one["$broadcast"]["name"]] = {"broadcast": True}
                continue
            self._queue(one["$queue"], home, kind, key)

    def _queue(self, queue: dict[str, Any], home: str, kind: str, key: str) -> None:
        name = queue["name"]
        exchange = queue.get("exchange") or {"name": home, "type": kind}
        key = queue.get("routing_key") or key
        table: dict[str, Any] = {}
        type_ = exchange.get("type", "direct")
        if (exchange["name"], key, type_) != (name, name, "direct"):
            self.exchanges.setdefault(exchange["name"], {"type": type_})
            table["exchange"] = exchange["name"]
            table["routing_key"] = key
        arguments = dict(queue.get("queue_arguments") or {})
        if "x-queue-type" in arguments:
            table["type"] = arguments.pop("x-queue-type")
        if "x-max-priority" in arguments:
            table["max_priority"] = arguments.pop("x-max-priority")
        elif self.settings.get("task_queue_max_priority"):
            table["max_priority"] = self.settings["task_queue_max_priority"]
        if arguments:
            table["arguments"] = arguments
        if queue.get("consumer_arguments"):
            table["consumer_arguments"] = queue["consumer_arguments"]
        if queue.get("delivery_mode"):
            self.lost.append((f"queue {name}", "a queue has no delivery mode, its routes have"))
        self.queues[name] = table

    def _create(self, name: str) -> None:
        """Celery makes a queue that is named and not declared: with its own exchange and key."""
        if name not in self.queues:
            most = self.settings.get("task_queue_max_priority")
            self.queues[name] = {"max_priority": most} if most else {}

    def _routing(self, default: str) -> None:
        routes = list(entries(self.settings.get("task_routes")))
        computed = self.known.get("callable_results") or {}
        for task, queue in computed.items():
            routes.append((task, {"queue": queue}))
        exact = {pattern: options for pattern, options in routes if "*" not in pattern}
        for task in self.known["tasks"]:
            own = {
                key: task[key]
                for key in ("queue", "routing_key", "priority")
                if task.get(key) is not None
            }
            table = {key: task[key] for key in FACTS if task.get(key) is not None}
            for key in ("soft_time_limit", "time_limit"):
                if key in table:
                    table[key] = f"{table[key]}s"
            unknown = [key for key, value in {**own, **table}.items() if marked(value)]
            for key in unknown:
                self.lost.append((f"task {task['name']}", f"{key} is known at run time only"))
                own.pop(key, None)
                table.pop(key, None)
            if set(own) == {"queue"}:
                # What a decorator says hides the route of the same name.
                exact.pop(task["name"], None)
                table["queue"] = own["queue"]
            elif own:
                matched = exact.get(task["name"]) or first(routes, task["name"]) or {}
                exact[task["name"]] = {**matched, **own}
            if table:
                self.tasks[task["name"]] = table
            elif "route key" not in task.get("name_from", ""):
                self.tasks[task["name"]] = {}
        last = self.settings.get("task_default_priority")
        patterns = [(pattern, options) for pattern, options in routes if "*" in pattern]
        if last is not None:
            patterns.append(("*", {"queue": default}))
        for pattern, options in (*exact.items(), *patterns):
            self._route(pattern, options, default, last)
        for table in self.tasks.values():
            if "queue" in table:
                self._create(table["queue"])
        for one in self.known.get("dispatch") or []:
            given = one.get("queue")
            for name in [given] if isinstance(given, str) else one.get("possible_queues") or []:
                self._create(name)

    def _route(
        self, pattern: str, options: dict[str, Any], default: str, priority: int | None
    ) -> None:
        route: dict[str, Any] = {"task": pattern}
        if pattern.startswith("$regex:"):
            route["task"] = {"regex": pattern.removeprefix("$regex:")}
        options = {"queue": default, **options}
        if options.get("priority") is None and priority is not None:
            options["priority"] = priority
        for key in ("queue", "routing_key", "delivery_mode", "priority"):
            if options.get(key) is not None:
                route[key] = options.pop(key)
        if not 0 <= route.get("priority", 0) <= 9:
            self.lost.append((f"route {pattern}", f"priority {route['priority']} is not 0 to 9"))
            del route["priority"]
        self._create(route["queue"])
        self.routes.append(route)

    def _processes(self) -> None:
        # What a worker without -Q reads.
        declared = [one["name"] for one in self.known["declared_queues"]]
        declared = [name for name in self.queues if name in declared]
        for one in self.known["workers"]:
            source = one.get("source", "")
            if one["queues"] == "n/a" or "status" in one["command"]:
                continue
            if not re.search(self.where, source) or "variant" in one.get("note", ""):
                continue
            if isinstance(one["queues"], str):
                self.lost.append((source, "the worker's queues are known at run time only"))
                continue
            self._worker(one, list(one["queues"] or declared))
        if not self.workers:
            self.workers["elsewhere"] = {"queues": list(self.queues)}
        for worker in self.workers.values():
            for name in worker["queues"]:
                self._create(name)

    def _worker(self, one: dict[str, Any], queues: list[str]) -> None:
        command = one["command"].partition(" worker ")[2]
        worker: dict[str, Any] = {"queues": queues}
        get = self.settings.get
        for key in ("concurrency", "prefetch_multiplier", "max_tasks_per_child"):
            value = get(f"worker_{key}")
            if isinstance(value, int):
                worker[key] = value
        memory = get("worker_max_memory_per_child")
        if isinstance(memory, int):
            worker["max_memory_per_child"] = f"{memory}KiB"
        name = f"worker{len(self.workers) + 1}"
        extra: list[str] = []
        # One is written inside the quotes of a YAML string.
        words = shlex.split(command if command.count('"') % 2 == 0 else command.rstrip('"'))
        while words:
            flag, _, value = words.pop(0).partition("=")
            takes = flag in _TAKES or flag in _NUMBERS
            if takes and not value and not flag.startswith("--pidfile") and words:
                value = words.pop(0)
            if flag == "-B" or flag == "--beat":
                extra.append("-B")
            elif flag in ("-n", "--hostname"):
                name = value.partition("@")[0]
            elif flag in ("-P", "--pool"):
                worker["pool"] = value
            elif flag == "--autoscale":
                low, high = sorted(map(int, value.split(",")))
                worker.pop("concurrency", None)
                worker["autoscale"] = {"min": low, "max": high}
            elif flag in _NUMBERS:
                if value.isdigit():
                    worker[_NUMBERS[flag]] = int(value)
                else:
                    self.lost.append((name, f"{flag} {value} is known at run time only"))
            elif flag in ("--time-limit", "--soft-time-limit"):
                extra.append(f"{flag}={value}")
            elif flag in ("-E", "--without-gossip", "--without-mingle", "--without-heartbeat"):
                extra.append(flag)
        if extra:
            worker["extra_args"] = extra
        self.workers[name] = worker

    def _beat(self) -> dict[str, Any]:
        known = self.known.get("beat") or {}
        commands = [one["command"] for one in self.known["workers"]]
        separate = any(re.search(r"celery .*\bbeat\b", one) for one in commands)
        embedded = any("-B" in worker.get("extra_args", ()) for worker in self.workers.values())
        schedule: dict[str, Any] = {}
        for name, one in (known.get("schedule") or {}).items():
            time = when(one.get("schedule"))
            if time is None:
                self.lost.append((f"beat {name}", f"when is not known: {one.get('schedule')}"))
                continue
            entry: dict[str, Any] = {"task": one["task"], **time}
            options = one.get("options") or {}
            if "queue" in options:
                entry["queue"] = options["queue"]
            if "expires" in options:
                entry["expires"] = f"{options['expires']}s"
            schedule[name] = entry
        if not schedule and not separate:
            return {}
        django = "django" in str(known.get("scheduler") or "")
        return {
            **({"scheduler": "django"} if django else {}),
            # `-B` runs it inside a worker: there is no process of its own.
            **({"replicas": 0} if embedded else {}),
            "schedule": schedule,
        }


_TAKES = {"-Q", "-n", "-P", "-l", "-O", "--uid", "--gid", "--pool", "--hostname", "--autoscale"}
_NUMBERS = {
    "-c": "concurrency",
    "--concurrency": "concurrency",
    "--prefetch-multiplier": "prefetch_multiplier",
    "--max-tasks-per-child": "max_tasks_per_child",
    "--maxtasksperchild": "max_tasks_per_child",
}
