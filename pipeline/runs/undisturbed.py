"""Reading the results of the workspace while no run changes them; readers do not exclude each other."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from foundation.errors import PipelineError, WorkspaceBusyError
from foundation.paths import PARAMS
from pipeline.runs.backup import held
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.lockfile import LOCK

LOOKS, BETWEEN = 5, 0.2  # another reader holds the lock for an instant, a run for longer
ADVICE = "Let it end, or name a kept run, whose results do not change: --run RUN"
CHANGED = (
    f"A run changed the results of this workspace while they were read. {ADVICE}, or ask again."
)


@contextmanager
def undisturbed(workspace: Checkout) -> Iterator[None]:
    """Read results of the workspace in the block; what a killed run left is put right before.

    The lock is not held meanwhile: a run may begin, and then what was read does not count.

    Args:
        workspace: The user's checkout.

    Raises:
        WorkspaceBusyError: A run is in progress, or was at the end of the block.
    """
    before = _state(workspace)
    try:
        yield
    except PipelineError:
        _check_unchanged(workspace, before)
        raise
    _check_unchanged(workspace, before)


def _check_unchanged(workspace: Checkout, before: list[bytes]) -> None:
    if _state(workspace) != before:
        raise WorkspaceBusyError(CHANGED)


def _state(workspace: Checkout) -> list[bytes]:
    """Return what says what the results are, once no run is in progress."""
    for _ in range(LOOKS - 1):
        try:
            return _state_now(workspace)
        except WorkspaceBusyError:
            time.sleep(BETWEEN)
    return _state_now(workspace)


def _state_now(workspace: Checkout) -> list[bytes]:
    with held(workspace, wait=False, advice=ADVICE):
        paths = (workspace.root / name for name in (LOCK, PARAMS))
        return [path.read_bytes() if path.is_file() else b"" for path in paths]
