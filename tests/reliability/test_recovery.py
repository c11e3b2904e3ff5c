"""What is left after a run that failed, was stopped or is void."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pipeline.runs.overrides import apply_overrides
from tests.support.project import HEAR_CTRL_C, PROGRAMS, Project, error_of

OUTPUTS = [
    "data/series.parquet", "data/split.parquet", "models/model.keras", "reports/training.csv",
    "reports/metrics.json", "reports/report.html", "dvc.lock",
]  # fmt: skip
STAGE = """
import sys, time
from pathlib import Path
{body}
for name, content in {{"model": "new", "scores.json": "{{}}"}}.items():
    Path(name).write_text(content)
"""
GRAPH = """
stages:
  prepare: {cmd: cp raw made, deps: [raw], outs: [made]}
  train:
    cmd: python stage.py
    deps: [made, stage.py]
    outs: [model]
    metrics: [scores.json: {cache: false}]
"""


def contents(project: Project, paths: list[str]) -> dict[str, bytes]:
    return {path: project.read(path) for path in paths}


@pytest.fixture
def trained(copied: Project) -> Project:
    """The project's machinery around a graph of two quick stages, run once."""
    (copied.root / "dvc.yaml").write_text(GRAPH)
    (copied.root / "raw").write_text("1")
    (copied.root / "stage.py").write_text(STAGE.format(body="").replace("new", "old"))
    copied.call("python", "-c", RUN)
    return copied


RUN = (
    f"{HEAR_CTRL_C}import sys; from pathlib import Path\n"
    "from pipeline.runs.backup import held, restore_on_failure\n"
    "from pipeline.runs.checkout import RunCheckout\n"
    "from pipeline.runs.stage import reproduce\n"
    "from pipeline.versioning.checkout import Checkout\n"
    "workspace, python = Checkout(Path()), Path(sys.executable)\n"
    "checkout = RunCheckout.of(workspace)\n"
    "def work():\n"
    "    for name in checkout.graph.needed(): reproduce(checkout, name, python=python, show=print)\n"
    "with held(workspace, wait=False): restore_on_failure(checkout, work)"
)


def start(project: Project, body: str) -> subprocess.Popen[bytes]:
    """Start a run whose second stage does something else, and wait until it does it."""
    (project.root / "raw").write_text("2")
    (project.root / "stage.py").write_text(STAGE.format(body=f"Path('begun').touch()\n{body}"))
    process = subprocess.Popen(
        ["python", "-c", RUN], cwd=project.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"},
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (project.root / "begun").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


def test_after_a_failed_stage_its_earlier_outputs_are_back_and_finished_stages_stay(
    copied: Project,
):
    before = contents(copied, OUTPUTS)
    diverges = "train.optimizer={name: sgd, learning_rate: 1.0e+30, clipnorm: null}"
    apply_overrides(copied.root, ["windowing.stride=2", diverges])
    failed = copied.attempt("python", "-m", "pipeline", "run", "--no-prefect")
    assert failed.returncode == 1
    last = failed.stdout.strip().splitlines()[-1]
    assert last.startswith("error: Stage 'train' failed. Training diverged in epoch 1: loss=")

    after = contents(copied, OUTPUTS)
    changed = [path for path in OUTPUTS if before[path] != after[path]]
    assert changed == ["data/split.parquet", "dvc.lock"]  # the split finished, and is kept
    statuses = {s["stage"]: s for s in json.loads(copied.exactcast("status", "--json"))}
    assert not statuses["split"]["out_of_date"]
    assert statuses["train"]["out_of_date"]
    assert not (copied.root / ".dvc/tmp/exactcast/previous").exists()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_after_a_stopped_run_the_earlier_outputs_are_back(trained: Project, how):
    process = start(trained, "Path('model').write_text('half'); time.sleep(300)")
    process.send_signal(how)
    assert process.wait(timeout=60) != 0
    assert (trained.read("model"), trained.read("scores.json")) == (b"old", b"{}")
    assert trained.read("made") == b"2"


def test_a_killed_run_leaves_no_orphan_and_the_next_one_mends_it(trained: Project):
    process = start(trained, "Path('model').write_text('half'); time.sleep(2)")
    process.kill()
    process.wait()
    time.sleep(8)  # an orphan would have finished by now
    assert trained.read("model") == b"half"

    (trained.root / "stage.py").write_text(STAGE.format(body="sys.exit(1)"))
    assert trained.attempt("python", "-c", RUN).returncode != 0
    assert (trained.read("model"), trained.read("scores.json")) == (b"old", b"{}")


def test_an_output_that_was_mended_on_the_way_to_a_failure_stays_mended(trained: Project):
    (trained.root / "made").write_text("spoilt by hand")
    (trained.root / "stage.py").write_text(STAGE.format(body="sys.exit(1)"))
    assert trained.attempt("python", "-c", RUN).returncode != 0
    assert trained.read("made") == b"1"
    assert trained.read("model") == b"old"


def test_a_second_run_waits_for_the_first_and_says_so_or_is_refused(copied: Project):
    command = ["python", "-m", "pipeline", "run"]
    environment = os.environ | {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
    holding = (
        "import sys; from pathlib import Path; from pipeline.runs.workspace import locked\n"
        "with locked(Path(), wait=True): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        ["python", "-c", holding], cwd=copied.root, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as holder:  # fmt: skip
        assert holder.stdout.readline() == "held\n"
        refused = copied.attempt(*command, "--no-wait")
        assert refused.returncode == 1
        sentence = (
            f"error: Another run is in progress in this workspace: process {holder.pid}, since "
        )
        assert error_of(refused).startswith(sentence)

        with subprocess.Popen(
            command, cwd=copied.root, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as waiting:  # fmt: skip
            sentence = f"waiting for another run in this workspace: process {holder.pid}"
            lines = iter(waiting.stdout.readline, "")
            assert any(line.startswith(sentence) for line in lines)
            holder.stdin.close()
            assert "outputs match dvc.lock; nothing ran" in waiting.stdout.read()


def test_a_run_during_which_code_changed_is_void_and_never_comes_back(trained: Project):
    before = contents(trained, ["made", "model", "dvc.lock"])
    process = start(trained, "while not Path('go').exists(): time.sleep(0.05)")
    (trained.root / "stage.py").write_text(STAGE.format(body="x = 1").replace("new", "newer"))
    (trained.root / "go").touch()
    assert process.wait(timeout=60) == 1
    assert contents(trained, ["made", "model", "dvc.lock"]) == before

    trained.call("python", "-c", RUN)  # not from the run cache, which saw the other code
    assert trained.read("model") == b"newer"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_one_sentence_and_nothing_earlier_is_lost(copied: Project, tmp_path: Path):
    before = contents(copied, OUTPUTS)
    reports = copied.root / "reports"
    kept = {p.relative_to(reports): p.read_bytes() for p in reports.rglob("*") if p.is_file()}
    size = sum(map(len, kept.values())) + 200_000
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size // 4096 * 4096 + 65536}", "tmpfs", reports],
        check=False, capture_output=True,
    )  # fmt: skip
    if mounted.returncode != 0:
        pytest.skip("this sandbox does not let root mount a disk")
    try:
        for name, content in kept.items():
            (reports / name).parent.mkdir(parents=True, exist_ok=True)
            (reports / name).write_bytes(content)
        (reports / "filler").write_bytes(b"0" * 150_000)
        failed = copied.attempt(
            "python", "-m", "pipeline", "run", "--no-prefect", "-S", "windowing.horizon=12"
        )
        assert failed.returncode == 1
        last = failed.stdout.strip().splitlines()[-1]
        assert "No space left on device" in last
        assert "Traceback" not in failed.stdout
        after = contents(copied, OUTPUTS)
        assert after["reports/metrics.json"] == before["reports/metrics.json"]
        assert after["reports/report.html"] == before["reports/report.html"]
    finally:
        subprocess.run(["umount", reports], check=True)
