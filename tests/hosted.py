"""Strategies: what is started on one machine, with hostile texts in every place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from deployed import paths, texts
from strategies import durations, names

if TYPE_CHECKING:
    from qtopo.emit.base import Job

BASE: dict[str, Any] = {
    "app": {"name": "shop", "celery": "shop:app"},
    "broker": {"transport": "rabbitmq", "url": "env:BROKER"},
    "queues": {"celery": {}},
    "workers": {"mail": {"queues": ["celery"], "concurrency": 2}},
}

# What supervisor's reader, systemd's or a shell gives a meaning, alone and in places.
traps = st.lists(
    st.sampled_from(
        [" ;", " #", ";", "#", "%(here)s", "%(ENV_HOME)s", "%(process_num)d", "%i", "%", "'", '"',
         "\\", "\\n", " ", "x", "=", ",", "\u00a0;", "\u3000#", "[", "]", "$", "${HOME}", "$$(X)",
         "$HOME", "é", "🐰", "''", '""', "~", "-", "@", ":", "+", "!", "`id`", "\u202e"]
    ),
    max_size=6,
).map("".join)  # fmt: skip
hostile = st.one_of(texts, traps)

_shutdowns = st.one_of(
    st.just("drain"),
    st.fixed_dictionaries({"drain": durations}),
    st.fixed_dictionaries({"soft": durations}),
)
_arguments = hostile.filter(lambda text: not text.startswith("-"))
_workers = st.fixed_dictionaries(
    {"queues": st.just(["celery"])},
    optional={
        "pool": st.sampled_from(["prefork", "threads", "gevent", "solo"]),
        "replicas": st.integers(0, 3),
        "shutdown": _shutdowns,
        "scale": st.just({"min": 0, "max": 3}),
        "env": st.dictionaries(st.sampled_from(["A", "B_2", "_c"]), hostile, max_size=3),
        "extra_args": st.lists(_arguments, max_size=2),
    },
)


@st.composite
def hosted(draw: Any, app: str = "shop") -> dict[str, Any]:
    """A topology with workers of any name, environment and arguments, and where they run."""
    found = draw(
        st.dictionaries(
            st.one_of(names(), traps.map(str.strip).filter(bool)), _workers, min_size=1, max_size=4
        )
    )
    data = {**BASE, "app": {"name": app, "celery": draw(_arguments.filter(str.strip))}}
    data["workers"] = found
    if draw(st.booleans()):
        data["beat"] = {"replicas": draw(st.integers(0, 2))}
    if draw(st.booleans()):
        data["tasks"] = {"a": {"time_limit": draw(durations)}}
    data["deploy"] = draw(
        st.fixed_dictionaries(
            {"bin": paths},
            optional={"directory": paths, "env_file": paths, "user": names(), "group": names()},
        )
    )
    return data


def writable(data: dict[str, Any], emit: Any, job_of: Any, target: str) -> Job:
    """The job, without what the platform refuses to have written."""
    from qtopo.errors import EmitError

    for key in ("user", "group", "directory", "env_file", "bin"):
        try:
            emit(job_of(data, target))
        except EmitError:
            data["deploy"].pop(key, None)
            if key == "bin":
                data["deploy"][key] = "/srv/a b"
    job: Job = job_of(data, target)
    return job
