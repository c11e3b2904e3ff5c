"""The same bytes, whatever the surroundings."""

import json
import platform
from pathlib import Path

import pytest

from tests.project import ROOT, Project

AVX2 = "avx2" in Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else False


@pytest.mark.skipif(
    not AVX2, reason="the committed dvc.lock is promised on x86-64 with AVX2 on Linux"
)
@pytest.mark.skipif(
    platform.python_version_tuple()[:2] != tuple((ROOT / ".python-version").read_text().strip().split(".")),
    reason="the committed dvc.lock is promised on the reference Python",
)  # fmt: skip
def test_the_committed_demo_is_reproduced_in_hostile_surroundings(project: Project, tmp_path: Path):
    home = tmp_path / "home"
    (home / ".keras").mkdir(parents=True)
    (home / ".keras/keras.json").write_text(json.dumps({"floatx": "float64", "backend": "jax"}))
    (home / ".config/matplotlib").mkdir(parents=True)
    (home / ".config/matplotlib/matplotlibrc").write_text("font.size: 30\nlines.linewidth: 9\n")
    committed = project.read("dvc.lock"), project.read("reports/metrics.json")

    said = project.call(
        "taskset", "--cpu-list", "0", "python", "-m", "pipeline.cli", "run",
        HOME=str(home), TZ="Asia/Kathmandu", LC_ALL="C", PYTHONHASHSEED="7", XDG_CONFIG_HOME=None,
        TF_DETERMINISTIC_OPS="0", OMP_NUM_THREADS="3", MPLBACKEND="svg", KERAS_BACKEND="jax",
        XLA_FLAGS="--xla_cpu_max_isa=SSE4_2", PYTHONPATH=str(tmp_path),
    )  # fmt: skip

    assert (
        "identical: all 11 outputs equal the committed dvc.lock, byte for byte (6 of 6 stages ran)"
        in said
    )
    assert (project.read("dvc.lock"), project.read("reports/metrics.json")) == committed
    assert project.git("status", "--porcelain") == ""
