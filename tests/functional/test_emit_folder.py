"""`qtopo emit` into a folder: what is stale, what is a stray, what is somebody else's."""

from __future__ import annotations

import pytest

from qtopo.cli.main import main

TOPOLOGY = """
[app]
name = "shop"
celery = "shop.app:app"

[deploy]
image = "shop:1"

[queues.celery]
[queues.mail]

[[routes]]
task = "shop.mail.*"
queue = "mail"

[settings]
task_time_limit = 60
"""
WORKERS = """
[workers.main]
queues = ["celery"]
concurrency = 2
"""
MAIL = """
[workers.mail]
queues = ["mail"]
concurrency = 2
"""
BOTH = '\n[workers.main]\nqueues = ["celery", "mail"]\nconcurrency = 2\n'


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topology.toml").write_text(TOPOLOGY + WORKERS + MAIL)
    return tmp_path


def emit(capsys, *words):
    code = main(["emit", "--target", "kubernetes", "deploy/", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_folder_is_made_and_up_to_date(here, capsys):
    code, out, err = emit(capsys)
    assert code == 0
    assert not out
    assert sorted(one.name for one in (here / "deploy").iterdir()) == ["mail.yaml", "main.yaml"]
    assert "wrote deploy/ (2 of 2 files): 2 Deployments" in err
    assert emit(capsys, "--check")[0] == 0
    assert "deploy/ is up to date" in emit(capsys)[2]


def test_one_stale_file_is_named_and_alone_written(here, capsys):
    emit(capsys)
    stale = here / "deploy" / "mail.yaml"
    stale.write_text(stale.read_text() + "# by hand\n")
    untouched = (here / "deploy" / "main.yaml").stat().st_mtime_ns
    code, _, err = emit(capsys, "--check")
    assert code == 1
    assert "deploy/mail.yaml is stale" in err
    assert "deploy/main.yaml is up to date" in err
    assert "wrote deploy/ (1 of 2 files)" in emit(capsys)[2]
    assert (here / "deploy" / "main.yaml").stat().st_mtime_ns == untouched


def test_strays_are_told_and_removed_only_when_asked(here, capsys):
    emit(capsys)
    (here / "topology.toml").write_text(TOPOLOGY + BOTH)
    code, _, err = emit(capsys, "--check")
    assert code == 1
    assert "deploy/mail.yaml is a stray" in err
    assert "--prune" in err
    code, out, _ = emit(capsys, "--diff")
    assert code == 1
    assert "+++ /dev/null" in out
    code, _, err = emit(capsys)
    assert code == 0
    assert "deploy/mail.yaml is a stray" in err
    assert (here / "deploy" / "mail.yaml").exists()
    code, _, err = emit(capsys, "--prune")
    assert code == 0
    assert "removed deploy/mail.yaml" in err
    assert not (here / "deploy" / "mail.yaml").exists()
    assert emit(capsys, "--check")[0] == 0


def test_what_somebody_else_made_is_left_alone(here, capsys):
    emit(capsys)
    folder = here / "deploy"
    (folder / "kustomization.yaml").write_text("resources: [main.yaml]\n")
    (folder / "other.yaml").write_text("# Made by qtopo emit --target keda: change the topology\n")
    (folder / "empty.yaml").write_text("")
    (folder / "sub").mkdir()
    assert emit(capsys, "--check")[0] == 0
    assert emit(capsys, "--prune")[0] == 0
    assert {one.name for one in folder.iterdir()} == {
        "main.yaml",
        "mail.yaml",
        "kustomization.yaml",
        "other.yaml",
        "empty.yaml",
        "sub",
    }


def test_topologies_that_share_a_folder_leave_each_other_alone(here, capsys):
    other = TOPOLOGY.replace('"shop"', '"blog"') + BOTH.replace("main", "posts")
    (here / "blog.toml").write_text(other + "\n[environments.test]\n")
    emit(capsys)
    assert main(["emit", "-t", "blog.toml", "--target", "kubernetes", "deploy/", "--prune"]) == 0
    assert {one.name for one in (here / "deploy").iterdir()} == {
        "main.yaml",
        "mail.yaml",
        "posts.yaml",
    }
    # A file of another environment is made of the same topology.
    (here / "blog.toml").write_text(other.replace("posts", "news") + "\n[environments.test]\n")
    words = ["-t", "blog.toml", "--env", "test", "--target", "kubernetes", "deploy/", "--prune"]
    assert main(["emit", *words]) == 0
    assert main(["emit", *[one for one in words if one not in ("--env", "test")]]) == 0
    assert not (here / "deploy" / "posts.yaml").exists()
    assert (here / "deploy" / "mail.yaml").exists()


@pytest.mark.parametrize("target", ["procfile", "supervisor", "compose", "kubernetes"])
def test_a_file_that_somebody_wrote_is_not_lost(here, capsys, target):
    output = "deploy" if target == "kubernetes" else "launch"
    path = here / "deploy" / "mail.yaml" if target == "kubernetes" else here / "launch"
    path.parent.mkdir(exist_ok=True)
    path.write_text("web: gunicorn shop\n")
    words = ["emit", "--target", target, output]
    assert main(words) == 2
    assert f"is there already, and target '{target}' has not made it" in capsys.readouterr().err
    assert path.read_text() == "web: gunicorn shop\n"
    assert not (here / "deploy" / "main.yaml").exists()
    assert main([*words, "--diff"]) == 1
    path.write_text("# Made by qtopo emit --target asyncapi: change the topology, not this file.\n")
    assert main(words) == 2
    path.write_text("\n")
    assert main(words) == 0
    path.write_text(path.read_text() + "# by hand\n")
    assert main(words) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["deploy/"], "is a folder, and several targets write one"),
        (["--target", "kubernetes", "-"], "writes several files"),
        (["--target", "kubernets", "deploy/"], "did you mean 'kubernetes'?"),
        (["--target", "kubernetes", "topology.toml"], "'topology.toml' is no folder"),
        (["--target", "kubernetes", ""], "'' is no folder"),
        (["--target", "kubernetes", "topology.toml/x"], "cannot make the folder"),
        (["."], "is a folder, and several targets write one"),
        (["--target", "compose", "."], "'.' is a folder, and target 'compose' writes one file"),
        (["--target", "compose", "new/"], "'new/' is a folder"),
        (["compose.yaml", "--prune"], "--prune has nothing to look through"),
        (["Procfile", "--namespace", "CELERY"], "which --namespace is for"),
        (["Procfile", "--app", "shop.app:app"], "which --app is for"),
        (["new/Procfile"], "make the folder 'new'"),
    ],
)
def test_what_cannot_be_is_said(here, capsys, words, said):
    code = main(["emit", *words])
    assert code == 2
    assert said in capsys.readouterr().err


def test_nothing_is_written_where_the_topology_has_errors(here, capsys):
    (here / "topology.toml").write_text(TOPOLOGY.replace('queue = "mail"', 'queue = "mial"') + BOTH)
    code, _, err = emit(capsys)
    assert code == 1
    assert "nothing was emitted" in err
    assert not (here / "deploy").exists()
