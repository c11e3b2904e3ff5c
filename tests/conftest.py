"""Every test runs in a sealed process: the first import comes before any numeric library."""

import stages  # noqa: F401, I001  the import is the seal

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.support.prefect_server import Server, real_server
from tests.support.project import QUICK, ROOT, Project, copy_project
from tests.support.quick import Quick, finished_quick_project, quick_project
from tests.support.toy import make_toy


@pytest.fixture(scope="session", autouse=True)
def private_prefect(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the user's Prefect out of the tests, and the tests out of it."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]
    os.environ["PREFECT_HOME"] = str(tmp_path_factory.mktemp("prefect"))
    os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
    os.environ["DO_NOT_TRACK"] = "1"


@pytest.fixture(scope="session")
def running_server(
    private_prefect: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A Prefect server with its page, for all files."""
    with real_server(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="module")
def server(running_server: Server) -> Server:
    """The server, without what the file before served: its deployments count as served for a minute."""
    running_server.forget_deployments()
    return running_server


@pytest.fixture
def quick(tmp_path: Path) -> Quick:
    """A project whose stages take no time, committed, nothing run."""
    return quick_project(tmp_path)


@pytest.fixture(scope="module")
def quick_with_a_run(tmp_path_factory: pytest.TempPathFactory) -> Quick:
    """Such a project with one finished and committed run, for all tests of a file."""
    return finished_quick_project(tmp_path_factory.mktemp("quick"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh checkout in a folder with a space in its name."""
    return copy_project(tmp_path / "a checkout")


def made_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Project]
) -> Project:
    """Return this worker's own copy of a checkout that the first worker that needs it makes."""
    base = factory.getbasetemp()
    common = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"once {name}"
    with FileLock(f"{common}.lock"):
        if not common.exists():
            made = make(factory.mktemp(name) / "a checkout")
            shutil.copytree(made.root, f"{common}.part", symlinks=True)
            Path(f"{common}.part").rename(common)
            return made
    own = factory.mktemp(name) / "a checkout"
    shutil.copytree(common, own, symlinks=True)
    return Project(own)


def make_finished(folder: Path) -> Project:
    project = copy_project(folder)
    project.exactcast("run", "--no-prefect", *QUICK)
    project.commit("a small run")
    return project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A checkout with one small finished and committed run; tests only read it."""
    return made_once(tmp_path_factory, "finished", make_finished)


@pytest.fixture
def copied(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished checkout, to change."""
    shutil.copytree(finished.root, tmp_path / "a copy", symlinks=True)
    return Project(tmp_path / "a copy")


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of quick stages with kept runs, see tests/support/toy.py; tests only read it."""
    return made_once(tmp_path_factory, "toy", make_toy)


@pytest.fixture
def toy_copy(toy: Project, tmp_path: Path) -> Project:
    """A copy of the quick project, to change."""
    shutil.copytree(toy.root, tmp_path / "a copy", symlinks=True)
    return Project(tmp_path / "a copy")


@pytest.fixture
def etth1() -> Path:
    """The public table ETTh1, where it is found."""
    places = [os.environ.get("EXACTCAST_ETTH1", ""), str(ROOT.parent / "shared/data/ETTh1.csv")]
    for place in filter(None, places):
        if Path(place).is_file():
            return Path(place)
    pytest.skip("ETTh1.csv is neither in shared/data next to the repository nor in EXACTCAST_ETTH1")


@pytest.fixture
def cases() -> Path:
    """The small tables that show how people's tables are, where they are found."""
    folder = ROOT.parent / "shared/cases"
    if not folder.is_dir():
        pytest.skip("shared/cases is not next to the repository")
    return folder
