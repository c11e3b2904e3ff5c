"""The same bytes on other processors, emulated."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.graph import load_graph
from stages._processor import PROMISED, instructions
from tests.cases import SMALL, choices, leaves, runs
from tests.emulation import compute, differing, needs_qemu, python_on
from tests.project import Project

AVX512 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
OTHERS = ["Haswell", "EPYC-Rome"]
SMALL_RUN = ["-S", "simulate.rows=200", "-S", "train.epochs=2", "-S", "train.layers.0.units=8"]
A_FEW = ["scaler", "metric", "baseline", "kernel_initializer", "run 3"]


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


@needs_qemu
def test_a_few_cases_are_the_same_on_an_emulated_processor(tmp_path: Path):
    here = compute(tmp_path / "here", *A_FEW)
    there = compute(tmp_path / "there", *A_FEW, cpu="Haswell")

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
@pytest.mark.skipif(
    not instructions() >= AVX512,
    reason="without AVX-512 here there is nothing that the emulated processor lacks",
)
def test_without_the_seal_outputs_differ(tmp_path: Path):
    here = compute(tmp_path / "here", *A_FEW, sealed=False)
    there = compute(tmp_path / "there", *A_FEW, cpu="Haswell", sealed=False)

    assert not here["process"]["sealed"]
    assert not there["process"]["sealed"]
    assert "X86_V4" in here["process"]["numpy"]
    assert "X86_V4" not in there["process"]["numpy"]
    assert "baseline ridge: forecasts" in differing(here, there)


@pytest.mark.slow
@needs_qemu
@pytest.mark.parametrize("cpu", OTHERS)
def test_every_stage_is_the_same_on_an_emulated_processor(project: Project, tmp_path: Path, cpu):
    project.exactcast("run", "--offline", *SMALL_RUN)
    stages = load_graph(project.root).stages
    outputs = [out for stage in stages.values() for out in stage.outs]
    emulated = Project(shutil.copytree(project.root, tmp_path / "emulated"))
    for out in outputs:
        (emulated.root / out).unlink()

    for stage in stages:
        emulated.call(*python_on(cpu), "-m", f"stages.{stage}")

    assert len(outputs) == 11
    assert [out for out in outputs if emulated.read(out) != project.read(out)] == []


def test_an_output_that_differs_is_traced_to_the_values_of_its_run_alone():
    alone = suspects(["run 3: models/model.keras"])

    assert f"train.layers.0.activation={runs()['run 3']['train.layers.0.activation']!r}" in alone
    assert not [value for value in alone if value.startswith("train.optimizer.name")]
    assert suspects([]) == []


def test_every_value_on_offer_is_in_a_case():
    offered = choices()
    for path, values in offered.items():
        if not path.endswith("_initializer"):  # each has a case of its own
            assert {repr(run[path]) for run in runs().values()} == set(map(repr, values)), path
    assert leaves() - offered.keys() == set()
    assert [path for path in SMALL if not offered[path]] == []
