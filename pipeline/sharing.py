"""Runs on their way to other machines."""

from pathlib import Path

from forecasting.errors import SetupError
from pipeline.experiment import Experiment
from pipeline.programs import ask_dvc
from pipeline.workspace import git


def push(root: Path, kept: Experiment | None, *, workspace: Path) -> str:
    """Send data, models, the run cache and the experiment where others find them.

    Args:
        root: The checkout of the run.
        kept: The experiment that keeps it.
        workspace: The user's checkout: in a worktree DVC knows of no git.

    Raises:
        SetupError: There is no remote, or it did not take them.
    """
    try:
        ask_dvc(root, "push", "--run-cache")
        if kept is not None:
            ask_dvc(workspace, "exp", "push", git_remote(workspace), kept.name)
    except SetupError as failed:
        raise SetupError(
            f"The run is finished and kept here, but not sent: {failed} Mend the remote, then send it "
            "with exactcast run --push."
        ) from None
    return "pushed"


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
