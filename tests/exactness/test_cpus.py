"""The same bytes on other processors: those of a record, of whatever machine made it, and emulated ones."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from foundation.params import Params
from foundation.processor import PROMISED, instructions, is_promised
from pipeline.versioning.graph import load_graph
from tests.exactness.cases import SMALL, choices, leaves, runs
from tests.exactness.emulation import compute, differing, needs_qemu, python_on, recorded
from tests.support.project import ROOT, Project

AVX512 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
LARGER_CACHE = "Haswell,vendor=AuthenticAMD"  # tells of 64 KiB of L1, the others of 32
OTHERS = ["Haswell", LARGER_CACHE, "EPYC-Rome"]
SMALL_RUN = ["-S", "simulate.rows=200", "-S", "train.epochs=2", "-S", "model.layers.0.units=8"]
A_FEW = ["scaler", "metric", "baseline", "kernel_initializer", "batch of 128"]
REFERENCE = (ROOT / ".python-version").read_text().strip()


def is_emulated_and_sealed(process: dict[str, Any]) -> bool:
    has, numpy_has = set(process["instructions"]), set(process["numpy"])
    lacks = not has & AVX512 and not any(name.startswith("AVX512") for name in numpy_has)
    return process["sealed"] and has >= PROMISED and "X86_V3" in numpy_has and lacks


def suspects(different: list[str]) -> list[str]:
    """Name the values on offer that no run has whose outputs are the same."""
    same = [
        run for name, run in runs().items() if not any(d.startswith(f"{name}:") for d in different)
    ]
    return [
        f"{path}={value!r}"
        for path, values in choices().items()
        for value in values
        if not path.endswith("_initializer") and all(run[path] != value for run in same)
    ]


@pytest.mark.skipif(not is_promised(), reason="these bytes are promised on x86-64 with AVX2")
@pytest.mark.skipif(
    f"{sys.version_info.major}.{sys.version_info.minor}" != REFERENCE,
    reason="the promise is per minor version of Python",
)
def test_every_option_is_the_same_here_as_on_the_machine_that_made_the_record(tmp_path: Path):
    here = compute(tmp_path / "here")

    different = differing(recorded(), here)
    assert not different, (different, suspects(different))


@needs_qemu
def test_a_few_cases_are_the_same_on_an_emulated_processor(tmp_path: Path):
    here = compute(tmp_path / "here", *A_FEW)
    there = compute(tmp_path / "there", *A_FEW, cpu=LARGER_CACHE)

    assert is_emulated_and_sealed(there["process"])
    different = differing(here, there)
    assert not different, (different, suspects(different))


@pytest.mark.slow
@needs_qemu
@pytest.mark.parametrize("cpu", OTHERS)
def test_every_option_is_the_same_on_an_emulated_processor(tmp_path: Path, cpu):
    here = compute(tmp_path / "here")
    there = compute(tmp_path / "there", cpu=cpu)

    assert is_emulated_and_sealed(there["process"])
    different = differing(here, there)
    assert not different, (different, suspects(different))


@pytest.mark.slow
@needs_qemu
@pytest.mark.parametrize(
    ("with_it", "without_it", "kernels"),
    [
        pytest.param(
            None,
            "Haswell",
            "X86_V4",
            marks=pytest.mark.skipif(not instructions() >= AVX512, reason="no AVX-512 here"),
            id="AVX-512",
        ),
        pytest.param("Haswell", "SandyBridge", "X86_V3", id="AVX2"),
    ],
)
def test_without_the_seal_outputs_differ(tmp_path: Path, with_it, without_it, kernels):
    one = compute(tmp_path / "one", "baseline", cpu=with_it, sealed=False)
    other = compute(tmp_path / "other", "baseline", cpu=without_it, sealed=False)

    assert not one["process"]["sealed"]
    assert not other["process"]["sealed"]
    assert kernels in one["process"]["numpy"]
    assert kernels not in other["process"]["numpy"]
    assert "baseline ridge: forecasts" in differing(one, other)


@pytest.mark.slow
@needs_qemu
@pytest.mark.parametrize("cpu", OTHERS)
def test_every_stage_is_the_same_on_an_emulated_processor(project: Project, tmp_path: Path, cpu):
    project.exactcast("run", "--no-prefect", *SMALL_RUN)
    stages = load_graph(project.root).stages
    outputs = [out for stage in stages.values() for out in stage.outs]
    emulated = Project(shutil.copytree(project.root, tmp_path / "emulated"))
    for out in outputs:
        (emulated.root / out).unlink()

    for stage in stages:
        emulated.call(*python_on(cpu), "-m", f"stages.{stage}")

    assert len(outputs) == 14
    assert [out for out in outputs if emulated.read(out) != project.read(out)] == []


def test_an_output_that_differs_is_traced_to_the_values_of_its_run_alone():
    alone = suspects(["run 3: models/model.keras"])

    assert f"model.layers.0.activation={runs()['run 3']['model.layers.0.activation']!r}" in alone
    assert not [value for value in alone if value.startswith("train.optimizer.name")]
    assert suspects([]) == []


def test_every_value_on_offer_is_in_a_case():
    offered = choices()
    for path, values in offered.items():
        if not path.endswith("_initializer"):  # each has a case of its own
            assert {repr(run[path]) for run in runs().values()} == set(map(repr, values)), path
    for section in ("model", "train", "intervals", "forecast"):
        kind = Params.model_fields[section].annotation
        assert leaves(kind, f"{section}.") - offered.keys() <= {"forecast.input"}  # of NEWER
    assert [path for path in SMALL if not offered[path]] == []
