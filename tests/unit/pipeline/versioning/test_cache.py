import json
from pathlib import Path

import pytest

from foundation.errors import DamagedInCacheError, MissingFromCacheError
from pipeline.versioning.cache import check, content_hash, keep_file, repair, restore

ONE = "b026324c6904b2a9cb4b88d6d61c81d1"  # md5 of "1\n"


def place(cache: Path, md5: str) -> Path:
    return cache / "files/md5" / md5[:2] / md5[2:]


def put(cache: Path, md5: str, content: bytes) -> None:
    place(cache, md5).parent.mkdir(parents=True, exist_ok=True)
    place(cache, md5).write_bytes(content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two files."""
    for name in ("a/b", "c"):
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "folder"


@pytest.fixture
def cache(tmp_path: Path, folder: Path) -> Path:
    """A cache that keeps the folder, as DVC does: its files, and the list of them."""
    cache = tmp_path / "cache"
    listed = [{"md5": content_hash(folder / name), "relpath": name} for name in ("a/b", "c")]
    for entry in listed:
        put(cache, entry["md5"], (folder / entry["relpath"]).read_bytes())
    put(cache, content_hash(folder), json.dumps(listed).encode())
    return cache


def damage(cache: Path, file: Path) -> Path:
    place(cache, content_hash(file)).write_text("other")
    return place(cache, content_hash(file))


def test_a_hash_is_the_md5_of_the_bytes_or_of_the_list_and_none_without_a_file(tmp_path, folder):
    (tmp_path / "one").write_text("1\n")
    assert content_hash(tmp_path / "one") == ONE
    assert content_hash(tmp_path / "none") is None
    whole = content_hash(folder)
    assert whole.endswith(".dir")
    (folder / "c").write_text("d")
    assert content_hash(folder) != whole


def test_what_is_kept_comes_back(tmp_path: Path, cache: Path, folder: Path):
    md5 = content_hash(folder)
    check(cache, md5)
    restore(cache, md5, tmp_path / "copy")
    assert content_hash(tmp_path / "copy") == md5
    assert (tmp_path / "copy/a/b").read_text() == "a/b"


def test_what_is_missing_or_damaged_is_told_apart_also_in_a_folder(tmp_path, cache, folder):
    md5, part = content_hash(folder), content_hash(folder / "c")
    file = damage(cache, folder / "c")
    with pytest.raises(DamagedInCacheError, match=f"holds other bytes under {part}"):
        check(cache, md5)
    with pytest.raises(DamagedInCacheError):
        restore(cache, md5, tmp_path / "copy")
    file.unlink()
    with pytest.raises(MissingFromCacheError, match=f"nothing under {part}"):
        check(cache, md5)


def test_a_list_of_a_folder_that_names_other_files_is_damaged(tmp_path, cache, folder):
    listing = [{"md5": content_hash(folder / "c"), "relpath": "../out"}]
    place(cache, content_hash(folder)).write_text(json.dumps(listing))
    with pytest.raises(DamagedInCacheError):
        restore(cache, content_hash(folder), tmp_path / "copy")
    assert not (tmp_path / "out").exists()


def test_good_copies_take_the_place_of_what_is_damaged_and_the_rest_is_returned(cache, folder):
    md5, whole, lost = (
        content_hash(folder),
        damage(cache, folder / "a/b"),
        content_hash(folder / "c"),
    )
    place_of_lost = damage(cache, folder / "c")
    (folder / "c").write_text("changed since")

    (unrepaired,) = repair(cache, md5, folder)

    assert whole.read_text() == "a/b"
    assert (unrepaired.md5, unrepaired.place) == (lost, place_of_lost)
    assert place_of_lost.read_text() == "other"


def test_a_repair_returns_a_damaged_list_and_nothing_of_what_was_never_kept(cache, folder):
    md5 = content_hash(folder)
    assert repair(cache, ONE, folder) == []
    place(cache, md5).write_text("[]")
    (unrepaired,) = repair(cache, md5, folder)
    assert unrepaired.md5 == md5


def test_a_file_is_kept_once_write_protected_and_a_damaged_copy_of_it_replaced(tmp_path: Path):
    (tmp_path / "one").write_text("1\n")
    for _ in range(2):
        assert keep_file(tmp_path / "cache", tmp_path / "one") == ONE
    kept = place(tmp_path / "cache", ONE)
    assert kept.stat().st_mode & 0o777 == 0o444
    kept.chmod(0o644)
    kept.write_text("2\n")
    keep_file(tmp_path / "cache", tmp_path / "one")
    assert kept.read_text() == "1\n"
