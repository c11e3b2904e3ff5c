"""Bringing the pipeline up to date through DVC, and telling what happened to each stage."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from foundation.errors import StageFailedError
from foundation.packages import ANY_PACKAGES
from foundation.processes import running
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import child_environment, no_stale_locks, repro_command
from pipeline.versioning.dvc_output import (
    FAILED,
    RESTORING,
    RUNNING,
    UNCHANGED,
    is_chatter,
    own_failure,
    without_label,
)

RAN, UP_TO_DATE, RESTORED = "ran", "up to date", "restored from DVC's run cache"
_STATES = ((RUNNING, RAN), (UNCHANGED, UP_TO_DATE), (RESTORING, RESTORED))
UNCACHED = ("--force", "--no-run-cache", "--no-commit")
WITHOUT_SHORTCUTS = {
    "EXACTCAST_NO_CHECKPOINTS": "1",
    ANY_PACKAGES: "0",
}  # for stages that `verify` runs
_ERROR = "error: "  # begins the sentence with which a stage of ours fails


@dataclass(frozen=True)
class Event:
    """Something that happened in a run: a stage changed its state, or it printed a line."""

    stage: str | None
    state: str | None = None
    line: str | None = None


def reproduce(
    checkout: Checkout,
    stage: str,
    *,
    python: Path,
    show: Callable[[Event], None],
    uncached: bool = False,
) -> str:
    """Bring one stage up to date through DVC; those that it reads from are up to date already.

    Args:
        checkout: Where it runs.
        stage: Its name.
        python: Runs DVC and the stage.
        show: Called with each event, while it happens.
        uncached: Run the stage in any case, and neither read nor fill a cache.

    Returns:
        RAN, UP_TO_DATE or RESTORED.

    Raises:
        StageFailedError: The stage did not finish; the message ends with the stage's own sentence.
    """
    relay = _Relay(stage, show)
    command = repro_command(stage, *(UNCACHED if uncached else ()), python=python)
    environment = child_environment(python) | (WITHOUT_SHORTCUTS if uncached else {})
    with (
        no_stale_locks(checkout.root),
        running(command, folder=checkout.root, environment=environment) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            relay.take(line.rstrip("\n"))
        process.wait()
    if process.returncode != 0 or relay.state is None:
        began = stage if relay.state is not None else None
        raise StageFailedError(_failure(checkout.root, began, relay.said))
    relay.show_held_back()
    return relay.state


class _Relay:
    """Shows what DVC and a stage print, but for what the sentence of a failure will say.

    Attributes:
        state: The stage's; None until DVC names it.
        said: Every line but DVC's chatter.
    """

    def __init__(self, stage: str, show: Callable[[Event], None]) -> None:
        self.state: str | None = None
        self.said: list[str] = []
        self._stage = stage
        self._show = show
        self._held_back: list[str] = []

    def take(self, line: str) -> None:
        """Take the next line that was printed."""
        state = _state(line)
        if state is not None:
            self.state = state
            self.show_held_back()
            self._show(Event(self._stage, state=state))
        elif not is_chatter(line):
            self.said.append(line)
            self._held_back.append(line)
            if self.state is not None and not self._held_back[0].startswith((_ERROR, FAILED)):
                self.show_held_back()

    def show_held_back(self) -> None:
        """Show the lines that no failure will say."""
        for line in self._held_back:
            self._show(Event(self._stage, line=line))
        self._held_back.clear()


def _state(line: str) -> str | None:
    return next((state for pattern, state in _STATES if pattern.match(line)), None)


def _failure(root: Path, stage: str | None, said: list[str]) -> str:
    """Describe what failed: the stage's own sentence if it left one, else DVC's."""
    starts = [number for number, line in enumerate(said) if line.startswith(_ERROR)]
    if stage is not None and starts:
        own = [line for line in said[starts[-1] :] if not line.startswith(FAILED)]
        return f"Stage '{stage}' failed. " + "\n".join(own).removeprefix(_ERROR)
    if stage is None:
        complaints = [without_label(line) for line in said if line.strip()]
        return f"DVC could not start: {' '.join(complaints) or 'it said nothing'}"
    own = [reason for line in said if (reason := own_failure(line))]
    if own:
        free = shutil.disk_usage(root).free / 1e6  # DVC blames other things for a full disk
        return (
            f"Stage '{stage}': DVC could not keep or restore its outputs, with {free:.1f} MB free on "
            f"the disk: {own[-1]}"
        )
    return (
        f"Stage '{stage}' did not finish; the reason is in its output above. To run it alone: "
        f"python -m stages.{stage}"
    )
