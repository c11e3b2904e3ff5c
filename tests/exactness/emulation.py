"""Processes on an emulated processor: QEMU's user mode, which has AVX2 but no AVX-512."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import stages
from tests.support.project import ROOT, Project

QEMU = shutil.which("qemu-x86_64")
RECORD = ROOT / "tests/fingerprints.json"
UNSEALED = dict.fromkeys(stages.PINNED)  # None removes a variable

needs_qemu = pytest.mark.skipif(
    QEMU is None, reason="qemu-x86_64 is not installed: apt-get install qemu-user"
)


def python_on(cpu: str | None) -> list[str]:
    """The command that starts Python on an emulated processor, or without a name natively."""
    return [sys.executable] if cpu is None else [str(QEMU), "-cpu", cpu, sys.executable]


def compute(
    result: Path, *prefixes: str, cpu: str | None = None, sealed: bool = True
) -> dict[str, Any]:
    """Compute cases of tests/exactness/cases.py in a process of their own.

    Returns:
        `process`: what it is; `cases`: a hash by case and output.
    """
    module, environment = (
        ("tests.exactness.cases", {}) if sealed else ("tests.exactness.unsealed", UNSEALED)
    )
    Project(ROOT).call(*python_on(cpu), "-m", module, str(result), *prefixes, **environment)
    found: dict[str, Any] = json.loads(result.read_text())
    return found


def recorded() -> dict[str, Any]:
    """Read what `python -m tests.exactness.cases tests/fingerprints.json` found, on some processor; see `compute`."""
    found: dict[str, Any] = json.loads(RECORD.read_text())
    return found


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Name the outputs that differ between two computations of the same cases, each with its case."""
    assert one["cases"].keys() == other["cases"].keys()
    return [
        f"{case}: {output}"
        for case, outputs in one["cases"].items()
        for output in sorted(outputs.keys() | other["cases"][case].keys())
        if outputs.get(output) != other["cases"][case].get(output)
    ]
