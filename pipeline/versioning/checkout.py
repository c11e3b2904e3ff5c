"""A checkout of the project: the folder in which git, DVC and the stages work, and what is known of it.

It stands in this wing, and not in `runs/`, because what knows how DVC and git store things asks it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.versioning.dvc_config import read_settings
from pipeline.versioning.graph import Graph, load_graph
from pipeline.versioning.lockfile import Entries, read_lock

NAME_OF_URL = re.compile(r"remote\.(?P<name>.+)\.url")


@dataclass(frozen=True)
class Checkout:
    """The project in a folder: the user's workspace, or a worktree of one commit.

    What a run writes is never out of date here: dvc.yaml, params.yaml and dvc.lock are read at each
    look, and parsed again only if their text is another one. DVC's settings, which no run of ours
    changes, are read once.

    Attributes:
        root: The folder that holds dvc.yaml.
        origin: The workspace that a worktree was made from; None for the workspace itself.
    """

    root: Path
    origin: "Checkout | None" = None

    @property
    def workspace(self) -> "Checkout":
        """The user's own checkout: in a worktree DVC knows of no git."""
        return self if self.origin is None else self.origin

    @property
    def graph(self) -> Graph:
        """The stages of dvc.yaml.

        Raises:
            SetupError: dvc.yaml or params.yaml is missing, or uses what this program does not read.
        """
        return load_graph(self.root)

    @property
    def lock(self) -> Entries:
        """What dvc.lock holds of each stage; nothing if there is no lock yet.

        Raises:
            SetupError: It is broken.
        """
        return read_lock(self.root)

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """DVC's settings by `section.option`, with every path absolute.

        Raises:
            SetupError: A file of them cannot be read.
        """
        return read_settings(self.root)

    @property
    def cache(self) -> Path:
        """The folder of DVC's cache, which all worktrees of a workspace may share."""
        return Path(self.settings.get("cache.dir", self.root.resolve() / ".dvc/cache"))

    @property
    def remotes(self) -> dict[str, str]:
        """The URL of each remote, by name, in the order of DVC's settings."""
        found = (NAME_OF_URL.fullmatch(name) for name in self.settings)
        return {match["name"]: self.settings[match[0]] for match in found if match}

    @property
    def default_remote(self) -> str | None:
        """The name of the remote that DVC sends to and fetches from, if one is set."""
        return self.settings.get("core.remote")
