"""A run in a worktree of its own: what it does not touch, what it brings along, what it leaves."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.project import Project, error_of
from tests.support.quick import Quick, contents, in_order


@pytest.fixture
def project(quick_with_a_run: Quick) -> Iterator[Quick]:
    yield quick_with_a_run
    quick_with_a_run.reset()


def isolated(project: Quick, *arguments: str) -> dict[str, str]:
    """Run in a worktree; return what it says of itself."""
    said = project.exactcast("run", "--isolated", "--no-prefect", "--json", *arguments)
    return dict(json.loads(said[said.index("{") :]))


def made(project: Quick, name: str, path: str) -> str:
    """A file of a kept run."""
    (ref,) = project.git("for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}").split()
    return project.git("show", f"{ref}:{path}")


def index(project: Quick) -> str:
    return project.git("ls-files", "--stage") + project.git("diff", "--cached")


def test_a_dirty_workspace_its_index_and_its_branch_are_not_touched(project: Quick):
    (project.root / "stage.py").write_text("raise SystemExit('half an idea')\n")
    (project.root / "raw").write_text("staged")
    project.git("add", "raw")
    (project.root / "raw").write_text("edited since")
    (project.root / "notes.txt").write_text("untracked")
    before = contents(project), index(project), project.read("stage.py"), project.read("raw")

    kept = isolated(project, "-S", "train.epochs=7", "--name", "beside")["experiment"]
    assert kept == "beside"
    assert (
        contents(project), index(project), project.read("stage.py"), project.read("raw")
    ) == before  # fmt: skip
    assert "epochs: 7" in made(project, "beside", "params.yaml")
    assert made(project, "beside", "raw") == "table"
    in_order(project)


def test_code_and_params_edited_during_the_training_do_not_matter(project: Quick):
    project.hold()
    started = project.start(
        "run", "--isolated", "--no-prefect", "-S", "train.epochs=8", "--name", "edited"
    )
    project.held()
    committed = project.read("stage.py")
    (project.root / "stage.py").write_text("raise SystemExit('an edit')\n")
    params = project.root / "params.yaml"
    params.write_text(params.read_text().replace("epochs: 4", "epochs: 99"))
    project.release()
    assert started.ends() == 0, started.said()
    assert made(project, "edited", "stage.py").encode() == committed
    assert "epochs: 8" in made(project, "edited", "params.yaml")
    assert "epochs: 99" in params.read_text()


def test_the_users_git_hooks_do_not_fire(project: Quick, tmp_path: Path):
    for name in ("post-checkout", "pre-commit", "post-commit", "reference-transaction"):
        hook = project.root / ".git/hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/{name}'\n")
        hook.chmod(0o755)
    try:
        project.git("checkout", "--quiet", "-b", "another")  # as a check that they do fire
        assert (tmp_path / "post-checkout").exists()
        project.git("checkout", "--quiet", "main")
        project.git("branch", "--quiet", "--delete", "another")
        for fired in tmp_path.iterdir():
            fired.unlink()
        isolated(project, "-S", "train.epochs=9")
        assert not list(tmp_path.glob("*-c*")), "a hook of checkouts or commits fired"
    finally:
        for hook in (project.root / ".git/hooks").iterdir():
            hook.unlink()


def test_a_remote_that_only_this_clone_knows_is_there_also_with_a_relative_path(
    project: Quick, tmp_path: Path
):
    project.dvc("remote", "add", "--local", "--default", "store", "../store")
    project.call("git", "init", "--quiet", "--bare", str(tmp_path / "hub"))
    project.git("remote", "add", "hub", str(tmp_path / "hub"))
    try:
        kept = isolated(project, "-S", "train.epochs=11", "--push")["experiment"]
        assert list((project.root.parent / "store").glob("files/md5/*/*"))
        assert kept in project.dvc("exp", "list", "hub", "--all-commits")
    finally:
        project.git("remote", "remove", "hub")
        project.dvc("remote", "remove", "--local", "store")


def test_the_worktree_of_a_killed_run_is_removed_by_the_next_and_of_a_live_one_is_not(
    project: Quick,
):
    project.hold()
    killed = project.start("run", "--isolated", "--no-prefect", "-S", "train.epochs=14")
    project.held()
    killed.process.kill()
    killed.leaves_nothing()
    (abandoned,) = project.worktrees()
    alive = project.start("run", "--isolated", "--no-prefect", "-S", "train.epochs=15")
    project.held()
    (in_use,) = project.worktrees()
    assert in_use != abandoned
    third = project.start("run", "--isolated", "--no-prefect", "-S", "train.epochs=16")
    project.held()
    assert in_use in project.worktrees()
    project.release()
    assert (alive.ends(), third.ends()) == (0, 0)
    assert project.worktrees() == []
    assert len(project.git("worktree", "list").splitlines()) == 1
    in_order(project)


def test_dvc_applies_branches_shows_and_pushes_what_was_kept(project: Quick, tmp_path: Path):
    kept = isolated(project, "-S", "train.epochs=18", "--name", "eighteen")["experiment"]
    shown = json.loads(project.dvc("exp", "show", "--json"))
    assert "eighteen" in json.dumps(shown)

    project.dvc("exp", "apply", kept)
    assert project.read("model") == b"18 epochs on table"
    assert b"epochs: 18" in project.read("params.yaml")
    assert json.loads(project.dvc("status", "--json")) == {}
    project.git("reset", "--quiet", "--hard")

    project.dvc("exp", "branch", kept, "taken")
    assert "epochs: 18" in project.git("show", "taken:params.yaml")
    project.git("branch", "--quiet", "-D", "taken")

    project.call("git", "init", "--quiet", "--bare", str(tmp_path / "hub"))
    project.dvc("exp", "push", "--no-cache", str(tmp_path / "hub"), kept)
    hub = Project(tmp_path / "hub")
    assert hub.git("for-each-ref", "--format=%(refname)", "refs/exps").strip().endswith("/eighteen")

    again = project.attempt(
        "python", "-m", "pipeline", "run", "--isolated", "--no-prefect", "-S", "train.epochs=19",
        "--name", "eighteen",
    )  # fmt: skip
    assert again.returncode == 1
    assert error_of(again).startswith("error: An experiment named 'eighteen' exists.")


def test_an_isolated_run_names_the_commands_that_fetch_what_it_made(toy_copy: Project):
    said = toy_copy.exactcast("run", "--isolated", "--no-prefect", "-S", "seed=5").splitlines()
    assert said[0] == "starting an isolated run of HEAD"
    commands = {line[:9].strip(): line[9:].split() for line in said if "dvc " in line}
    (name,) = (line.split()[-1] for line in said if line.startswith("kept as"))
    assert commands["report"] == ["dvc", "get", ".", "reports/report.html", "--rev", name]
    assert commands["branch"] == ["dvc", "exp", "branch", name, "BRANCH"]
    toy_copy.call(*commands["model"])
    got = toy_copy.read("model.keras")
    assert got != toy_copy.read("models/model.keras")  # the workspace's
    toy_copy.call(*commands["take over"])
    assert got == toy_copy.read("models/model.keras")


def test_an_isolated_run_starts_from_any_commit_or_kept_run(project: Quick):
    isolated(project, "-S", "train.epochs=24", "--name", "base")
    isolated(project, "--rev", "base", "-S", "train.epochs=25", "--name", "onwards")
    assert "epochs: 25" in made(project, "onwards", "params.yaml")
    refs = project.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
    base, onwards = (
        next(ref for ref in refs if ref.endswith(f"/{n}")) for n in ("base", "onwards")
    )
    assert project.git("rev-parse", f"{onwards}^") == project.git("rev-parse", base)

    unknown = project.attempt(
        "python", "-m", "pipeline", "run", "--isolated", "--no-prefect", "--rev", "nowhere"
    )
    assert unknown.returncode == 1
    assert error_of(unknown).startswith("error: There is no revision 'nowhere' in ")


def test_the_pointer_of_a_table_that_is_not_committed_is_kept_with_the_run(toy_copy: Project):
    pointer = toy_copy.root / "data/raw/mine.csv.dvc"
    committed = pointer.read_text()
    table = toy_copy.root / "data/raw/mine.csv"
    table.write_text(table.read_text() + "2024-01-03,9.5\n")
    toy_copy.dvc("add", "--quiet", "data/raw/mine.csv")
    assert pointer.read_text() != committed
    said = json.loads(toy_copy.exactcast("run", "--no-prefect", "--json", "--name", "more"))
    assert said["experiment"] == "more"
    (ref,) = toy_copy.git("for-each-ref", "--format=%(refname)", "refs/exps/*/*/more").split()
    assert toy_copy.git("show", f"{ref}:data/raw/mine.csv.dvc") == pointer.read_text()
