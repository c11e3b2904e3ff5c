"""Files written whole or not at all, and known by a hash of their content."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from foundation.errors import StageFailedError


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that a reader, even after a power cut, finds all of it or what was there.

    Raises:
        StageFailedError: The disk is full or the folder cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)
    except OSError as failed:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise StageFailedError(
            f"{path} could not be written: {failed.strerror}. Free space or correct the folder's "
            "permissions, then run again; what was there before is kept."
        ) from None


def _sync_folder(folder: Path) -> None:
    """Bring the file's new name to the disk, too."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def digest(path: Path, algorithm: str) -> str:
    """Hash a file's content, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
