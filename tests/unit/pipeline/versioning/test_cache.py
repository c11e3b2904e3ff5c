import json
import subprocess
import sys

import pytest

from foundation.errors import DamagedInCacheError, MissingFromCacheError
from pipeline.versioning.cache import check, content_hash, restore


@pytest.fixture
def kept(tmp_path):
    """A file and a folder, as DVC keeps them."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "one").write_text("1\n")
    for name in ("b c/é", "b.x", "b/deep/z", "a"):
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    for command in (["init", "-q"], ["add", "-q", "one", "folder"]):
        subprocess.run([sys.executable, "-m", "dvc", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_a_hash_is_that_of_dvc_for_files_and_folders(kept):
    for name in ("one", "folder"):
        assert f"md5: {content_hash(kept / name)}\n" in (kept / f"{name}.dvc").read_text()
    assert content_hash(kept / "one") == "b026324c6904b2a9cb4b88d6d61c81d1"
    assert content_hash(kept / "none") is None


def test_what_is_kept_comes_back(kept):
    cache = kept / ".dvc/cache"
    for name in ("one", "folder"):
        restore(cache, content_hash(kept / name), kept / "copy" / name)
        assert content_hash(kept / "copy" / name) == content_hash(kept / name)


def test_what_is_missing_or_damaged_is_told_apart_also_in_a_folder(kept):
    cache, md5 = kept / ".dvc/cache", content_hash(kept / "folder")
    check(cache, md5)
    part = content_hash(kept / "folder/b.x")
    file = cache / "files/md5" / part[:2] / part[2:]
    file.chmod(0o600)
    file.write_text("other")
    with pytest.raises(DamagedInCacheError, match=f"holds other bytes under {part}"):
        check(cache, md5)
    with pytest.raises(DamagedInCacheError):
        restore(cache, md5, kept / "copy")
    file.unlink()
    with pytest.raises(MissingFromCacheError, match=f"nothing under {part}"):
        check(cache, md5)


def test_a_list_of_a_folder_that_names_other_files_is_damaged(kept):
    cache, md5 = kept / ".dvc/cache", content_hash(kept / "folder")
    listing = cache / "files/md5" / md5[:2] / md5[2:]
    listing.chmod(0o600)
    listing.write_text(json.dumps([{"md5": content_hash(kept / "one"), "relpath": "../out"}]))
    with pytest.raises(DamagedInCacheError):
        restore(cache, md5, kept / "copy")
    assert not (kept / "out").exists()
