"""Hypothesis strategies: whole valid topologies, as the tables TOML holds.

Valid means: the shape is right, every name that is used is declared, and every
route can be published. What comes out may be odd (that is the point), but
`emit` must be able to write it and Celery to route it.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from qtopo.topology.beat import EVENTS
from qtopo.topology.deploy import PLATFORMS
from qtopo.topology.kinds import printable

HOSTILE = (
    "a'b\"; import os #",
    "$(touch x)",
    "%i",
    "%h@%n",
    "<script>alert(1)</script>",
    "back\\slash",
    "{{braces}}",
    "ünï-cödé",
    "队列",
    "🐰",
    "-x",
    "--queues",
    "a b",
    "`id`",
    "true",
    "0",
)

_PLAIN = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-.", min_size=1, max_size=12)
_ANY = st.text(min_size=1, max_size=8).filter(printable)


def names(*, comma: bool = True) -> st.SearchStrategy[str]:
    """Names a user may give: mostly plain, some hostile."""
    found = st.one_of(_PLAIN, _PLAIN, st.sampled_from(HOSTILE), _ANY)
    found = found.filter(lambda name: name == name.strip())
    return found if comma else found.filter(lambda name: "," not in name)


durations = st.builds(
    "{}{}".format, st.integers(1, 500), st.sampled_from(["ms", "s", "m", "h", "d"])
)
sizes = st.builds(
    "{}{}".format, st.integers(1, 900), st.sampled_from(["kB", "KiB", "MB", "MiB", "GB"])
)
rates = st.builds("{}/{}".format, st.integers(1, 5000), st.sampled_from("smh"))
words = st.text("abcxyz09_-", min_size=1, max_size=4)
keys = st.lists(words, min_size=1, max_size=4).map(".".join)
patterns = st.lists(st.one_of(words, st.sampled_from(["*", "#"])), min_size=1, max_size=4).map(
    ".".join
)
scalars = st.one_of(
    st.booleans(), st.integers(-(2**40), 2**40), st.text(max_size=6).filter(printable)
)
prose = st.text(max_size=20).filter(
    lambda text: (
        "\r" not in text and all(ord(c) >= 32 or c in "\n\t" for c in text) and text.isprintable()
    )
)


def some(draw: Any, table: dict[str, Any], chances: dict[str, st.SearchStrategy[Any]]) -> None:
    """Put some of the keys into a table."""
    for key, values in chances.items():
        if draw(st.integers(0, 3)) == 0:
            table[key] = draw(values)


@st.composite
def topologies(
    draw: Any, transports: tuple[str, ...] = ("rabbitmq", "redis", "memory")
) -> dict[str, Any]:
    """A whole topology, as `tomli.loads` would give it."""
    transport = draw(st.sampled_from(transports))
    amqp = transport == "rabbitmq"
    kinds = ["direct", "topic", "fanout"] + (["headers"] if amqp else [])
    data: dict[str, Any] = {
        "app": {"name": draw(prose), "celery": "app:app"},
        "broker": {"transport": transport, "url": "env:TEST_BROKER_URL"},
    }
    if draw(st.booleans()):
        data["results"] = {
            "url": "env:TEST_RESULT_URL",
            "backend": "redis",
            "expires": draw(durations),
        }
    exchanges = {
        name: {"type": draw(st.sampled_from(kinds)), "durable": draw(st.booleans())}
        for name in draw(st.lists(names(), max_size=4, unique=True))
    }
    taken = set(exchanges)
    queue_names = draw(
        st.lists(
            names(comma=False).filter(lambda name: name not in taken),
            min_size=1,
            max_size=6,
            unique=True,
        )
    )
    queues: dict[str, Any] = {}
    for name in queue_names:
        queues[name] = draw(_queue(exchanges, amqp))
    default = draw(st.sampled_from(queue_names))
    if not _publishable(queues[default], exchanges):
        queues[default] = {}
    data["defaults"] = {"queue": default}
    if exchanges:
        data["exchanges"] = exchanges
    data["queues"] = queues
    tasks = draw(st.lists(names(), max_size=6, unique=True))
    data["tasks"] = {task: draw(_task(queues, exchanges, tasks)) for task in tasks}
    data["routes"] = draw(_routes(queues, exchanges, tasks))
    data["workers"] = draw(_workers(queue_names))
    if draw(st.booleans()):
        data["beat"] = {
            "schedule": draw(st.dictionaries(names(), _entry(queues, exchanges, tasks), max_size=3))
        }
    if draw(st.booleans()):
        data["deploy"] = draw(deployments())
    if tasks and draw(st.booleans()):
        data["workflows"] = draw(st.dictionaries(names(), _canvas(tasks), max_size=2))
    return {key: value for key, value in data.items() if value or key == "queues"}


@st.composite
def _queue(draw: Any, exchanges: dict[str, Any], amqp: bool) -> dict[str, Any]:
    queue: dict[str, Any] = {}
    choice = draw(st.integers(0, 5))
    if exchanges and choice in (1, 2):
        home = draw(st.sampled_from(sorted(exchanges)))
        queue["exchange"] = home
        kind = exchanges[home]["type"]
        if kind == "topic":
            queue["routing_key"] = draw(patterns)
        elif kind == "headers":
            queue["binding_arguments"] = {
                "x-match": draw(st.sampled_from(["all", "any"])),
                "kind": draw(words),
            }
        elif kind == "direct":
            some(draw, queue, {"routing_key": keys})
    elif exchanges and choice == 3:
        homes = draw(st.lists(st.sampled_from(sorted(exchanges)), min_size=1, max_size=2))
        queue["bindings"] = [{"exchange": home, "routing_key": draw(keys)} for home in homes]
    elif choice == 4:
        queue["broadcast"] = True
        return queue
    some(
        draw,
        queue,
        {
            "durable": st.booleans(),
            "message_ttl": durations,
            "expires": durations,
            "max_length": st.integers(0, 10**6),
            "max_length_bytes": sizes,
            "overflow": st.sampled_from(["drop-head", "reject-publish"]),
            "max_priority": st.integers(1, 20),
            "consumer_arguments": st.fixed_dictionaries({"x-priority": st.integers(0, 9)}),
            "arguments": st.dictionaries(words.map("x-own-{}".format), scalars, max_size=2),
            "description": prose,
            "owner": prose,
            "slo": st.fixed_dictionaries({"wait": durations}),
            "parking": st.just(False),
        },
    )
    return queue


def _wild(key: str) -> bool:
    return any(word in ("*", "#") for word in key.split("."))


def _publishable(queue: dict[str, Any], exchanges: dict[str, Any]) -> bool:
    """Whether a message can be published to a queue by its name alone."""
    home = queue.get("exchange")
    return home is None or exchanges[home]["type"] != "topic" or not _wild(queue["routing_key"])


@st.composite
def _routes(
    draw: Any, queues: dict[str, Any], exchanges: dict[str, Any], tasks: list[str]
) -> list[dict[str, Any]]:
    routes = []
    used: set[str] = set(tasks)
    for _ in range(draw(st.integers(0, 5))):
        stem = draw(_PLAIN)
        form = draw(st.integers(0, 4))
        task: Any = {
            0: stem,
            1: f"{stem}*",
            2: f"*{stem}",
            3: [f"{stem}.a", f"{stem}.b.*"],
            4: {"regex": f"{stem.replace('.', '[.]')}.*"},
        }[form]
        texts = (
            [task]
            if isinstance(task, str)
            else list(task.values())
            if isinstance(task, dict)
            else task
        )
        if used.intersection(texts):
            continue
        used.update(texts)
        name = draw(st.sampled_from(sorted(queues)))
        route: dict[str, Any] = {"task": task, "queue": name}
        queue = queues[name]
        home = queue.get("exchange")
        kind = exchanges[home]["type"] if home else "direct"
        if kind == "topic" or (kind == "headers" and draw(st.booleans())):
            route["routing_key"] = draw(keys)
        if kind == "headers":
            route["headers"] = {"kind": draw(words)}
        if queue.get("bindings") and draw(st.booleans()):
            one = draw(st.sampled_from(queue["bindings"]))
            route["exchange"], route["routing_key"] = one["exchange"], draw(keys)
        some(
            draw,
            route,
            {
                "priority": st.integers(0, 9),
                "delivery_mode": st.sampled_from(["persistent", "transient"]),
            },
        )
        routes.append(route)
    return routes


@st.composite
def _task(
    draw: Any, queues: dict[str, Any], exchanges: dict[str, Any], tasks: list[str]
) -> dict[str, Any]:
    table: dict[str, Any] = {}
    direct = sorted(name for name, queue in queues.items() if _publishable(queue, exchanges))
    some(
        draw,
        table,
        {
            **({"queue": st.sampled_from(direct)} if direct else {}),
            "duration": st.one_of(
                durations, st.fixed_dictionaries({"mean": durations, "p99": durations})
            ),
            "rate": rates,
            "rate_limit": rates,
            "cpu": st.floats(0, 8),
            "memory": sizes,
            "time_limit": durations,
            "acks_late": st.booleans(),
            "idempotent": st.booleans(),
            "max_retries": st.integers(0, 20),
            "max_delay": durations,
            "ignore_result": st.booleans(),
            "waits_for": st.lists(st.sampled_from(tasks), max_size=2, unique=True),
            "description": prose,
        },
    )
    return table


@st.composite
def deployments(draw: Any) -> dict[str, Any]:
    """A `[deploy]` table: every key is there in some, and any text."""
    folders = _ANY.map(lambda text: "/" + text)
    table: dict[str, Any] = {}
    some(
        draw,
        table,
        {
            "targets": st.lists(st.sampled_from(PLATFORMS), max_size=3, unique=True),
            "bin": folders,
            "directory": folders,
            "user": names(),
            "group": names(),
            "env_file": _ANY,
            "image": _ANY,
            "namespace": names(),
            "secret": names(),
            "heartbeat_file": folders,
        },
    )
    return table


@st.composite
def _workers(draw: Any, queues: list[str]) -> dict[str, Any]:
    workers: dict[str, Any] = {}
    taken = draw(st.lists(names(), min_size=1, max_size=3, unique=True))
    for name in taken:
        worker: dict[str, Any] = {
            "queues": draw(st.lists(st.sampled_from(queues), min_size=1, max_size=4, unique=True)),
            "pool": draw(st.sampled_from(["prefork", "threads", "gevent", "solo"])),
        }
        some(
            draw,
            worker,
            {
                "concurrency": st.integers(1, 64),
                "replicas": st.integers(0, 4),
                "prefetch_multiplier": st.integers(1, 10),
                "max_tasks_per_child": st.integers(1, 1000),
                "max_memory_per_child": sizes,
                "shutdown": st.one_of(
                    st.just("drain"),
                    st.fixed_dictionaries({"drain": durations}),
                    st.fixed_dictionaries({"soft": durations}),
                ),
                "env": st.dictionaries(
                    st.from_regex(r"[A-Z][A-Z0-9_]{0,6}", fullmatch=True), _ANY, max_size=2
                ),
                "include": st.lists(words, max_size=2),
                "extra_args": st.sampled_from([["--without-gossip"], ["--without-mingle", "-E"]]),
            },
        )
        if draw(st.integers(0, 3)) == 0:
            least = draw(st.integers(0, 3))
            worker["scale"] = {"min": least, "max": least + draw(st.integers(1, 9))}
        if worker["pool"] == "prefork" and "concurrency" not in worker and draw(st.booleans()):
            low = draw(st.integers(1, 4))
            worker["autoscale"] = {"min": low, "max": low + draw(st.integers(0, 6))}
        workers[name] = worker
    rest = [
        queue
        for queue in queues
        if not any(queue in one["queues"] and one.get("replicas", 1) for one in workers.values())
    ]
    if rest:
        workers["all the rest"] = {"queues": rest}
    return workers


@st.composite
def _entry(
    draw: Any, queues: dict[str, Any], exchanges: dict[str, Any], tasks: list[str]
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "task": draw(st.one_of(names(), st.sampled_from(tasks)) if tasks else names())
    }
    entry.update(
        draw(
            st.one_of(
                st.fixed_dictionaries({"every": durations}),
                st.fixed_dictionaries({"crontab": crontabs}),
                st.fixed_dictionaries(
                    {
                        "solar": st.fixed_dictionaries(
                            {
                                "event": st.sampled_from(EVENTS),
                                "latitude": st.floats(-90, 90),
                                "longitude": st.floats(-180, 180),
                            }
                        )
                    }
                ),
            )
        )
    )
    direct = sorted(name for name, queue in queues.items() if _publishable(queue, exchanges))
    some(
        draw,
        entry,
        {
            **({"queue": st.sampled_from(direct)} if direct else {}),
            "expires": durations,
            "args": st.lists(scalars, max_size=3),
            "kwargs": st.dictionaries(words, scalars, max_size=2),
        },
    )
    return entry


def _numbers(low: int, high: int) -> st.SearchStrategy[str]:
    one = st.integers(low, high).map(str)
    span = st.builds("{}-{}".format, one, one)
    step = st.integers(1, 30).map(str)
    part = st.one_of(
        one,
        span,
        st.just("*"),
        st.builds("*/{}".format, step),
        st.builds("{}/{}".format, span, step),
    )
    return st.lists(part, min_size=1, max_size=3).map(",".join)


crontabs = st.builds(
    "{} {} {} {} {}".format,
    _numbers(0, 59),
    _numbers(0, 23),
    _numbers(1, 31),
    st.one_of(_numbers(1, 12), st.sampled_from(["jan", "mar-nov", "feb,dec"])),
    st.one_of(_numbers(0, 6), st.sampled_from(["mon", "mon-fri", "sat,sun"])),
)


def _canvas(tasks: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    leaf = st.sampled_from(tasks)

    def more(step: Any) -> Any:
        steps = st.lists(step, min_size=1, max_size=3)
        return st.one_of(
            st.fixed_dictionaries({"chain": steps}),
            st.fixed_dictionaries({"group": steps}),
            st.fixed_dictionaries(
                {"chord": st.fixed_dictionaries({"header": steps, "body": step})}
            ),
        )

    return more(st.recursive(leaf, more, max_leaves=4))
