"""`qtopo permissions`: the table, JSON, and commands that set what they say."""

from __future__ import annotations

import json
import shlex

import pytest

from qtopo.cli.main import main

RABBITMQ = """\
[app]
name = "shop"
[queues.celery]
[queues."a 'b' $(x)"]
[workers.mail]
queues = ["celery", "a 'b' $(x)"]
"""
REDIS = '[broker]\ntransport = "redis"\nurl = "env:B"\n' + RABBITMQ


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    def call(text, *arguments):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "topology.toml").write_text(text, encoding="utf-8")
        code = main(["permissions", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_the_table_has_a_block_for_each_user(run):
    code, out, _ = run(RABBITMQ)
    assert code == 0
    blocks = [block.splitlines() for block in out.strip().split("\n\n")]
    assert [block[0] for block in blocks] == ["shop-mail", "shop-producer", "shop-control"]
    assert "  sends to          the anonymous exchange" in blocks[1]
    assert "  write             ^(a 'b' \\$\\(x\\)|amq\\.default|celery)$" in blocks[1]


def test_json_says_the_same_as_the_commands_of_rabbitmq(run):
    code, out, _ = run(RABBITMQ, "--format", "json")
    assert code == 0
    found = json.loads(out)
    assert (found["format_version"], found["vhost"]) == (1, "/")
    code, out, _ = run(RABBITMQ, "--format", "commands")
    assert code == 0
    assert [shlex.split(line) for line in out.splitlines()] == [
        ["rabbitmqctl", "set_permissions", "-p", "/", one["user"], *one["rabbitmq"].values()]
        for one in found["users"]
    ]


def test_rules_of_redis_and_whose_database_they_are_of(run):
    code, out, err = run(REDIS, "--format", "commands")
    assert code == 0
    assert "redis_database" in err
    assert out.splitlines()[1].startswith("ACL SETUSER shop-mail resetkeys resetchannels -@all ")
    assert "nopass" not in out
    code, out, err = run(REDIS + "[deploy]\nredis_database = 3\n")
    assert code == 0
    assert "redis_database" not in err
    assert "/3.celery.pidbox" in out


def test_what_cannot_be_said_is_an_error_with_a_way_out(run):
    code, _, err = run('[broker]\ntransport = "sqs"\n')
    assert code == 2
    assert "RabbitMQ and Redis" in err
