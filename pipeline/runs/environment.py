"""The Python that runs a checkout's stages: ours, or one built from the checkout's own lock."""

import fcntl
import os
import shutil
import sys
from pathlib import Path

from foundation.errors import SetupError
from foundation.packages import ANY_PACKAGES, LOCK_FILE, check_packages
from pipeline.versioning.dvc import ask
from pipeline.versioning.git import digest, git

OWN_MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


def python_for(root: Path, *, minor: str = OWN_MINOR, exact: bool = False) -> Path:
    """Find the Python whose packages are those of the checkout's requirements.lock.

    Ours, if they are installed here; else one built with uv, kept for every later run of the same
    lock and Python minor version.

    Args:
        root: A checkout, such as a worktree of an older commit.
        minor: Its minor version, such as 3.11.
        exact: Whatever the switch says by which a user accepts other packages.

    Raises:
        SetupError: There is no lock or no such Python, or the packages cannot be installed.
    """
    lock = root / LOCK_FILE
    if minor == OWN_MINOR and not exact and os.environ.get(ANY_PACKAGES) == "1":
        return Path(sys.executable)
    try:
        check_packages(lock)
    except SetupError:
        if not lock.is_file():
            raise
        return _built(root, lock, minor)
    return Path(sys.executable) if minor == OWN_MINOR else _built(root, lock, minor)


def _built(root: Path, lock: Path, minor: str) -> Path:
    name = f"{digest(lock, 'sha256')[:16]}-py{minor.replace('.', '')}"
    folder = shared_folder(root) / "environments" / name
    python, ready = folder / "bin/python", folder / ".ready"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as building:
        fcntl.flock(building, fcntl.LOCK_EX)  # another run may build the same one
        if not ready.is_file():
            shutil.rmtree(folder, ignore_errors=True)
            _build(root, folder, lock, minor)
            ready.touch()
    return python


def _build(root: Path, folder: Path, lock: Path, minor: str) -> None:
    print(f"building the environment of {lock.name} at this revision", file=sys.stderr)
    python = str(folder / "bin/python")
    uv = [sys.executable, "-m", "uv"]
    interpreter = sys.executable if minor == OWN_MINOR else minor
    steps = [
        [*uv, "venv", "--quiet", "--no-python-downloads", "--python", interpreter, str(folder)],
        [*uv, "pip", "install", "--quiet", "--python", python, "--compile-bytecode",
         "--require-hashes", "-r", str(lock)],
    ]  # fmt: skip
    if minor != OWN_MINOR:
        _require(root, uv, minor)
    for step in steps:
        ask(root, step, name=f"Building the environment of {lock}")


def _require(root: Path, uv: list[str], minor: str) -> None:
    find = [*uv, "python", "find", "--no-project", "--no-python-downloads", minor]
    try:
        ask(root, find, name="looking for Python")
    except SetupError:
        raise SetupError(
            f"It needs Python {minor}, which is not installed here. Install it, such as with "
            f"`uv python install {minor}`."
        ) from None


def shared_folder(root: Path) -> Path:
    """The folder that all worktrees of a repository share, for what no commit holds."""
    common = git(root, "rev-parse", "--path-format=absolute", "--git-common-dir").strip()
    return Path(common) / "exactcast"
