"""Checkouts as people have them: each works like a plain clone, or is refused in one sentence."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.support.project import PROGRAMS, ROOT, Project, error_of
from tests.support.quick import Quick, finished_quick_project

Checkout = tuple[Path, dict[str, str]]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Quick:
    """The repository that the others come from, with one committed run of four epochs."""
    return finished_quick_project(tmp_path_factory.mktemp("hub"))


def git(place: Path, *arguments: str) -> None:
    user = ("-c", "user.name=A User", "-c", "user.email=user@example.org")
    done = subprocess.run(
        ["git", *user, "-c", "protocol.file.allow=always", *arguments],
        cwd=place, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def clone(hub: Quick, place: Path, *options: str) -> Path:
    git(place, "clone", "--quiet", *options, f"file://{hub.root}", "clone")
    return place / "clone"


def unpacked(hub: Quick, place: Path) -> Path:
    """The project's files in a repository of something else, committed."""
    outer = place / "outer"
    outer.mkdir()
    git(outer, "init", "--quiet")
    git(outer, "clone", "--quiet", str(hub.root), "deep/project")
    subprocess.run(["rm", "-rf", outer / "deep/project/.git"], check=True)
    (outer / "something else").touch()
    git(outer, "add", "--all")
    git(outer, "commit", "--quiet", "--message", "all of it")
    return outer / "deep/project"


def with_settings(place: Path, *settings: str) -> dict[str, str]:
    """A home of the user's with settings of git's."""
    for setting in settings:
        name, _, value = setting.partition("=")
        git(place, "config", "--file", str(place / ".gitconfig"), "--add", name, value)
    return {"HOME": str(place)}


def a_submodule(hub: Quick, place: Path) -> Checkout:
    git(place, "init", "--quiet")
    git(place, "submodule", "--quiet", "add", str(hub.root), "part")
    return place / "part", {}


def a_folder_of_a_larger_repository(hub: Quick, place: Path) -> Checkout:
    return unpacked(hub, place), {}


def symbolic_links_into_the_cache(hub: Quick, place: Path) -> Checkout:
    root = clone(hub, place)
    Project(root).dvc("config", "--local", "cache.type", "symlink")
    return root, {}


def locks_ignored_everywhere(hub: Quick, place: Path) -> Checkout:
    (place / "ignored").write_text("*.lock\n")
    return clone(hub, place), with_settings(place, f"core.excludesFile={place / 'ignored'}")


def line_ends_of_windows(hub: Quick, place: Path) -> Checkout:
    home = with_settings(place, "core.autocrlf=true", "core.safecrlf=true")
    subprocess.run(
        ["git", "clone", "--quiet", hub.root, place / "clone"], env=os.environ | home, check=True
    )
    return place / "clone", home


def another_owner_whom_git_trusts(hub: Quick, place: Path) -> Checkout:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    root = clone(hub, place)
    subprocess.run(["chown", "-R", "1234:1234", root], check=True)
    return root, with_settings(place, f"safe.directory={root}")


def shallow_without_a_branch(hub: Quick, place: Path) -> Checkout:
    root = clone(hub, place, "--depth=1")
    git(root, "checkout", "--quiet", "--detach")
    return root, {}


def a_worktree_of_a_bare_clone(hub: Quick, place: Path) -> Checkout:
    bare = clone(hub, place, "--bare")
    git(bare, "worktree", "add", "--quiet", str(place / "tree"), "HEAD")
    return place / "tree", {}


def a_strange_path_behind_a_link(hub: Quick, place: Path) -> Checkout:
    strange = place / "Zeitreihen für 日本 'n $HOME"
    clone(hub, place).rename(strange)
    (place / "link").symlink_to(strange)
    return place / "link", {"PWD": str(place / "link")}


@pytest.mark.parametrize(
    ("situation", "said"),
    [
        (a_submodule, "submodule of "),
        (a_folder_of_a_larger_repository, "folder deep/project/ of its repository"),
        (symbolic_links_into_the_cache, "branch main"),
        (locks_ignored_everywhere, "branch main"),
        (line_ends_of_windows, "branch main, files as committed"),
        (another_owner_whom_git_trusts, "branch main"),
        (shallow_without_a_branch, "no branch (detached HEAD), shallow, files as committed"),
        (a_worktree_of_a_bare_clone, "no branch (detached HEAD)"),
        (a_strange_path_behind_a_link, "branch main"),
    ],
)
def test_a_run_an_isolated_run_a_verification_and_the_doctor_work_in(
    hub: Quick, tmp_path: Path, situation: Callable[[Quick, Path], Checkout], said: str
):
    root, environment = situation(hub, tmp_path)
    project = Project(root)

    def kept(*arguments: str) -> None:
        arguments = ("run", "--no-prefect", "--json", "-S", *arguments)
        assert f'"{arguments[-1]}"' in project.exactcast(*arguments, **environment)

    kept("train.epochs=5", "--name", "here")
    assert project.read("model") == b"5 epochs on table"
    git = partial(project.call, "git", **environment)
    git("checkout", "--quiet", "--", "params.yaml", "dvc.lock", "reports/metrics.json")
    before = files(root)
    kept("train.epochs=12", "--isolated", "--name", "apart")
    assert files(root) == before

    reference = git("for-each-ref", "--format=%(refname)", "refs/exps/*/*/apart").strip()
    changed = git("diff", "--name-only", "--relative", "HEAD", reference).split()
    assert changed == ["dvc.lock", "params.yaml", "reports/metrics.json", "reports/record.json"]
    assert "train.epochs 4 -> 12" in project.exactcast("runs", **environment)

    assert "\nidentical: all 5 outputs of apart " in project.exactcast(
        "verify", "apart", **environment
    )
    assert said in described(root, environment)


def files(root: Path) -> dict[str, bytes]:
    names = ["params.yaml", "dvc.lock", "model", "made", "reports/metrics.json"]
    return {name: (root / name).read_bytes() for name in names}


def test_a_run_that_a_git_hook_starts_is_of_the_folder_that_it_is_in(hub: Quick, tmp_path: Path):
    project = Project(clone(hub, tmp_path))
    hook = project.root / ".git/hooks/pre-commit"
    run = f"{PROGRAMS}/python -m pipeline run --no-prefect"
    hook.write_text(
        f"#!/bin/sh\nenv | grep ^GIT_INDEX_FILE=.git\n"
        f"{run} -S train.epochs=5 --isolated --name apart\n{run} -S train.epochs=5 --name here\n"
    )
    hook.chmod(0o755)
    (project.root / "README.md").write_text("staged")
    project.git("add", "README.md")
    said = project.git("commit", "--message", "from a hook")
    assert said.startswith("GIT_INDEX_FILE=.git/index\n")
    assert project.read("model") == b"5 epochs on table"
    kept = project.git("for-each-ref", "--format=%(refname:lstrip=4)", "refs/exps").split()
    assert kept == ["apart", "here"]
    assert project.git("show", "--format=", "--name-only", "HEAD").split() == ["README.md"]
    assert project.git("status", "--porcelain").split() == ["M", "dvc.lock", "M", "params.yaml"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_checkout_of_another_owner_is_refused_in_the_words_of_git(hub: Quick, tmp_path: Path):
    root, _ = another_owner_whom_git_trusts(hub, tmp_path)
    assert refusal(root, "run") == (
        f"error: git does not work in {root}: detected dubious ownership in repository at '{root}' "
        f"To add an exception for this directory, call: git config --global --add safe.directory {root}"
    )


def test_a_folder_without_a_project_is_refused_with_what_is_missing(hub: Quick, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path / "empty", "run").startswith(
        f"error: {tmp_path / 'empty'} is not in a git checkout."
    )
    git(tmp_path, "init", "--quiet")
    assert refusal(tmp_path / "empty", "run").startswith(
        f"error: There is no dvc.yaml in {tmp_path / 'empty'}, nor above it in the git checkout {tmp_path}."
    )
    (tmp_path / "dvc.yaml").touch()
    assert refusal(tmp_path / "empty", "run") == (
        f"error: {tmp_path} has a dvc.yaml but no .dvc folder next to it. Create it there: dvc init "
        "--subdir"
    )
    (tmp_path / ".dvc").mkdir()
    assert refusal(tmp_path / "empty", "run", "--no-prefect").startswith(
        f"error: There is no commit in {tmp_path} yet, and every run starts from one."
    )


def test_a_project_is_found_from_any_folder_in_it(hub: Quick, tmp_path: Path):
    root = unpacked(hub, tmp_path)
    (root / "data/dvc.yaml").touch()  # DVC reads more than one, but has one root
    assert "\ntrain  " in exactcast(root / "data", "status").stdout.replace("prepare", "\n")


def test_a_dvc_lock_that_is_ignored_after_all_is_named_with_the_pattern(hub: Quick, tmp_path: Path):
    root, home = locks_ignored_everywhere(hub, tmp_path)
    ignore = root / ".gitignore"
    ignore.write_text(ignore.read_text().replace("!/dvc.lock\n", ""))
    sentence = (
        f"git ignores dvc.lock by the pattern *.lock in {tmp_path / 'ignored'}, line 1, and DVC reads "
        f"no ignored file. Add the line !/dvc.lock to {ignore}"
    )
    for command in (["run", "--no-prefect"], ["status"]):
        assert refusal(root, *command, **home) == f"error: {sentence}"
    found = json.loads(exactcast(root, "doctor", "--json", **home).stdout)
    assert {"name": "checkout", "ok": False, "text": sentence} in found
    Project(root).exactcast("run", "--isolated", "--no-prefect", **home)

    with ignore.open("a") as file:
        file.write("!/dvc.lock\n")
    Project(root).exactcast("run", "--no-prefect", **home)


def test_converted_files_are_named_and_the_named_commands_bring_the_bytes_back(
    hub: Quick, tmp_path: Path
):
    without = Project(clone(hub, tmp_path))
    without.git("config", "user.name", "A User")
    without.git("config", "user.email", "user@example.org")
    (without.root / ".gitattributes").unlink()
    without.commit("as projects were before")
    (tmp_path / "other").mkdir()
    root, home = line_ends_of_windows(Quick(without.root, hub.signals), tmp_path / "other")
    assert b"\r\n" in (root / "stage.py").read_bytes()
    assert "\nidentical: " in Project(root).exactcast("verify", **home)

    (root / "README.md").write_text("edited\n")
    found = described(root, home)
    assert re.search(r"git changed the bytes of \S+ and \d+ more at checkout \(core", found)
    cure = found.partition("then: ")[2]
    Project(root).git("stash", "--quiet")
    Project(root).call("sh", "-c", cure)
    assert described(root, home) == "branch main, files as committed\n"
    assert (root / "stage.py").read_bytes() == hub.read("stage.py")


def described(root: Path, environment: dict[str, str]) -> str:
    """What the doctor says of the checkout, without the other checks, which take longer."""
    code = (
        "from pipeline.runs.checkout import this_workspace\n"
        "from pipeline.runs.converted_files import describe_checkout\n"
        "print(describe_checkout(this_workspace()))"
    )
    return Project(root).call("python", "-c", code, check=False, **environment)


def exactcast(root: Path, *arguments: str, **environment: str):
    """Call the command line, also where no code of the project lies."""
    return Project(root).attempt(
        "python", "-m", "pipeline", *arguments, PYTHONPATH=str(ROOT), **environment
    )


def refusal(root: Path, *arguments: str, **environment: str) -> str:
    done = exactcast(root, *arguments, **environment)
    assert done.returncode == 1, done.stdout
    (line,) = error_of(done).splitlines()
    return line
