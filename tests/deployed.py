"""Strategies: topologies that are deployed in containers, with hostile texts in every place."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from qtopo.emit.base import Job, emitter
from qtopo.topology.topology import Topology
from strategies import HOSTILE, topologies

TEXTS = (
    *HOSTILE,
    "$$(HOME)",
    "$(HOME)",
    "$$$(HOME)",
    "${HOME:?no}",
    "$",
    "$$",
    "${",
    "$5 and $HOME",
    "\u202e\u2066rtl",
    "\u05d0\u05d1",
    "no-break\xa0space",
    "\ufeff",
    "*&!|>%@`",
    "key: value",
    "- item",
    "#not a comment",
    "a #comment",
    "~",
    "null",
    "No",
    "1e3",
    "0o14",
    "010",
    "1_000",
    "12:30:45",
    "2020-01-01",
    "'",
    '"',
    "\\",
    "\\x41",
    "<<",
    "=",
    "{}",
    "[]",
    "---",
    "...",
    "",
    " ",
)

# As many as the file takes; a filter would throw most of a long example away.
_CHARACTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
texts = st.one_of(st.sampled_from(TEXTS), st.text(_CHARACTERS, max_size=12))
paths = st.one_of(
    st.sampled_from(["/srv/app", "/tmp/a b", "/srv/$(HOME)/$HOME", "/opt/ü'\"", "/a:b/c", "/"]),
    texts.map("/{}".format),
)


@st.composite
def deployed(
    draw: Any, transports: tuple[str, ...] = ("rabbitmq", "redis"), *, scaled: bool = False
) -> dict[str, Any]:
    """A topology with `[deploy]`; with `scaled` every worker is, and says how much it runs."""
    data = draw(topologies(transports=transports))
    # Each worker's argument may hold what a platform would put something else in for.
    for worker in data["workers"].values():
        if draw(st.booleans()):
            worker["env"] = draw(
                st.dictionaries(st.sampled_from(["A", "HOME", "B_2", "_c"]), texts, max_size=3)
            )
        if draw(st.booleans()):
            worker["extra_args"] = ["--statedb", draw(texts).lstrip("-")]
        if scaled:
            worker.pop("autoscale", None)
            worker.setdefault("concurrency", 2)
        if scaled or draw(st.integers(0, 3)) == 0:
            low = draw(st.integers(0, 3))
            worker["scale"] = {"min": low, "max": low + draw(st.integers(1, 200))}
        if draw(st.integers(0, 3)) == 0:
            worker["machine"] = "m"
            data["machines"] = {"m": {"cpus": 4}}
    if "beat" in data and draw(st.booleans()):
        data["beat"]["schedule_file"] = draw(st.one_of(paths, st.just("var/beat")))
    data["deploy"] = draw(
        st.fixed_dictionaries(
            {"image": texts.map("r{}".format), "secret": st.sampled_from(["shop", "a.b-c"])},
            optional={
                "bin": paths,
                "directory": paths,
                "user": st.sampled_from(["1000", "celery", "ü $(HOME)", "-"]),
                "group": st.sampled_from(["1000", "celery", "ü $(HOME)", "-"]),
                "namespace": st.just("prod"),
                "heartbeat_file": paths,
            },
        )
    )
    return data


def job_of(data: dict[str, Any], target: str, output: str = "out") -> Job:
    topology, findings = Topology.from_data(data)
    assert findings == []
    return Job(topology, output, source="shop.toml", target=target)


def emitted(job: Job) -> Any:
    """The files of a job, and that they are the same twice, and that all else answers."""
    target = emitter(job.target)
    artifacts = target.emit(job)
    assert target.emit(job) == artifacts
    assert target.summary(job)
    for artifact in artifacts:
        assert artifact.content.startswith(f"# Made by qtopo emit --target {job.target}:")
        assert artifact.content.endswith("\n")
    for note in target.notes(job):
        assert note == note.strip()
    return artifacts
