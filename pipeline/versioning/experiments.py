"""Keeping a run as a DVC experiment: a commit under refs/exps, next to the branches.

`dvc exp save` would do, but it hashes the workspace again, so that code edited in the meantime
enters the lock as if it had made the outputs; it empties the user's index; and two at once share its
scratch refs. The commit is made here, of exactly the files of the run, and what DVC shows, applies,
branches and pushes is the same.
"""

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from foundation.errors import SetupError
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.git import git, run_git

REFS = "refs/exps"
RECORD = "reports/record.json"
# the subject of a run's commit says whether a person named it; until there were short names,
# the name itself showed that
NAMED, UNNAMED, EITHER = "exactcast: run named ", "exactcast: unnamed run ", "exactcast: run "
FORECAST = "exactcast: forecast "  # of newer rows, by the model of another run
TIMED = re.compile(r"\d{8}-\d{6}-.+-[0-9a-f]{4}")
NOBODY = ("exactcast", "exactcast@localhost")  # commits where git knows no user


@dataclass(frozen=True)
class Experiment:
    """A kept run.

    Attributes:
        name: Its own among those of one parent.
        commit: What it was kept in.
        parent: The commit it started from.
        named: Whether a person gave it this name, now or later, or made it without us.
        forecast: Whether it is a forecast of newer rows: it has trained no model.
    """

    name: str
    commit: str
    parent: str
    named: bool
    forecast: bool = False


def keep(
    checkout: Checkout,
    *,
    name: str,
    named: bool,
    untracked: Sequence[str],
    added: Mapping[str, bytes],
    forecast: bool = False,
) -> Experiment:
    """Keep the files of a checkout as an experiment of the commit that it stands on.

    Neither the index, nor the branch, nor any file of the checkout is touched.

    Args:
        checkout: The workspace, or a worktree.
        name: The experiment's name, new among those of this commit.
        named: Whether a person gave it.
        untracked: Files to keep in addition to those that git tracks.
        added: Files that lie nowhere, by path, such as the run's record.
        forecast: Whether it is a forecast of newer rows.

    Raises:
        SetupError: The name is taken, or it cannot be the name of a git reference.
    """
    parent = git(checkout.root, "rev-parse", "HEAD").strip()
    tree = _tree(checkout, untracked=untracked, added=added)
    message = f"{FORECAST if forecast else NAMED if named else UNNAMED}{name}"
    commit = _write(
        checkout, "commit-tree", tree, "-p", parent, "-m", message, environment=_author(checkout)
    )
    try:
        _write(checkout, "update-ref", _reference(parent, name), commit, "")  # only if it is new
    except SetupError as refused:
        raise SetupError(
            f"The run could not be kept as the experiment '{name}': {refused} Name it otherwise, "
            "or remove the old one: dvc exp remove."
        ) from None
    return Experiment(name, commit, parent, named, forecast)


def _tree(checkout: Checkout, *, untracked: Sequence[str], added: Mapping[str, bytes]) -> str:
    """Write the files to keep into git, through an index of their own; return the tree's hash."""
    folder_in_git = git(checkout.root, "rev-parse", "--show-prefix").removesuffix("\n")
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git(checkout.root, "read-tree", "HEAD", environment=index)
        _write(checkout, "add", "--update", ".", environment=index)
        if untracked:
            _write(checkout, "add", "--force", "--", *untracked, environment=index)
        for path, content in added.items():
            blob = _write(checkout, "hash-object", "-w", "--stdin", content=content)
            entry = f"100644,{blob},{folder_in_git}{path}"
            git(checkout.root, "update-index", "--add", "--cacheinfo", entry, environment=index)
        return _write(checkout, "write-tree", environment=index)


def _write(
    checkout: Checkout,
    *command: str,
    content: bytes | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a git command that writes; on the disk, or a power cut could leave a reference to empty objects."""
    return git(
        checkout.root, "-c", "core.fsync=all", *command, content=content, environment=environment
    ).strip()


def _reference(parent: str, name: str) -> str:
    """Return where DVC looks for an experiment of this commit."""
    return f"{REFS}/{parent[:2]}/{parent[2:]}/{name}"


def check_name(checkout: Checkout, name: str) -> None:
    """Refuse a name that no experiment can have, or that one has already.

    Raises:
        SetupError: It is such a name.
    """
    try:
        git(checkout.root, "check-ref-format", f"{REFS}/{name}")
        valid = "/" not in name
    except SetupError:
        valid = False
    if not valid:
        raise SetupError(
            f"'{name}' cannot be the name of an experiment. Use letters, digits, - and _ instead."
        )
    if any(experiment.name == name for experiment in experiments(checkout)):
        raise SetupError(
            f"An experiment named '{name}' exists. Give another name, or remove the old one: "
            f"dvc exp remove {name}"
        )


def experiments(checkout: Checkout) -> list[Experiment]:
    """List every experiment that lies in this repository, the newest last."""
    listed = git(
        checkout.root, "for-each-ref", "--sort=refname", "--sort=committerdate",  # the last key counts first
        "--format=%(refname) %(objectname) %(contents:subject)", REFS,
    )  # fmt: skip
    found = []
    for line in listed.splitlines():
        reference, commit, subject = line.split(" ", maxsplit=2)
        parts = reference.removeprefix(f"{REFS}/").split("/")
        if len(parts) == 3 and len(parts[0] + parts[1]) == 40:  # DVC keeps scratch refs there, too
            named, forecast = _is_named(parts[2], subject), subject.startswith(FORECAST)
            found.append(Experiment(parts[2], commit, parts[0] + parts[1], named, forecast))
    return found


def _is_named(name: str, subject: str) -> bool:
    if subject == f"{EITHER}{name}":
        return TIMED.fullmatch(name) is None
    return subject not in (f"{UNNAMED}{name}", f"{FORECAST}{name}")


def trained(checkout: Checkout) -> list[Experiment]:
    """List the experiments that are no forecasts with a kept model, the newest last."""
    return [kept for kept in experiments(checkout) if not kept.forecast]


def newest_of(checkout: Checkout, commit: str) -> Experiment | None:
    """Find what was kept last of a commit: a push that failed is repeated by running again."""
    return next((kept for kept in reversed(experiments(checkout)) if kept.parent == commit), None)


def remove(checkout: Checkout, experiment: Experiment) -> None:
    """Remove an experiment; its files go when git and DVC next collect their garbage."""
    reference = _reference(experiment.parent, experiment.name)
    git(checkout.root, "update-ref", "-d", reference, experiment.commit)


def prune(checkout: Checkout, *, most: int, forecasts: bool = False) -> list[Experiment]:
    """Remove the oldest experiments that no person named, until `most` of them are left.

    Args:
        checkout: The user's checkout.
        most: How many may be left.
        forecasts: Count and remove forecasts of newer rows, and no other runs; else no forecasts.

    Returns:
        What was removed.
    """
    unnamed = [
        kept for kept in experiments(checkout) if not kept.named and kept.forecast == forecasts
    ]
    old = unnamed[: max(0, len(unnamed) - most)]
    for experiment in old:
        remove(checkout, experiment)
    return old


def _author(checkout: Checkout) -> dict[str, str]:
    """Who commits: whom git knows, or else this program."""
    if run_git(checkout.root, "var", "GIT_COMMITTER_IDENT").returncode == 0:
        return {}
    return {
        f"GIT_{role}_{part}": os.environ.get(f"GIT_{role}_{part}", value)
        for role in ("AUTHOR", "COMMITTER")
        for part, value in zip(("NAME", "EMAIL"), NOBODY, strict=True)
    }
