"""Reproduced outputs compared with the recorded ones, whose bytes are looked for where they may still be."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from foundation.errors import DamagedInCacheError, MissingFromCacheError, SetupError
from pipeline.versioning.cache import content_hash, restore
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import ask, ask_dvc
from pipeline.versioning.graph import Graph
from pipeline.versioning.lockfile import LOCK, Entries, hashes

IDENTICAL, EQUAL, DIFFERENT = "identical", "numerically equal", "different"
NOT_AVAILABLE = "old values not available"
FOLDER = Path(".dvc/tmp/exactcast/recorded")
CODE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Output:
    """An output of a stage: its recorded and its reproduced hash, and what that means.

    Attributes:
        stage: What makes it.
        path: Where it lies.
        recorded: Its hash in dvc.lock.
        reproduced: The hash that came out; None if the stage did not make it.
        verdict: IDENTICAL, EQUAL (the same values within a tolerance, in other bytes) or DIFFERENT.
        detail: How far apart the values are, and where.
    """

    stage: str
    path: str
    recorded: str
    reproduced: str | None
    verdict: str
    detail: str = ""

    @property
    def identical(self) -> bool:
        """Return True if every byte is the same."""
        return self.verdict == IDENTICAL


@dataclass(frozen=True)
class RecordedOutputs:
    """Compares what stages made in a worktree with what is recorded of it.

    Attributes:
        place: The worktree, with a cache of its own; that of its workspace is only read.
    """

    place: Checkout

    def keep(self, uncached: list[str]) -> None:
        """Take dvc.lock and what git has of the outputs away, so that nothing can go by them."""
        for path in [LOCK, *uncached]:
            if (self.place.root / path).is_file():
                target = self.place.root / FOLDER / path
                target.parent.mkdir(parents=True, exist_ok=True)
                (self.place.root / path).rename(target)

    def kept(self, path: str) -> str | None:
        """Hash what git had of an output; None if it had nothing."""
        return content_hash(self.place.root / FOLDER / path)

    def compare(self, graph: Graph, lock: Entries) -> list[Output]:
        """Compare every output that a run needs; those of other bytes by their values."""
        return [
            self._compare(stage, path, recorded)
            for stage in graph.needed()
            for path, recorded in hashes(lock[stage], "outs").items()
        ]

    def _compare(self, stage: str, path: str, recorded: str) -> Output:
        reproduced = content_hash(self.place.root / path)
        if reproduced == recorded:
            return Output(stage, path, recorded, reproduced, IDENTICAL)
        if reproduced is None:
            return Output(stage, path, recorded, None, DIFFERENT, "the stage did not make it")
        old = self._recorded(path, recorded)
        if old is None:
            return Output(stage, path, recorded, reproduced, DIFFERENT, NOT_AVAILABLE)
        found = _values_apart(old, self.place.root / path, path)
        verdict = EQUAL if found["equal"] else DIFFERENT
        return Output(stage, path, recorded, reproduced, verdict, str(found["text"]))

    def _recorded(self, path: str, md5: str) -> Path | None:
        """Find recorded bytes by their hash: in git, in the cache, in a remote."""
        target = self.place.root / FOLDER / path
        if content_hash(target) == md5 or _taken(self.place.workspace.cache, md5, target):
            return target
        if not self.place.remotes:
            return None
        reproduced = (self.place.root / LOCK).read_bytes()
        shutil.copyfile(
            self.place.root / FOLDER / LOCK, self.place.root / LOCK
        )  # tells DVC what to fetch
        try:
            ask_dvc(self.place.root, "fetch", path)
        except SetupError:
            return None
        finally:
            (self.place.root / LOCK).write_bytes(reproduced)
        return target if _taken(self.place.root / ".dvc/cache", md5, target) else None


def _taken(cache: Path, md5: str, target: Path) -> bool:
    try:
        restore(cache, md5, target)
    except (MissingFromCacheError, DamagedInCacheError):
        return False
    return True


def _values_apart(old: Path, new: Path, name: str) -> dict[str, object]:
    """Compare two files as numbers, in a process that may load numeric libraries."""
    command = [sys.executable, "-m", "pipeline.verification.differences", str(old), str(new), name]
    try:
        found: dict[str, object] = json.loads(ask(CODE, command, name=f"comparing {name}"))
    except SetupError as unreadable:
        return {"equal": False, "text": f"its values cannot be compared: {unreadable}"}
    return found
