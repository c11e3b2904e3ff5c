"""The raw table: whether DVC or git keeps it, so that others can have the same bytes; how it comes."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from foundation.errors import DamagedInCacheError, DataError, MissingFromCacheError, SetupError
from foundation.files import digest, write_bytes
from foundation.paths import RAW_TABLES
from foundation.yaml_files import read_yaml, yaml_text
from pipeline.versioning.cache import keep_file, restore
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc import ask_dvc
from pipeline.versioning.git import run_git


def untracked_sources(checkout: Checkout) -> list[str]:
    """List the files a run reads that neither a stage makes nor DVC nor git keeps."""
    sources = checkout.graph.sources()
    known = _in_git(checkout, sources)
    return [path for path in sources if path not in known and not _in_dvc(checkout, path)]


def check_present(checkout: Checkout) -> None:
    """Refuse to start without a file that a run reads.

    Raises:
        DataError: It is not there; the message tells how to get it.
    """
    for path in checkout.graph.sources():
        if not (checkout.root / path).exists():
            if _in_dvc(checkout, path):
                advice = f"Fetch it: dvc pull {path}"
            elif _is_table(path):
                advice = (
                    f"Put the table there and `dvc add {path}`, or name another with ingest.raw."
                )
            else:
                advice = f"Restore it: git checkout -- {path}"
            raise DataError(f"{path}, which the run reads, does not exist. {advice}")


def tracking_advice(path: str) -> str:
    """Describe in a sentence why an untracked file matters, and what to do."""
    advice = f"dvc add {path} && git add {path}.dvc" if _is_table(path) else f"git add {path}"
    return (
        f"{path} is kept neither by DVC nor by git, so nobody else can reproduce this run: {advice}"
    )


def _is_table(path: str) -> bool:
    return path.endswith(RAW_TABLES)


def _in_git(checkout: Checkout, paths: list[str]) -> set[str]:
    return set(run_git(checkout.root, "ls-files", "-z", "--", *paths).stdout.decode().split("\0"))


def pointers(checkout: Checkout) -> list[str]:
    """List the `.dvc` files of what a run reads."""
    found = (_pointer(checkout, path) for path in checkout.graph.sources())
    return sorted(
        {str(pointer.relative_to(checkout.root)) for pointer in found if pointer is not None}
    )


def fetch_sources(checkout: Checkout) -> None:
    """Fetch what a run reads and DVC keeps from the cache or a remote, where it is not there.

    Raises:
        SetupError: The remote does not have it, or does not answer.
    """
    for path in checkout.graph.sources():
        pointer = _pointer(checkout, path)
        if pointer is not None and not (checkout.root / path).exists() and checkout.remotes:
            ask_dvc(checkout.root, "pull", str(pointer.relative_to(checkout.root)))


def fetch_by_hash(checkout: Checkout) -> list[str]:
    """Fetch the raw data that DVC keeps into a checkout with a cache of its own, every byte hashed.

    The cache of its workspace is looked into before the remotes.

    Returns:
        One sentence for each file in that cache that is not what its name says.

    Raises:
        SetupError: Neither the cache nor a remote has the bytes of that hash.
    """
    damaged = []
    for name, path, md5 in _kept(checkout):
        try:
            restore(checkout.workspace.cache, md5, checkout.root / path)
        except MissingFromCacheError:
            _fetch_one(checkout, name, path, md5, known="")
        except DamagedInCacheError as found:
            damaged.append(f"{path}: {found}")
            _fetch_one(checkout, name, path, md5, known=f" {found}")
    return damaged


def _fetch_one(checkout: Checkout, name: str, path: str, md5: str, *, known: str) -> None:
    """Fetch what a `.dvc` file names from a remote, and check it."""
    if not checkout.remotes:
        raise SetupError(
            f"{path} (md5 {md5}) is not in DVC's cache, and there is no remote to fetch it from."
            f"{known} Have it pushed where it was added: dvc remote add, dvc push."
        )
    try:
        ask_dvc(checkout.root, "fetch", name)
        restore(checkout.root / ".dvc/cache", md5, checkout.root / path)
    except SetupError as failed:
        raise SetupError(
            f"{path} (md5 {md5}) is neither in DVC's cache nor in a remote: {failed}{known} Have it "
            "pushed where it was added: dvc push."
        ) from None


def refresh_sources(checkout: Checkout) -> str:
    """Fetch imported raw data from where they come from; return what was fetched.

    Raises:
        SetupError: Nothing that the run reads is imported, or its source does not answer.
    """
    imported = [name for name in pointers(checkout) if "deps" in _content(checkout.root / name)]
    if not imported:
        raise SetupError(
            "There is nothing to refresh: no table that this run reads is imported. Import it with "
            "dvc import-url or dvc import-db, or run without refreshing."
        )
    try:
        ask_dvc(checkout.root, "update", *imported)
    except BaseException:
        _restore_missing(checkout)
        raise
    return f"refreshed {', '.join(imported)}"


def _restore_missing(checkout: Checkout) -> None:
    """Bring back what `dvc update` deleted before the source failed, where the cache has it."""
    for _, path, md5 in _kept(checkout):
        if not (checkout.root / path).exists():
            with suppress(MissingFromCacheError, DamagedInCacheError):
                restore(checkout.workspace.cache, md5, checkout.root / path)


def store_changes(checkout: Checkout) -> None:
    """Let DVC keep raw data that were changed by hand, as `dvc repro` does before it reads them."""
    changed = [
        name
        for name, path, md5 in _kept(checkout)
        if (checkout.root / path).is_file() and digest(checkout.root / path, "md5") != md5
    ]
    if changed:
        ask_dvc(checkout.root, "commit", "--force", *changed)


def track(checkout: Checkout, path: str) -> None:
    """Have DVC keep a file: what `dvc add` does, without the time that DVC takes to start.

    Raises:
        SetupError: The cache cannot be written.
    """
    file = checkout.root / path
    md5 = keep_file(checkout.cache, file)
    out = {"md5": md5, "size": file.stat().st_size, "hash": "md5", "path": file.name}
    write_bytes(file.with_name(f"{file.name}.dvc"), yaml_text({"outs": [out]}).encode())


def kept_raw(checkout: Checkout) -> dict[str, str]:
    """Map what a run reads and DVC keeps, files and folders, to the hash that its `.dvc` file tells."""
    return {path: md5 for _, path, md5 in _kept(checkout)}


def _kept(checkout: Checkout) -> Iterator[tuple[str, str, str]]:
    """Yield the `.dvc` file, the path and the hash of what a run reads and DVC keeps."""
    for name in pointers(checkout):
        for out in _content(checkout.root / name)["outs"]:
            if "md5" in out:  # not there before the first download
                yield name, (Path(name).parent / out["path"]).as_posix(), str(out["md5"])


def _in_dvc(checkout: Checkout, path: str) -> bool:
    return _pointer(checkout, path) is not None


def _pointer(checkout: Checkout, path: str) -> Path | None:
    """Find the `.dvc` file that names the path, or a folder it lies in."""
    for place in [Path(path), *Path(path).parents]:
        pointer = checkout.root / f"{place}.dvc"
        if place.name and pointer.is_file():
            named = any(out.get("path") == place.name for out in _content(pointer).get("outs", []))
            return pointer if named else None
    return None


def _content(pointer: Path) -> dict[str, Any]:
    return read_yaml(pointer) if pointer.stat().st_size else {}
