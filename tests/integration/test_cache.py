"""DVC's cache as this program reads it, compared with what the installed DVC keeps."""

import json
from pathlib import Path

import pytest

from pipeline.versioning.cache import content_hash, restore
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.raw_data import track
from tests.support.project import Project


def test_a_hash_is_that_of_dvc_for_files_and_folders_and_what_is_kept_comes_back(tmp_path: Path):
    project = Project(tmp_path)
    project.git("init", "-q")
    project.dvc("init", "-q")
    (tmp_path / "one").write_text("1\n")
    for name in ("b c/é", "b.x", "b/deep/z", "a"):
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    project.dvc("add", "-q", "one", "folder")
    for name in ("one", "folder"):
        md5 = content_hash(tmp_path / name)
        assert f"md5: {md5}\n" in (tmp_path / f"{name}.dvc").read_text()
        restore(tmp_path / ".dvc/cache", md5, tmp_path / "copy" / name)
        assert content_hash(tmp_path / "copy" / name) == md5


@pytest.mark.parametrize("name", ["table.csv", "my table: ü, 1.csv", "'1'.csv", "# no comment.csv"])
def test_a_tracked_file_is_kept_as_by_dvc_add(tmp_path: Path, name: str):
    ours, theirs = (Project(tmp_path / kind) for kind in ("ours", "theirs"))
    for project in (ours, theirs):
        project.root.mkdir()
        project.git("init", "-q")
        project.dvc("init", "-q")
        (project.root / name).write_text("a,b\n1,2\n")
    theirs.dvc("add", "-q", name)

    track(Checkout(ours.root), name)

    assert ours.read(f"{name}.dvc") == theirs.read(f"{name}.dvc")
    kept, expected = (
        {path.relative_to(root): (path.read_bytes(), path.stat().st_mode) for path in files}
        for root in (ours.root, theirs.root)
        for files in [filter(Path.is_file, (root / ".dvc/cache/files").rglob("*"))]
    )
    assert kept == expected
    assert json.loads(ours.dvc("status", "--json")) == {}
