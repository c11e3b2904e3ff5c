"""Runs on their way to other machines."""

from pathlib import Path

from foundation.errors import SetupError
from pipeline.versioning.dvc import ask_dvc
from pipeline.versioning.experiments import Experiment
from pipeline.versioning.git import git


def push(root: Path, kept: Experiment | None, *, workspace: Path) -> str:
    """Send data, models, the run cache and the experiment where others find them.

    Args:
        root: The checkout of the run.
        kept: The experiment that keeps it.
        workspace: The user's checkout: in a worktree DVC knows of no git.

    Returns:
        What was sent, and to which remotes.

    Raises:
        SetupError: There is no remote, or it did not take them.
    """
    try:
        files = ask_dvc(root, "push", "--run-cache").splitlines()[-1]
        said = f"{_store(root)}: {files.rstrip('.').lower()}"
        if kept is not None:
            remote = git_remote(workspace)
            ask_dvc(workspace, "exp", "push", remote, kept.name)
            said += f"; git remote {remote}: the experiment {kept.name}"
    except SetupError as failed:
        raise SetupError(
            f"The run is finished and kept here, but not sent: {failed} Correct the remote, then send "
            "it with exactcast run --push."
        ) from None
    return said


def _store(root: Path) -> str:
    """Name DVC's default remote; without one, each file has a remote of its own."""
    try:
        return f"DVC remote {ask_dvc(root, 'config', 'core.remote')}"
    except SetupError:
        return "DVC remotes of the files"


def git_remote(root: Path) -> str:
    """Name the git remote that experiments are sent to: origin, or the first one.

    Raises:
        SetupError: There is none.
    """
    remotes = git(root, "remote").split()
    if not remotes:
        raise SetupError(
            "There is no git remote to send the experiment to. git remote add origin URL"
        )
    return "origin" if "origin" in remotes else remotes[0]
