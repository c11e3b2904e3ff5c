"""Where the bytes are promised, and a word where they are not; other processors are emulated."""

import pytest

from tests.exactness.emulation import needs_qemu, python_on
from tests.support.project import ROOT, Project


@needs_qemu
@pytest.mark.parametrize(
    ("cpu", "said"),
    [
        ("Haswell", "x86-64 with AVX2, Linux: the same bytes on every such machine"),
        ("SandyBridge", "x86-64 without AVX2: the same bytes on this machine; those of AVX2"),
        ("Nehalem", "x86-64 without AVX: TensorFlow does not start"),
    ],
)
def test_the_class_of_the_processor_is_that_of_the_process_not_of_the_machine(cpu, said):
    script = "from foundation.processor import promise; print(promise())"

    assert said in Project(ROOT).call(*python_on(cpu), "-c", script)


@needs_qemu
def test_a_record_names_the_class_that_its_stages_found():
    probe = str(ROOT / "pipeline/runs/probe.py")

    assert '"class": "x86-64-v3"' in Project(ROOT).call(*python_on("Haswell"), "-P", probe)


@needs_qemu
def test_a_stage_says_that_the_processor_is_outside_the_promise_and_goes_on(finished: Project):
    before = finished.read("data/windows.parquet")

    said = finished.call(*python_on("SandyBridge"), "-m", "stages.windowing")

    assert "processor: x86-64 without AVX2: the same bytes on this machine" in said
    assert finished.read("data/windows.parquet") == before


@needs_qemu
def test_a_training_without_avx_ends_in_a_sentence_instead_of_a_signal(finished: Project):
    done = finished.attempt(*python_on("Nehalem"), "-m", "stages.train")

    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == (
        "error: This processor is x86-64 without AVX: TensorFlow does not start, so nothing can be "
        "trained or evaluated. Use a machine whose processor has AVX."
    )
