"""How DVC and other programs are started: the environment that they and the stages are given."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from foundation import processes
from foundation.files import write_bytes
from pipeline.versioning.dvc_output import OUR_REPRO, RWLOCK, cause, without_our_repro
from pipeline.versioning.git import repository_variables

FOREIGN = ("PYTHONPATH", "PYTHONSAFEPATH", "PYTHONHOME", "PYTHONSTARTUP")


def dvc_command(*arguments: str, python: Path = Path(sys.executable)) -> list[str]:
    """Return the command of DVC as an environment has it, waiting for another one that holds its lock."""
    return [str(python), "-m", "dvc", "--wait-for-lock", *arguments]


def repro_command(stage: str, *options: str, python: Path) -> list[str]:
    """Return the command that brings one stage up to date, by which its notes are known as ours."""
    wait, *repro = OUR_REPRO
    return [str(python), "-m", "dvc", wait, *repro, *options, stage]


def child_environment(python: Path = Path(sys.executable)) -> dict[str, str]:
    """Return the environment in which DVC starts stages: the Python first, and code only from the root."""
    foreign = {*FOREIGN, *repository_variables()}
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    own_programs = str(python.parent)  # not resolved: a venv's python is a link
    return kept | {
        "PATH": os.pathsep.join([own_programs, kept.get("PATH", os.defpath)]),
        "SHELL": "/bin/sh",
        "DVC_NO_ANALYTICS": "1",
        "DVC_STUDIO_OFFLINE": "1",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
    }


def ask_dvc(root: Path, *arguments: str) -> str:
    """Run a DVC command and return what it printed.

    Raises:
        SetupError: DVC failed, and says why, or it did nothing for minutes.
    """
    # DVC's S3 client repeats five times what its own client has repeated five times
    environment = {"AWS_MAX_ATTEMPTS": os.environ.get("AWS_MAX_ATTEMPTS", "2")}
    name = f"dvc {' '.join(arguments)}"
    return ask(root, dvc_command(*arguments), name=name, environment=environment)


def ask(
    root: Path, command: list[str], *, name: str, environment: Mapping[str, str] | None = None
) -> str:
    """Run a command as stages are run, and return what it printed; see `foundation.processes.ask`.

    Args:
        root: The checkout to run it in.
        command: The program and its arguments.
        name: What a failure calls it.
        environment: Variables to set over those of a stage.

    Raises:
        SetupError: It failed, and says why, or it did nothing for minutes.
    """
    variables = child_environment() | dict(environment or {})
    return processes.ask(command, folder=root, name=name, environment=variables, cause=cause)


@contextmanager
def no_stale_locks(root: Path) -> Iterator[None]:
    """Clear, after the block, what a DVC that was ended in it left of its locks."""
    try:
        yield
    finally:
        forget_locks_of_runs(root)


def forget_locks_of_runs(root: Path) -> None:
    """Remove the path locks that an ended `dvc repro` of ours left; only who holds the workspace may.

    DVC knows a stale lock by its process id, which another process may have by now: then it would
    call the path busy for ever.
    """
    path = root / RWLOCK
    if not path.is_file():
        return
    noted = path.read_text(encoding="utf-8")
    left = without_our_repro(noted)
    if left is None:
        path.unlink()
    elif " ".join(OUR_REPRO) in noted:
        write_bytes(path, left.encode())
