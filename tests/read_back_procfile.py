"""A Procfile, as honcho reads it and a shell divides its lines."""

from __future__ import annotations

import shlex

from started import Started


def read_back(artifacts):
    """What honcho would start; it kills after a time of its own, whatever is started."""
    from honcho.environ import parse_procfile
    from honcho.manager import KILL_WAIT

    (artifact,) = artifacts
    found = []
    for name, line in parse_procfile(artifact.content).processes.items():
        word, *words = shlex.split(line)
        assert word == "exec"
        argv, env = assigned(words)
        found.append(Started(name, argv, env, 1, float(KILL_WAIT)))
    return found


def assigned(words):
    """The arguments that `env` would start, and the variables it would set."""
    if words[0] != "env":
        return tuple(words), {}
    at = next(index for index in range(1, len(words)) if "=" not in words[index])
    return tuple(words[at:]), dict(word.split("=", 1) for word in words[1:at])
