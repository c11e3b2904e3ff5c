"""Configurations: files of overrides, read before a run starts, so that it has what they held then."""

import os
from dataclasses import dataclass
from pathlib import Path

from foundation.errors import ParamsError
from foundation.params.load import read_content
from foundation.params.part import assignments, check_part

FOLDER = Path("configs")


@dataclass(frozen=True)
class ConfigFile:
    """A configuration, as it was read.

    Attributes:
        path: From the project's root; only its name if it lies elsewhere.
        overrides: What it amounts to, as `key=value` with values in JSON.
    """

    path: str
    overrides: tuple[str, ...]


def read_config(path: Path, *, root: Path) -> ConfigFile:
    """Read a configuration and check each of its values.

    Args:
        path: The file.
        root: The project's root.

    Raises:
        ParamsError: There is no such file, it is not YAML, or a value is wrong.
    """
    try:
        content = read_content(path)
    except FileNotFoundError:
        raise ParamsError(
            f"The configuration {path} does not exist. Those of the project are in the folder "
            f"{FOLDER}: {', '.join(each.name for each in shipped(root)) or 'none yet'}."
        ) from None
    return ConfigFile(_label(path, root), tuple(assignments(check_part(content, source=str(path)))))


def shipped(root: Path) -> list[Path]:
    """List the configurations of the project."""
    return sorted((root / FOLDER).glob("*.yaml"))


def _label(path: Path, root: Path) -> str:
    """Return how a record names a file: it says nothing of the machine."""
    place, top = path.resolve(), root.resolve()
    inside = place.relative_to(top).as_posix() if place.is_relative_to(top) else path.name
    return os.fsencode(inside).decode(errors="replace")
