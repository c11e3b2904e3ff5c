"""Reading results of the workspace that no run may change meanwhile."""

from pathlib import Path

import pytest

from foundation.errors import SetupError, WorkspaceBusyError
from foundation.locks import hold
from pipeline.runs import undisturbed as module
from pipeline.runs.undisturbed import ADVICE, CHANGED, undisturbed
from pipeline.runs.workspace import LOCK_FILE
from pipeline.versioning.checkout import Checkout


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    monkeypatch.setattr(module, "BETWEEN", 0.01)
    (tmp_path / "dvc.lock").write_text("one")
    (tmp_path / "params.yaml").write_text("seed: 1")
    return Checkout(tmp_path)


def test_two_may_read_at_once(workspace: Checkout):
    with undisturbed(workspace), undisturbed(workspace):
        pass


def test_what_a_run_is_changing_is_not_read(workspace: Checkout):
    with (
        hold(workspace.root / LOCK_FILE),
        pytest.raises(
            WorkspaceBusyError, match=r"^Another run is in progress .*process \d+"
        ) as busy,
        undisturbed(workspace),
    ):
        pytest.fail("the block may not begin")
    assert str(busy.value).endswith(ADVICE)


@pytest.mark.parametrize("name", ["dvc.lock", "params.yaml"])
def test_what_a_run_changed_meanwhile_does_not_count(workspace: Checkout, name: str):
    with pytest.raises(WorkspaceBusyError) as changed, undisturbed(workspace):
        (workspace.root / name).write_text("another")
    assert str(changed.value) == CHANGED


def test_an_error_counts_only_if_no_run_is_the_cause(workspace: Checkout):
    with pytest.raises(SetupError, match=r"^gone$"), undisturbed(workspace):
        raise SetupError("gone")
    with pytest.raises(WorkspaceBusyError), undisturbed(workspace):
        (workspace.root / "dvc.lock").unlink()
        raise SetupError("gone")
