"""Keeping a run as a DVC experiment: a commit under refs/exps, beside the branches.

`dvc exp save` would do, but it hashes the workspace anew, so that code edited in the meantime
enters the lock as if it had made the outputs; it empties the user's index; and two at once share its
scratch refs. The commit is made here, of exactly the files of the run, and what DVC shows, applies,
branches and pushes is the same.
"""

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from forecasting.errors import SetupError
from pipeline.workspace import git, run_git

REFS = "refs/exps"
RECORD = "reports/record.json"
AUTOMATIC = re.compile(r"\d{8}-\d{6}-.+-[0-9a-f]{4}")  # names that run.run_name and a short id make
NOBODY = ("exactcast", "exactcast@localhost")  # commits where git knows no user


@dataclass(frozen=True)
class Experiment:
    """A kept run: its name, its commit, and the commit it started from."""

    name: str
    commit: str
    parent: str


def keep(
    root: Path, *, name: str, untracked: Sequence[str], added: Mapping[str, bytes]
) -> Experiment:
    """Keep the files of a checkout as an experiment of the commit that it stands on.

    Neither the index, nor the branch, nor any file of the checkout is touched.

    Args:
        root: The checkout: the workspace, or a worktree.
        name: The experiment's name, new among those of this commit.
        untracked: Files to keep beside those that git tracks.
        added: Files that lie nowhere, by path, such as the run's record.

    Raises:
        SetupError: The name is taken, or it is no name for a git reference.
    """
    parent = git(root, "rev-parse", "HEAD").strip()
    folder_in_git = git(root, "rev-parse", "--show-prefix").removesuffix("\n")
    reference = f"{REFS}/{parent[:2]}/{parent[2:]}/{name}"
    # on the disk, or a power cut could leave a reference to empty objects
    write = partial(git, root, "-c", "core.fsync=all")
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git(root, "read-tree", "HEAD", environment=index)
        write("add", "--update", ".", environment=index)
        if untracked:
            write("add", "--force", "--", *untracked, environment=index)
        for path, content in added.items():
            blob = write("hash-object", "-w", "--stdin", content=content).strip()
            git(
                root,
                "update-index",
                "--add",
                "--cacheinfo",
                f"100644,{blob},{folder_in_git}{path}",
                environment=index,
            )
        tree = write("write-tree", environment=index).strip()
    commit = write(
        "commit-tree",
        tree,
        "-p",
        parent,
        "-m",
        f"exactcast: run {name}",
        environment=_author(root),
    ).strip()
    try:
        write("update-ref", reference, commit, "")  # only if it does not exist
    except SetupError as refused:
        raise SetupError(
            f"The run could not be kept as the experiment '{name}': {refused} Name it otherwise, "
            "or remove the old one: dvc exp remove."
        ) from None
    return Experiment(name, commit, parent)


def check_name(root: Path, name: str) -> None:
    """Refuse a name that no experiment can have, or that one has already.

    Raises:
        SetupError: It is such a name.
    """
    try:
        git(root, "check-ref-format", f"{REFS}/{name}")
        valid = "/" not in name
    except SetupError:
        valid = False
    if not valid:
        raise SetupError(
            f"'{name}' cannot be the name of an experiment. Use letters, digits, - and _ instead."
        )
    if any(experiment.name == name for experiment in experiments(root)):
        raise SetupError(
            f"An experiment named '{name}' exists. Give another name, or remove the old one: "
            f"dvc exp remove {name}"
        )


def experiments(root: Path) -> list[Experiment]:
    """List every experiment that lies in this repository, the newest last."""
    listed = git(
        root, "for-each-ref", "--sort=committerdate", "--sort=refname",
        "--format=%(refname) %(objectname)", REFS,
    )  # fmt: skip
    found = []
    for line in listed.splitlines():
        reference, commit = line.split()
        parts = reference.removeprefix(f"{REFS}/").split("/")
        if len(parts) == 3 and len(parts[0] + parts[1]) == 40:  # DVC keeps scratch refs there, too
            found.append(Experiment(parts[2], commit, parts[0] + parts[1]))
    return found


def newest_of(root: Path, commit: str) -> Experiment | None:
    """Find what was kept last of a commit: a push that failed is repeated by running again."""
    return next((kept for kept in reversed(experiments(root)) if kept.parent == commit), None)


def remove(root: Path, experiment: Experiment) -> None:
    """Remove an experiment; its files go when git and DVC next collect their garbage."""
    parent = experiment.parent
    git(root, "update-ref", "-d", f"{REFS}/{parent[:2]}/{parent[2:]}/{experiment.name}",
        experiment.commit)  # fmt: skip


def prune(root: Path, *, most: int) -> list[Experiment]:
    """Remove the oldest experiments that no person named, until `most` of them are left.

    Returns:
        What was removed.
    """
    unnamed = [kept for kept in experiments(root) if AUTOMATIC.fullmatch(kept.name)]
    old = unnamed[: max(0, len(unnamed) - most)]
    for experiment in old:
        remove(root, experiment)
    return old


def _author(root: Path) -> dict[str, str]:
    """Who commits: whom git knows, or else this program."""
    if run_git(root, "var", "GIT_COMMITTER_IDENT").returncode == 0:
        return {}
    return {
        f"GIT_{role}_{part}": os.environ.get(f"GIT_{role}_{part}", value)
        for role in ("AUTHOR", "COMMITTER")
        for part, value in zip(("NAME", "EMAIL"), NOBODY, strict=True)
    }
