"""The outputs of the last run, kept aside during a new one, and put back if it fails.

DVC deletes the outputs of a stage before it starts it. They are hard links here, which cost no
space: DVC and the stages replace files, they do not write into them.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from foundation.errors import RunVoidedError, SetupError, WorkspaceBusyError
from foundation.files import digest, write_bytes
from foundation.paths import PARAMS
from pipeline.runs.checkout import RunCheckout
from pipeline.runs.params_file import forget_params, params_kept, take_back_params
from pipeline.runs.workspace import NO_WAIT_ADVICE, locked
from pipeline.versioning.cache import forget_run_cache_since
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.graph import Graph
from pipeline.versioning.lockfile import LOCK, Entries, read_lock

T = TypeVar("T")
FOLDER = Path(".dvc/tmp/exactcast/previous")
KILLED = (
    "note: the last run was killed. Its overrides are taken back: params.yaml and\n"
    "results are as before it. Finished stages are in the cache."
)


@contextmanager
def held(workspace: Checkout, *, wait: bool, advice: str = NO_WAIT_ADVICE) -> Iterator[None]:
    """Hold the workspace for one run, and put right what one that was killed left.

    Args:
        workspace: The user's checkout.
        wait: Wait for another run to end; else refuse.
        advice: What the refusal advises.

    Raises:
        WorkspaceBusyError: Another run holds it, and we were not to wait.
    """
    with locked(workspace.root, wait=wait, advice=advice):
        left = (workspace.root / FOLDER).is_dir() or params_kept(workspace.root)
        if left and restore_unfinished(RunCheckout.of(workspace)):
            print(KILLED, file=sys.stderr)
        yield


def settle(workspace: Checkout) -> None:
    """Repair what a killed run left, unless a run is in progress."""
    with suppress(WorkspaceBusyError), held(workspace, wait=False):
        pass


def restore_on_failure(checkout: RunCheckout, work: Callable[[], T]) -> T:
    """Do work that makes outputs; if it fails or is stopped, put those of unfinished stages back.

    If the run wrote overrides into params.yaml, that file and all results are put back: they would
    not agree otherwise.

    Raises:
        RunVoidedError: Code or data changed during the work: DVC records them as they are after a
            stage, so that the lock would name code that never made the output.
    """
    keep_outputs(checkout)
    started, before = time.time(), source_hashes(checkout)
    try:
        result = work()
    except BaseException:
        restore_unfinished(checkout)
        raise
    changed = sorted(
        path for path, digest in source_hashes(checkout).items() if before[path] != digest
    )
    if changed:
        take_back_params(checkout.root)
        restore_all(checkout)
        forget_params(checkout.root)
        forget_run_cache_since(checkout.cache, started)
        raise RunVoidedError(
            f"This run is void: {', '.join(changed)} changed during it, so what made the "
            "outputs is not known. The earlier results are back; run again."
        )
    forget_params(checkout.root)
    forget_outputs(checkout)
    return result


def source_hashes(checkout: RunCheckout) -> dict[str, str | None]:
    """Hash everything that the pipeline reads and does not make."""
    paths = [*checkout.graph.sources(), str(PARAMS), "dvc.yaml"]
    return {
        path: digest(checkout.root / path, "sha256") if (checkout.root / path).is_file() else None
        for path in paths
    }


def keep_outputs(checkout: RunCheckout) -> None:
    """Keep every output of the pipeline aside; what a killed run left has been put back before."""
    partial = checkout.root / FOLDER.with_name("partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    if (checkout.root / LOCK).exists():
        write_bytes(
            partial / LOCK, (checkout.root / LOCK).read_bytes()
        )  # DVC writes into it, so no link
    for path in _outputs(checkout.graph):
        if (checkout.root / path).exists():
            _link(checkout.root / path, partial / path)
    partial.rename(checkout.root / FOLDER)  # from here on it counts


def forget_outputs(checkout: RunCheckout) -> None:
    """Delete what was kept: the new run is good, or taken back."""
    if (checkout.root / FOLDER).is_dir():
        partial = checkout.root / FOLDER.with_name("partial")
        shutil.rmtree(partial, ignore_errors=True)
        (checkout.root / FOLDER).rename(
            partial
        )  # at once: half of it would be put back by the next run
        shutil.rmtree(partial, ignore_errors=True)


def restore_unfinished(checkout: RunCheckout) -> bool:
    """Put back the outputs of every stage that did not finish since they were kept, if any were.

    A stage has finished when DVC has written its new hashes into dvc.lock; a stage that made the
    same bytes again is known by their hashes.

    Returns:
        True if overrides were taken back, and every result with them.
    """
    if take_back_params(checkout.root):
        restore_all(checkout)
        forget_params(checkout.root)
        return True
    forget_params(checkout.root)  # the user has edited the file since
    _put_back_unfinished(checkout)
    return False


def _put_back_unfinished(checkout: RunCheckout) -> None:
    kept = checkout.root / FOLDER
    if not kept.is_dir():
        return
    before, now = read_lock(kept), _lock_or_that_before(checkout, kept)
    unfinished = [name for name in checkout.graph.stages if before.get(name) == now.get(name)]
    good = {path for entry in now.values() for path in _as_recorded(checkout, entry)}
    _put_back(checkout, [path for path in _outputs(checkout.graph, unfinished) if path not in good])


def _lock_or_that_before(checkout: RunCheckout, kept: Path) -> Entries:
    """Read dvc.lock; if a crash tore it, put back the one that was kept."""
    try:
        return checkout.lock
    except SetupError:
        (checkout.root / LOCK).unlink()
        if (kept / LOCK).exists():
            write_bytes(checkout.root / LOCK, (kept / LOCK).read_bytes())
        return checkout.lock


def _as_recorded(checkout: RunCheckout, entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield the files that lie there as dvc.lock has them."""
    for out in entry.get("outs", []):
        path = checkout.root / out["path"]
        if path.is_file() and digest(path, "md5") == out.get("md5"):
            yield out["path"]


def restore_all(checkout: RunCheckout) -> None:
    """Put back every output and dvc.lock, as if the run had not been; what it made is in the cache."""
    kept = checkout.root / FOLDER
    if not kept.is_dir():
        return  # the run had not begun
    if (kept / LOCK).exists():
        write_bytes(checkout.root / LOCK, (kept / LOCK).read_bytes())
    else:
        (checkout.root / LOCK).unlink(missing_ok=True)
    outputs = _outputs(checkout.graph)
    for path in outputs:
        if not (kept / path).exists():
            _remove(checkout.root / path)
    _put_back(checkout, outputs)


def _outputs(graph: Graph, stages: Iterable[str] | None = None) -> list[str]:
    """List the outputs of some stages, of all by default."""
    wanted = graph.stages if stages is None else stages
    return [out for name in wanted for out in graph.stages[name].outs]


def _put_back(checkout: RunCheckout, paths: Iterable[str]) -> None:
    kept = [path for path in paths if (checkout.root / FOLDER / path).exists()]
    changed = [
        path for path in kept if not _same_file(checkout.root / FOLDER / path, checkout.root / path)
    ]
    for path in changed:
        _remove(checkout.root / path)  # all of them first: the disk may be full
    for path in changed:
        _link(
            checkout.root / FOLDER / path, checkout.root / path
        )  # not moved: a crash here would leave half of them
    forget_outputs(checkout)


def _same_file(first: Path, second: Path) -> bool:
    return second.exists() and first.samefile(second)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    """Link a file or every file of a folder; copy where the file system has no hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link_file, symlinks=True)
    else:
        _link_file(str(source), str(target))


def _link_file(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
