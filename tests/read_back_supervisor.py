"""A file for supervisor, as supervisord reads it when its own file includes it."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path
from unittest import mock

from read_back_procfile import assigned
from started import Started

MAIN = """\
[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}

[include]
files={folder}/conf.d/*.conf
"""


def configs(artifacts):
    """supervisor's own configuration of each process, by the name of its group."""
    from supervisor.options import ServerOptions

    (artifact,) = artifacts
    with tempfile.TemporaryDirectory() as folder:
        included = Path(folder, "conf.d")
        included.mkdir()
        (included / "app.conf").write_text(artifact.content, encoding="utf-8")
        main = Path(folder, "supervisord.conf")
        main.write_text(MAIN.format(folder=folder))
        options = ServerOptions()
        options.configfile = str(main)
        options.here = folder
        # The account need not be there; whether it is, is asked on the machine that runs it.
        with mock.patch("supervisor.options.name_to_uid", return_value=65534):
            section = options.read_config(str(main))
        assert not options.parse_criticals
        assert not options.parse_warnings
    return {group.name: group.process_configs for group in section.process_group_configs}


def read_back(artifacts):
    """What supervisord would start, each of several processes by itself."""
    found = []
    for processes in configs(artifacts).values():
        for one in processes:
            # As its process.py divides it.
            argv, env = assigned(shlex.split(one.command))
            env = {**one.environment, **env}
            found.append(Started(one.name, argv, env, 1, float(one.stopwaitsecs)))
    return found
