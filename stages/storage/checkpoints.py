"""Checkpoints: where a killed training resumes, when the same one is started again.

See docs/decisions/0007-checkpoints.md for where they lie and what they are keyed by.
"""

import hashlib
import io
import os
import secrets
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from forecasting.training.state import State
from foundation.files import write_bytes

NO_CHECKPOINTS = "EXACTCAST_NO_CHECKPOINTS"
WITHOUT_GIT = Path(".dvc/tmp")
COST = 0.05  # share of the time that writing may take
KEPT = 14 * 24 * 3600  # seconds until a checkpoint that nobody resumed is deleted
DIGEST = 32  # bytes of a SHA-256


class Checkpoint:
    """The state of one training on disk, for a process of the same key.

    With EXACTCAST_NO_CHECKPOINTS=1, as in a verification, it neither reads nor changes anything.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._path = folder / key
        self._used = os.environ.get(NO_CHECKPOINTS) != "1"
        self._due = time.monotonic()

    def load(self) -> State | None:
        """Read the state; None if there is none, or if what is there is torn or of another key."""
        if not self._used:
            return None
        _delete_old(self._path.parent)
        try:
            content = self._path.read_bytes()
        except OSError:
            return None
        checksum, packed = content[:DIGEST], content[DIGEST:]
        return _unpack(packed) if checksum == self._checksum(packed) else None

    def save(self, state: Callable[[], State]) -> None:
        """Write the state, unless writing would take more than its share of the time."""
        begun = time.monotonic()
        if begun < self._due or not self._used:
            return
        packed = _pack(state())
        # A name of our own: the same training may go on in another process
        own = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        write_bytes(own, self._checksum(packed) + packed)
        own.replace(self._path)
        done = time.monotonic()
        self._due = done + (done - begun) / COST

    def remove(self) -> None:
        """Delete the checkpoint: the training has ended and its results are stored."""
        if self._used:
            self._path.unlink(missing_ok=True)

    def _checksum(self, packed: bytes) -> bytes:
        return hashlib.sha256(self._path.name.encode() + packed).digest()


def checkpoint_folder() -> Path:
    """Choose the folder: git's common one, which all worktrees share, or one of the project's own.

    Without git, or inside a checkout of something else, it is .dvc/tmp of the working directory.
    """
    try:
        common, below = _git(
            "rev-parse", "--path-format=absolute", "--git-common-dir", "--show-prefix"
        )
        if below:  # a folder of a larger repository: is it the project that is kept there?
            _git("ls-files", "--error-unmatch", "dvc.yaml")
    except (OSError, subprocess.CalledProcessError):
        return WITHOUT_GIT / "exactcast/checkpoints"
    return Path(common) / "exactcast/checkpoints"


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def _delete_old(folder: Path) -> None:
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):  # another process may delete it first
            if time.time() - path.stat().st_mtime > KEPT:
                path.unlink()


def _pack(state: State) -> bytes:
    arrays: dict[str, Any] = {"history": state.history}
    arrays |= {f"variable_{n}": value for n, value in enumerate(state.variables)}
    arrays |= {f"best_{n}": value for n, value in enumerate(state.best_weights)}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _unpack(packed: bytes) -> State:
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        return State(
            arrays["history"],
            [arrays[name] for name in arrays if name.startswith("variable_")],
            [arrays[name] for name in arrays if name.startswith("best_")],
        )
