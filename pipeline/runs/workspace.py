"""The workspace: where the project lies, and the lock by which one run has it for itself."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foundation.errors import SetupError, WorkspaceBusyError
from foundation.locks import hold
from pipeline.versioning.dvc import forget_locks_of_runs
from pipeline.versioning.git import run_git

LOCK_FILE = Path(".dvc/tmp/exactcast/lock")
NO_WAIT_ADVICE = "Let it end, or leave --no-wait out to wait for it."


def project_root() -> Path:
    """Find the project that the working directory belongs to: dvc.yaml next to a .dvc folder.

    It is the root of a git checkout, or a folder in one.

    Raises:
        SetupError: The working directory is not in a checkout of the project, or git refuses it.
    """
    here = Path.cwd()
    top = _top_of_checkout(here)
    inside = [folder for folder in [here, *here.parents] if folder.is_relative_to(top)]
    with_graph = [folder for folder in inside if (folder / "dvc.yaml").is_file()]
    root = next((folder for folder in with_graph if (folder / ".dvc").is_dir()), None)
    if root is not None:
        return root
    if with_graph:
        raise SetupError(
            f"{with_graph[0]} has a dvc.yaml but no .dvc folder next to it. Create it there: dvc init "
            "--subdir"
        )
    raise SetupError(
        f"There is no dvc.yaml in {here}, nor above it in the git checkout {top}. Change into a "
        "checkout of the project, then run again."
    )


def _top_of_checkout(here: Path) -> Path:
    try:
        found = run_git(here, "rev-parse", "--show-toplevel", environment={"LC_ALL": "C"})
    except FileNotFoundError:
        raise SetupError("git is not installed, and every run needs it. Install git.") from None
    if found.returncode == 0:
        return Path(os.fsdecode(found.stdout.removesuffix(b"\n"))).resolve()
    words = " ".join(found.stderr.decode().split()).removeprefix("fatal: ")
    if words.startswith("not a git repository"):
        raise SetupError(
            f"{here} is not in a git checkout. Change into a checkout of the project, then run again."
        )
    raise SetupError(f"git does not work in {here}: {words}")


@contextmanager
def locked(
    root: Path, *, wait: bool, lock: Path = LOCK_FILE, advice: str = NO_WAIT_ADVICE
) -> Iterator[None]:
    """Hold the workspace for one run; the system releases it when this process ends, however it ends.

    Args:
        root: The project's root.
        wait: Wait for another run to end, and say so on stderr; else refuse.
        lock: Which lock to hold; by default the one that guards the workspace's files.
        advice: What the refusal says of the option that refuses.

    Raises:
        WorkspaceBusyError: Another run holds the workspace, and we were not to wait.
    """

    def on_busy(holder: str) -> None:
        if not wait:
            raise WorkspaceBusyError(
                f"Another run is in progress in this workspace: {holder}. {advice}"
            ) from None
        print(f"waiting for another run in this workspace: {holder}", file=sys.stderr)

    with hold(root / lock, on_busy=on_busy):
        if lock == LOCK_FILE:
            forget_locks_of_runs(root)  # one that was killed
        yield
