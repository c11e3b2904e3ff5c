"""The newest table: rows that are younger than a model, kept by DVC next to what the model learned from."""

import shutil
from pathlib import Path

from foundation.errors import DataError, SetupError
from foundation.files import digest, write_bytes
from foundation.paths import NEWEST_TABLES, PARAMS, RAW_TABLES
from foundation.yaml_files import read_yaml
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.raw_data import pointers, refresh_sources, track


def raw_table(checkout: Checkout) -> Path:
    """Return the path of the table that `ingest.raw` names, from the project's root.

    Raises:
        SetupError: params.yaml does not name one.
    """
    ingest = read_yaml(checkout.root / PARAMS).get("ingest")
    raw = ingest.get("raw") if isinstance(ingest, dict) else None
    if not isinstance(raw, str):
        raise SetupError(
            f"{PARAMS} of {checkout.root} names no table with ingest.raw, so there is none to forecast "
            "from. Name the table yourself: exactcast forecast --input TABLE"
        )
    return Path(raw)


def changed_table(workspace: Checkout) -> Path | None:
    """Return the raw table if it is not what the workspace's series were made from; None if it is.

    Args:
        workspace: The user's checkout.
    """
    raw = raw_table(workspace)
    path = workspace.root / raw
    for read in workspace.lock.get("ingest", {}).get("deps", []):
        if read["path"] == raw.as_posix() and path.is_file():
            same = path.stat().st_size == read.get("size") and digest(path, "md5") == read["md5"]
            return None if same else raw
    return None


def store_newest(place: Checkout, table: Path) -> str:
    """Copy a table into a worktree and have DVC keep it, with a `.dvc` file of its own.

    Args:
        place: A worktree; `ingest.raw` and all that was made of it stay as they are.
        table: The table, wherever it lies.

    Returns:
        Its path from the project's root, as `forecast.input` names it.

    Raises:
        DataError: There is no such table.
        SetupError: DVC's cache cannot be written.
    """
    if not table.name.endswith(RAW_TABLES):
        raise DataError(f"{table} should be the path of a .csv, .parquet or .xlsx file.")
    path = NEWEST_TABLES / table.name
    target = place.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(table, target)
    except OSError as failed:
        raise DataError(
            f"{table}, the table to forecast from, cannot be read: {failed.strerror}."
        ) from None
    track(place, path.as_posix())
    return path.as_posix()


def store_refreshed(place: Checkout) -> str:
    """Fetch the imported raw table from where it comes from, and keep it as the newest table.

    The `.dvc` file of the raw table is put back: the model was made of what it names.

    Args:
        place: A worktree of the model's commit.

    Returns:
        As `store_newest`.

    Raises:
        SetupError: The table is not imported, or its source does not answer.
    """
    kept = {name: (place.root / name).read_bytes() for name in pointers(place)}
    refresh_sources(place)
    raw = place.root / raw_table(place)
    path = store_newest(place, raw)
    raw.unlink()  # `dvc checkout` brings the older one back
    for name, content in kept.items():
        write_bytes(place.root / name, content)
    return path
