"""Machines that go down: everything is killed at once, or the power is cut as well."""

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.quick import Started, until

SHUT_DOWN = 0x8004587D  # ext4's: as a power cut, with the argument
WITHOUT_FLUSHING = 2


@dataclass(frozen=True)
class Machine:
    """A machine whose processes are killed; what they wrote, the system still brings to the disk."""

    folder: Path

    def go_down(self, started: Started | None = None) -> None:
        if started is not None:
            started.end_all()

    def settle(self) -> None:
        """Bring all that a person did meanwhile to the disk, where that counts."""


@dataclass(frozen=True)
class WithoutPower(Machine):
    """A machine whose disk has, when it is up again, what was flushed and nothing else."""

    image: Path

    def go_down(self, started: Started | None = None) -> None:
        number = os.open(self.folder, os.O_RDONLY)
        fcntl.ioctl(number, SHUT_DOWN, struct.pack("I", WITHOUT_FLUSHING))
        os.close(number)
        super().go_down(started)
        until(lambda: _succeeds("umount", self.folder), "the end of what used the disk")
        assert _succeeds("mount", "-o", "loop", self.image, self.folder)

    def settle(self) -> None:
        os.sync()


def _succeeds(*command: str | Path) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@contextmanager
def machine(folder: Path, *, keeps_power: bool) -> Iterator[Machine]:
    """A machine to run in; one whose power can be cut has an ext4 disk of its own, in a file."""
    if keeps_power:
        yield Machine(folder)
        return
    image, place = folder / "image", folder / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(2**29)
    if not (
        os.geteuid() == 0
        and _succeeds("mkfs.ext4", "-q", image)
        and _succeeds("mount", "-o", "loop", image, place)
    ):
        pytest.skip("this sandbox does not let us mount an ext4 disk out of a file")
    try:
        yield WithoutPower(place, image)
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
