"""DVC's cache as this program reads it, compared with what the installed DVC keeps."""

from pathlib import Path

from pipeline.versioning.cache import content_hash, restore
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
