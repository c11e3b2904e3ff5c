"""What a run stands on, doubted: DVC knows a file in its cache by its name, and one in a checkout by its time.

After a power cut either may be empty or torn, and DVC would take it for a result. Here every byte is
hashed. docs/decisions/0011-a-run-believes-no-cache.md tells what follows from what is found.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from foundation.durability import flush
from foundation.errors import DamagedInCacheError, DataError
from pipeline.versioning.cache import content_hash, repair
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.lockfile import hashes, recorded_outputs
from pipeline.versioning.raw_data import kept_raw

Tell = Callable[[str], None]


def check_cache(checkout: Checkout, *, tell: Tell) -> None:
    """Let DVC's cache hold nothing under a hash that is not so, of all that a run may take from it.

    A good copy in the workspace takes the place of what is damaged. Else it leaves the cache, and
    what it was is made or fetched again.

    Args:
        checkout: That of the run; good copies may lie in its workspace.
        tell: Called with a line on what left the cache.

    Raises:
        DataError: The raw data in the workspace are that very damage, so they may be no edit of the
            user's.
    """
    workspace = checkout.workspace
    for path, md5 in kept_raw(checkout).items():
        for damaged in repair(checkout.cache, md5, workspace.root / path):
            if content_hash(workspace.root / path) == damaged.found:
                raise DataError(
                    f"{path} is not the file of md5 {md5} that its .dvc file names, and DVC's cache "
                    f"holds the same other bytes under that name. If they are right, `dvc add {path}`; "
                    f"if not, remove {path} and {damaged.place}, then `dvc pull {path}`."
                )
            _drop(damaged, path, tell)
    outputs = recorded_outputs(checkout.graph, checkout.lock)
    _doubt_outputs(workspace, outputs, cache=checkout.cache, tell=tell)


def made_well(checkout: Checkout, name: str, *, tell: Tell) -> bool:
    """Return True if the outputs of a stage are what dvc.lock says; bring them and the cache to the disk.

    What is damaged leaves the cache; the output made of it is shown to DVC as changed.
    """
    outputs = hashes(checkout.lock[name], "outs")
    _doubt_outputs(checkout, outputs, cache=checkout.cache, tell=tell)
    flush(checkout.root, checkout.cache)
    return not look_again(checkout, outputs)


def look_again(checkout: Checkout, outputs: Mapping[str, str]) -> list[str]:
    """Show DVC as changed each output that has not its hash, whatever it remembers of the file.

    With `cache.type symlink`, what left the cache leaves links to nothing, at which DVC fails: they
    are removed.

    Args:
        checkout: Where they lie.
        outputs: Files and folders of it, and their hashes.

    Returns:
        Which ones that are.
    """
    changed = []
    for path, md5 in outputs.items():
        with suppress(FileNotFoundError):  # a run in progress may just have removed it
            place = checkout.root / path
            if _drop_links_to_nothing(place) or content_hash(place) not in (None, md5):
                changed.append(path)
                for file in [place, *place.rglob("*")]:
                    os.utime(file)
    return changed


def _drop_links_to_nothing(place: Path) -> bool:
    links = [each for each in [place, *place.rglob("*")] if each.is_symlink() and not each.exists()]
    for link in links:
        link.unlink()
    return bool(links)


def _doubt_outputs(
    checkout: Checkout, outputs: Mapping[str, str], *, cache: Path, tell: Tell
) -> None:
    for path, md5 in outputs.items():
        for damaged in repair(cache, md5, checkout.root / path):
            _drop(damaged, path, tell)


def _drop(damaged: DamagedInCacheError, path: str, tell: Tell) -> None:
    try:
        damaged.place.unlink(missing_ok=True)  # another run may have found it, too
    except OSError:
        raise damaged from None  # its sentence says what to remove
    tell(
        f"note: what DVC's cache held of {path} under {damaged.md5} was damaged, and is removed; it is "
        "made or fetched again"
    )
