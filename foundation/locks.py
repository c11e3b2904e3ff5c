"""Locks between processes, by a file that the system unlocks when its holder ends, however it ends."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from foundation.errors import SetupError

STARTING = "a process just starting"  # it has the lock and has not written yet who it is


def wait_silently(holder: str) -> None:
    """Wait for the holder of a lock without a word."""


@contextmanager
def hold(path: Path, *, on_busy: Callable[[str], None] = wait_silently) -> Iterator[None]:
    """Hold a lock while the block lasts; its file says who holds it.

    Args:
        path: The file; it stays after the block, empty.
        on_busy: Called with the holder where there is one. When it returns, the lock is waited for;
            to refuse, it raises an error.

    Raises:
        SetupError: The file cannot be written or locked.
    """
    lock = _acquired(path, on_busy)
    try:
        yield
    finally:
        with suppress(OSError):  # the block may have removed it
            os.truncate(path, 0)
        lock.release()


def _acquired(path: Path, on_busy: Callable[[str], None]) -> FileLock:
    # a soft lock, which takes the place of one that the file system lacks, would outlive its holder
    lock = FileLock(path, fallback_to_soft=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            on_busy(path.read_text(encoding="utf-8").strip() or STARTING)
            lock.acquire()
        path.write_text(
            f"process {os.getpid()}, since {datetime.now().astimezone():%Y-%m-%d %H:%M:%S}",
            encoding="utf-8",
        )
    except OSError as failed:
        lock.release(force=True)
        raise SetupError(
            f"{path} could not be locked: {failed.strerror}. Free space, correct the folder's "
            "permissions or move the project to a file system with locks, then run again."
        ) from None
    return lock
