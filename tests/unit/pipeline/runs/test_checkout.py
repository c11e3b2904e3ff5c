"""A run keeps the graph that it started with, and looks for its Python once, if a stage needs it."""

from pathlib import Path

import pytest

from pipeline.runs import checkout as checkouts
from pipeline.runs.checkout import RunCheckout
from pipeline.versioning.checkout import Checkout


@pytest.fixture
def workspace(tmp_path: Path) -> Checkout:
    (tmp_path / "dvc.yaml").write_text("stages: {one: {cmd: x}}")
    (tmp_path / "params.yaml").write_text("seed: 1\n")
    return Checkout(tmp_path)


def test_the_graph_of_a_run_stays_and_its_lock_does_not(workspace: Checkout) -> None:
    run = RunCheckout.of(workspace)
    (workspace.root / "dvc.yaml").write_text("stages: {two: {cmd: x}}")
    (workspace.root / "dvc.lock").write_text("schema: '2.0'\nstages:\n  one:\n    cmd: x\n")
    assert list(run.graph.stages) == ["one"]
    assert list(run.lock) == ["one"]
    assert list(workspace.graph.stages) == ["two"]


def test_a_run_in_a_worktree_knows_the_workspace(workspace: Checkout, tmp_path: Path) -> None:
    assert RunCheckout.of(Checkout(tmp_path, origin=workspace)).workspace is workspace


def test_the_python_of_a_run_is_looked_for_once_and_as_it_is_asked_for(
    workspace: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, object]] = []

    def found(checkout: Checkout, **options: object) -> Path:
        asked.append(options)
        return Path("python")

    monkeypatch.setattr(checkouts, "python_for", found)
    run = RunCheckout.of(workspace, minor="3.12", exact=True)
    assert asked == []
    assert run.python is run.python
    assert asked == [{"minor": "3.12", "exact": True}]
