"""The Python that runs a checkout's stages: ours, or one built from the checkout's own lock."""

import fcntl
import shutil
import sys
from pathlib import Path

from forecasting.errors import SetupError
from pipeline.workspace import ask, digest, git
from stages._packages import LOCK_FILE, check_packages


def python_for(root: Path) -> Path:
    """Find the Python whose packages are those of the checkout's requirements.lock.

    Ours, if they are installed here; else one built with uv, kept for every later run of the same
    lock and Python minor version.

    Args:
        root: A checkout, such as a worktree of an older commit.

    Raises:
        SetupError: There is no lock, or its packages cannot be installed.
    """
    lock = root / LOCK_FILE
    try:
        check_packages(lock)
    except SetupError:
        if not lock.is_file():
            raise
        return _built(root, lock)
    return Path(sys.executable)


def _built(root: Path, lock: Path) -> Path:
    minor = f"py{sys.version_info.major}{sys.version_info.minor}"
    folder = shared_folder(root) / "environments" / f"{digest(lock, 'sha256')[:16]}-{minor}"
    python, ready = folder / "bin/python", folder / ".ready"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as building:
        fcntl.flock(building, fcntl.LOCK_EX)  # another run may build the same one
        if not ready.is_file():
            shutil.rmtree(folder, ignore_errors=True)
            _build(root, folder, lock)
            ready.touch()
    return python


def _build(root: Path, folder: Path, lock: Path) -> None:
    print(f"building the environment of {lock.name} at this revision", file=sys.stderr)
    python = str(folder / "bin/python")
    uv = [sys.executable, "-m", "uv"]
    steps = [
        [*uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
        [*uv, "pip", "install", "--quiet", "--python", python, "--compile-bytecode",
         "--require-hashes", "-r", str(lock)],
    ]  # fmt: skip
    for step in steps:
        ask(root, step, name=f"Building the environment of {lock}")


def shared_folder(root: Path) -> Path:
    """The folder that all worktrees of a repository share, for what no commit holds."""
    common = git(root, "rev-parse", "--path-format=absolute", "--git-common-dir").strip()
    return Path(common) / "exactcast"
