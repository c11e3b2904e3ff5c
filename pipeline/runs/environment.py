"""The Python that runs a checkout's stages: ours, or one built from the checkout's own lock."""

import os
import shutil
import sys
from pathlib import Path

from foundation.errors import SetupError
from foundation.files import digest
from foundation.locks import hold
from foundation.packages import ANY_PACKAGES, LOCK_FILE, check_packages
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import ask
from pipeline.versioning.git import git

OWN_MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


def python_for(checkout: Checkout, *, minor: str = OWN_MINOR, exact: bool = False) -> Path:
    """Find the Python whose packages are those of the checkout's requirements.lock.

    Ours, if they are installed here; else one built with uv, kept for every later run of the same
    lock and Python minor version.

    Args:
        checkout: Such as a worktree of an older commit.
        minor: Its minor version, such as 3.11.
        exact: Whatever the switch says by which a user accepts other packages.

    Raises:
        SetupError: There is no lock or no such Python, or the packages cannot be installed.
    """
    lock = checkout.root / LOCK_FILE
    if minor == OWN_MINOR and not exact and os.environ.get(ANY_PACKAGES) == "1":
        return Path(sys.executable)
    try:
        check_packages(lock)
    except SetupError:
        if not lock.is_file():
            raise
        return _built(checkout, lock, minor)
    return Path(sys.executable) if minor == OWN_MINOR else _built(checkout, lock, minor)


def _built(checkout: Checkout, lock: Path, minor: str) -> Path:
    name = f"{digest(lock, 'sha256')[:16]}-py{minor.replace('.', '')}"
    folder = shared_folder(checkout) / "environments" / name
    python, ready = folder / "bin/python", folder / ".ready"
    with hold(folder.with_name(f"{folder.name}.lock")):  # another run may build the same one
        if not ready.is_file():
            shutil.rmtree(folder, ignore_errors=True)
            _build(checkout, folder, lock, minor)
            ready.touch()
    return python


def _build(checkout: Checkout, folder: Path, lock: Path, minor: str) -> None:
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
        _require(checkout, uv, minor)
    for step in steps:
        ask(checkout.root, step, name=f"Building the environment of {lock}")


def _require(checkout: Checkout, uv: list[str], minor: str) -> None:
    find = [*uv, "python", "find", "--no-project", "--no-python-downloads", minor]
    try:
        ask(checkout.root, find, name="looking for Python")
    except SetupError:
        raise SetupError(
            f"It needs Python {minor}, which is not installed here. Install it, such as with "
            f"`uv python install {minor}`."
        ) from None


def shared_folder(checkout: Checkout) -> Path:
    """The folder that all worktrees of a repository share, for what no commit holds."""
    common = git(checkout.root, "rev-parse", "--path-format=absolute", "--git-common-dir").strip()
    return Path(common) / "exactcast"
