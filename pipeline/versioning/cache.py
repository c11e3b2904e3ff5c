"""Bytes by their hash, out of DVC's cache: DVC believes what lies there, this module does not.

A cache keeps a file under the MD5 of its content, and a folder as a list of such files under the MD5
of the list, with `.dir` behind it.
"""

import hashlib
import json
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from foundation.durability import flush
from foundation.errors import DamagedInCacheError, MissingFromCacheError, SetupError
from foundation.files import digest

FOLDER = ".dir"
PROTECTED = 0o444  # the mode of a file in a cache; DVC asks nothing else of it


def content_hash(path: Path) -> str | None:
    """Hash a file or folder as DVC does; None where there is none."""
    if path.is_file():
        return digest(path, "md5")
    return f"{hashlib.md5(_listing(path)).hexdigest()}{FOLDER}" if path.is_dir() else None


def _listing(folder: Path) -> bytes:
    """List the files of a folder as DVC writes them down."""
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    entries = [{"md5": digest(files[name], "md5"), "relpath": name} for name in sorted(files)]
    return json.dumps(entries).encode()


def kept_file(cache: Path, md5: str) -> Path:
    """Find the file that a cache keeps under a hash, and make sure that it is that file.

    Raises:
        MissingFromCacheError: There is none.
        DamagedInCacheError: Its content has another hash.
    """
    path = cache / "files/md5" / md5[:2] / md5[2:]
    if not path.is_file():
        raise MissingFromCacheError(f"DVC's cache has nothing under {md5}.")
    found = digest(path, "md5")
    if found != md5.removesuffix(FOLDER):
        raise DamagedInCacheError(md5, path, found)
    return path


def keep_file(cache: Path, path: Path) -> str:
    """Put a file into a cache, if the cache does not hold it; return its hash.

    Raises:
        SetupError: The cache cannot be written.
    """
    md5 = digest(path, "md5")
    try:
        kept_file(cache, md5)
    except MissingFromCacheError:
        _put(path, cache / "files/md5" / md5[:2] / md5[2:])
    except DamagedInCacheError as damaged:
        _put(path, damaged.place)
    return md5


def check(cache: Path, md5: str) -> None:
    """Make sure that a cache can give a file or folder, every byte of it.

    Raises:
        MissingFromCacheError: It lacks a part.
        DamagedInCacheError: Another hash belongs to a part.
    """
    for _, part in _parts(cache, md5):
        kept_file(cache, part)


def repair(cache: Path, md5: str, copy: Path) -> list[DamagedInCacheError]:
    """Put good copies in the place of what a cache holds that is not what its hash says.

    Args:
        cache: The cache.
        md5: The hash of a file or folder.
        copy: Where the same file or folder may lie outside of the cache.

    Returns:
        What there is no good copy of; it is left as it is.
    """
    try:
        parts = _parts(cache, md5)
    except MissingFromCacheError:
        return []
    except DamagedInCacheError as listing:
        return [listing]
    unrepaired = []
    for name, part in parts:
        source = copy / name if name else copy
        try:
            kept_file(cache, part)
        except MissingFromCacheError:
            continue
        except DamagedInCacheError as damaged:
            if content_hash(source) == part:
                _put(source, damaged.place)
            else:
                unrepaired.append(damaged)
    return unrepaired


def _put(source: Path, place: Path) -> None:
    """Put a file into a cache, as DVC does: whole, and not to be written to."""
    # a name of our own: another run may do the same
    partial = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, partial)
        partial.chmod(PROTECTED)
        flush(partial.parent)
        partial.replace(place)
    except OSError as failed:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise SetupError(
            f"{place}, in DVC's cache, could not be written: {failed.strerror}. Free space or correct the "
            "folder's permissions, then run again."
        ) from None


def restore(cache: Path, md5: str, target: Path) -> None:
    """Copy a file or folder out of a cache, if the cache has every byte of it.

    Raises:
        MissingFromCacheError: It lacks a part.
        DamagedInCacheError: Another hash belongs to a part.
    """
    for name, part in _parts(cache, md5):
        path = target / name if name else target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept_file(cache, part), path)


def _parts(cache: Path, md5: str) -> list[tuple[str, str]]:
    """List the files under a hash as names and hashes; a single file has no name."""
    if not md5.endswith(FOLDER):
        return [("", md5)]
    listed = json.loads(kept_file(cache, md5).read_bytes())
    return [(entry["relpath"], entry["md5"]) for entry in listed]


def forget_run_cache_since(cache: Path, moment: float) -> None:
    """Delete what DVC's run cache learned since then: it would restore the outputs of a void run.

    Args:
        cache: The cache.
        moment: Seconds since 1970, as `time.time` gives them.
    """
    for entry in cache.glob("runs/*/*/*"):
        if entry.stat().st_mtime >= moment:
            entry.unlink()
            with suppress(OSError):
                entry.parent.rmdir()  # DVC fails on a key without entries
