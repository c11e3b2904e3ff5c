"""Runs on their way to other machines."""

from foundation.errors import SetupError
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import ask_dvc
from pipeline.versioning.dvc_output import sent
from pipeline.versioning.experiments import Experiment
from pipeline.versioning.git import git


def push(checkout: Checkout, kept: Experiment | None) -> str:
    """Send data, models, the run cache and the experiment where others find them.

    Args:
        checkout: That of the run.
        kept: The experiment that keeps it.

    Returns:
        What was sent, and to which remotes.

    Raises:
        SetupError: There is no remote, or it did not take them.
    """
    try:
        files = sent(ask_dvc(checkout.root, "push", "--run-cache"))
        said = f"{_store(checkout)}: {files}"
        if kept is not None:
            remote = git_remote(checkout.workspace)
            ask_dvc(checkout.workspace.root, "exp", "push", remote, kept.name)
            said += f"; git remote {remote}: the experiment {kept.name}"
    except SetupError as failed:
        raise SetupError(
            f"The run is finished and kept here, but not sent: {failed} Correct the remote, then send "
            "it with exactcast run --push."
        ) from None
    return said


def _store(checkout: Checkout) -> str:
    """Return DVC's default remote; without one, each file has a remote of its own."""
    default = checkout.default_remote
    return "DVC remotes of the files" if default is None else f"DVC remote {default}"


def git_remote(checkout: Checkout) -> str:
    """Return the git remote that experiments are sent to: origin, or the first one.

    Raises:
        SetupError: There is none.
    """
    remotes = git(checkout.root, "remote").split()
    if not remotes:
        raise SetupError(
            "There is no git remote to send the experiment to. git remote add origin URL"
        )
    return "origin" if "origin" in remotes else remotes[0]
