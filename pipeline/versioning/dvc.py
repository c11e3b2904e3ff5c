"""How DVC and other programs are started, asked, and given up on."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil

from foundation.errors import SetupError

FOREIGN = ("PYTHONPATH", "PYTHONSAFEPATH", "PYTHONHOME", "PYTHONSTARTUP")
PATIENCE = 300.0  # seconds in which a program must do something
LOOKS = 20  # how often in that time it is looked at
IDLE = 0.001  # of a processor: what a program takes that only waits
CAUSE = re.compile(
    r"^(?:ERROR|error|fatal): (?:unexpected error - )?(.+(?:\n[ \t]+\S.*)*)"
    r"|^('.+' validation failed.*\n+.+)",
    re.MULTILINE,
)


def dvc_command(*arguments: str, python: Path = Path(sys.executable)) -> list[str]:
    """DVC as an environment has it, waiting for another one that holds the workspace's lock."""
    return [str(python), "-m", "dvc", "--wait-for-lock", *arguments]


@cache
def repository_variables() -> frozenset[str]:
    """Name the variables by which git tells a hook which repository it works in.

    They would lead git and DVC there from every other checkout. Settings that somebody gives by the
    environment are not among them: git itself hands those on to submodules.
    """
    listed = subprocess.run(
        ["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True
    ).stdout
    return frozenset(listed.split()) - {"GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"}


def child_environment(python: Path = Path(sys.executable)) -> dict[str, str]:
    """The environment in which DVC starts stages: the Python first, and code only from the root."""
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
    """Run a command as stages are run, and return what it printed.

    A program that waits for an answer that never comes is given up on: no time-out of a client
    covers every way in which a store can fall silent.

    Args:
        root: The checkout to run it in.
        command: The program and its arguments.
        name: What a failure calls it.
        environment: Variables to set beside those of a stage.

    Raises:
        SetupError: It failed, and says why, or it did nothing for minutes.
    """
    with subprocess.Popen(
        command,
        cwd=root,
        env=child_environment() | dict(environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            printed, complaints = _wait(process)
        except BaseException:
            _end(process)
            raise
    if printed is None:
        raise SetupError(
            f"{name} did nothing for {PATIENCE:g} seconds in {root} and was ended: what it waited "
            "for fell silent. Correct that, then run the command again."
        )
    if process.returncode != 0:
        raise SetupError(f"{name} failed in {root}: {cause(complaints)}")
    return printed.strip()


def _wait(process: subprocess.Popen[str]) -> tuple[str | None, str]:
    """Wait for a program's end and what it printed; None where it only waits itself."""
    spent, idle = 0.0, 0
    while idle < LOOKS:
        try:
            return process.communicate(timeout=PATIENCE / LOOKS)
        except subprocess.TimeoutExpired:
            before, spent = spent, _processor_seconds(process.pid)
            idle = idle + 1 if spent - before <= IDLE * PATIENCE / LOOKS else 0
    _end(process)
    return None, ""


def _family(pid: int) -> list[psutil.Process]:
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _processor_seconds(pid: int) -> float:
    """What a program and all that it started have worked, those that ended included."""
    seconds = 0.0
    for process in _family(pid):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def _end(process: subprocess.Popen[str]) -> None:
    for each in _family(process.pid):
        with suppress(psutil.NoSuchProcess):
            each.kill()


def cause(complaints: str) -> str:
    """Find why git or DVC failed: what it complained of first, for the rest follows from it."""
    first = CAUSE.search(complaints)
    return (
        " ".join((first[1] or first[2]).split())
        if first
        else (complaints.strip().splitlines() or ["no message"])[-1]
    )
