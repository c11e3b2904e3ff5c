"""Unit tests need neither DVC nor Prefect: what loads or starts one fails here."""

import sys
from collections.abc import Generator, Iterator

import pytest

HEAVY = ("dvc", "prefect")
STARTED: list[str] = []  # every command that a test started


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    if event == "subprocess.Popen":
        words = arguments[1]
        STARTED.append(words if isinstance(words, str) else str([str(word) for word in words]))


sys.addaudithook(_listen)


def _loaded() -> set[str]:
    return {name for name in HEAVY if name in sys.modules}


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Refuse a file whose imports load DVC or Prefect, unless another test has loaded them."""
    before = _loaded()
    report = yield
    if new := _loaded() - before:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} is an integration test: its imports load {new}"
    return report


@pytest.fixture(autouse=True)
def neither_dvc_nor_prefect() -> Iterator[None]:
    """Fail a test that loads DVC or Prefect, or that starts one of them or the command line."""
    before, n_before = _loaded(), len(STARTED)
    yield
    assert not _loaded() - before, "this is an integration test: it loads DVC or Prefect"
    modules = [f"'-m', '{name}" for name in (*HEAVY, "pipeline")]
    heavy = [line for line in STARTED[n_before:] if any(each in line for each in modules)]
    assert not heavy, f"this is an integration test: it starts {heavy}"
