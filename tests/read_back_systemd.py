"""Units, as man:systemd.syntax, man:systemd.service and man:systemd.unit say they are read.

systemd has no parser to be called; that this one reads what systemd reads is
tested by letting systemd start the same units (`test_systemd_real.py`).
"""

from __future__ import annotations

import math
import re
from pathlib import PurePath

from started import Started

ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "s": " "}


def read_back(artifacts):
    """What the target starts: each instance of a template by itself."""
    files = {PurePath(one.path).name: sections(one.content) for one in artifacts}
    (target,) = (name for name in files if name.endswith(".target"))
    return [started(files, name) for key, name in files[target]["Unit"] if key == "Wants"]


def started(files, name):
    base, at, instance = name.removesuffix(".service").partition("@")
    unit = files[f"{base}{at}.service"]
    service = unit["Service"]
    env = {}
    for key, value in service:
        if key == "Environment":
            for word in words(value):
                variable, _, text = specified(word, instance).partition("=")
                env[variable] = text
    only = dict(service)
    path, *rest = words(only["ExecStart"])
    assert path.startswith("/")
    argv = (specified(path, instance), *(dollars(specified(one, instance)) for one in rest))
    stop = only["TimeoutStopSec"]
    return Started(name, argv, env, 1, math.inf if stop == "infinity" else float(stop))


def sections(text):
    """The keys of each section, in order; a key may be there more than once."""
    found = {}
    # systemd ends a line at a newline alone.
    for line in text.split("\n"):
        line = line.strip(" \t")
        if not line or line[0] in "#;":
            continue
        assert not line.endswith("\\"), "the next line would belong to it"
        if line.startswith("["):
            current = found.setdefault(line[1:-1], [])
        else:
            key, _, value = line.partition("=")
            current.append((key.rstrip(), value.lstrip()))
    return found


def words(text):
    """Words as in a shell, with the escapes of C."""
    found, word, quote, at = [], None, "", 0
    while at < len(text):
        one = text[at]
        at += 1
        if one == "\\":
            escaped = text[at]
            at += 1
            if escaped == "x":
                word = (word or "") + chr(int(text[at : at + 2], 16))
                at += 2
            else:
                word = (word or "") + ESCAPES.get(escaped, escaped)
        elif quote:
            if one == quote:
                quote = ""
            else:
                word = (word or "") + one
        elif one in "\"'":
            quote, word = one, word or ""
        elif one in " \t":
            if word is not None:
                found.append(word)
            word = None
        else:
            assert not (one == ";" and word is None), "another command would begin"
            word = (word or "") + one
    assert not quote
    return found if word is None else [*found, word]


def specified(text, instance):
    values = {"%": "%", "i": instance}
    return re.sub("%(.)", lambda match: values[match[1]], text)


def dollars(text):
    assert "$" not in text.replace("$$", ""), "a variable would be put in"
    return text.replace("$$", "$")
