"""DVC's settings are read as DVC reads them."""

from pathlib import Path

import pytest
from dvc.config import Config

from foundation.errors import SetupError
from pipeline.versioning.checkout import Checkout
from pipeline.versioning.dvc_config import config_bytes, read_settings
from tests.support.project import Project

LEVELS = {
    "system/config": """
[core]
    analytics = false
    checksum_jobs = 2
[cache]
    dir = /system
""",
    "user/config": """
[core]
    checksum_jobs = 3
['remote "home"']
    url = ~/store
""",
    "project/.dvc/config": """
# said once
[core]
    remote = store   # the first
['remote "store"']
    url = ../../store
[ 'remote "S3.One"' ]
    url = s3://bucket/path
    ENDPOINTURL = 'http://a, b#c'
    password = "it's"
    keyfile = keys/one
""",
    "project/.dvc/config.local": """
[Cache]
    dir = "../own 'n für 日本, 50% #1"
    type = "reflink,copy"
['remote "store"']
    jobs = 4
""",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project behind a link, with settings at every level; its last level only where a test adds it."""
    for name, text in LEVELS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("DVC_SYSTEM_CONFIG_DIR", str(tmp_path / "system"))
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(tmp_path / "user"))
    (tmp_path / "link").symlink_to("project")
    return Project(tmp_path / "link")


def said_by_dvc(project: Project) -> dict[str, str]:
    lines = project.dvc("config", "--list").splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_every_setting_of_every_level_is_read_as_dvc_reads_it(project: Project) -> None:
    found = read_settings(project.root)
    assert found == said_by_dvc(project)
    own = project.root.resolve()
    assert found["cache.dir"] == f"{own}/own 'n für 日本, 50% #1"
    assert found["remote.s3.one.endpointurl"] == "http://a, b#c"
    assert found["remote.home.url"] == f"{Path.home()}/store"
    assert (found["core.checksum_jobs"], found["remote.store.jobs"]) == ("3", "4")


@pytest.mark.parametrize("levels", range(5))
def test_the_cache_lies_where_dvc_says(project: Project, levels: int) -> None:
    for name in [*LEVELS][levels:]:
        (project.root.parent / name).unlink()
    assert str(Checkout(project.root).cache) == project.dvc("cache", "dir").strip()


def test_settings_that_are_written_are_read_again_by_dvc_and_here(project: Project) -> None:
    settings = read_settings(project.root)
    for name in LEVELS:
        (project.root.parent / name).unlink()
    (project.root / ".dvc/config").write_bytes(config_bytes(settings))
    assert read_settings(project.root) == said_by_dvc(project) == settings


def test_remotes_are_listed_as_dvc_lists_them(project: Project) -> None:
    said = project.call("python", "-m", "dvc", "remote", "list", COLUMNS="500")
    listed = [line.split()[:2] for line in said.splitlines()]
    assert [[name, url] for name, url in Checkout(project.root).remotes.items()] == listed
    assert Checkout(project.root).default_remote == "store"


@pytest.mark.parametrize("text", ["[core\n", "core\n", "[core]\na = %(b)s\n", "[a]\n[a]\n"])
def test_a_file_that_is_not_of_dvc_is_refused_by_its_name(project: Project, text: str) -> None:
    file = project.root / ".dvc/config.local"
    file.write_text(text)
    assert project.attempt("python", "-m", "dvc", "config", "--list").returncode != 0
    with pytest.raises(
        SetupError, match=r"config\.local, which holds settings of DVC, cannot be read"
    ):
        read_settings(project.root)


def test_a_list_is_a_list_for_dvc_also_when_it_was_written_here(project: Project) -> None:
    (project.root / ".dvc/config").unlink()
    file = project.root / ".dvc/config.local"
    file.write_text("[cache]\n    type = reflink, copy\n")
    for content in (file.read_bytes(), config_bytes(read_settings(project.root))):
        file.write_bytes(content)
        assert Config(str(project.root / ".dvc"))["cache"]["type"] == ["reflink", "copy"]
