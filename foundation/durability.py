"""Bringing to the disk what DVC and git leave to the system to write: a power cut would empty it."""

import ctypes
import os
import sys
from pathlib import Path

from foundation.errors import StageFailedError


def flush(*places: Path) -> None:
    """Wait until all that was written so far to the file systems of these places is on their disks.

    A place that does not exist is passed over: nothing was written to it.

    Raises:
        StageFailedError: A disk did not take it.
    """
    try:
        there = {place.stat().st_dev: place for place in places if place.exists()}
        for place in there.values():
            _flush_file_system(place)
    except OSError as failed:
        raise StageFailedError(
            f"What the run made could not be brought to the disk: {failed.strerror}. Look after the "
            "disk, then run again."
        ) from None


def _flush_file_system(place: Path) -> None:
    if not sys.platform.startswith("linux"):
        os.sync()
        return
    number = os.open(place, os.O_RDONLY)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if library.syncfs(number) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(number)
