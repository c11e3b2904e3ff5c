"""The processor that this process really has, and what is promised on it.

It asks the C library, which asks the processor: /proc/cpuinfo tells of the machine, also where the
process runs on an emulated processor. Imports nothing numeric: the seal depends on the answer.
"""

import ctypes
import platform
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType

INSTRUCTIONS = {  # where CPUID tells of them: leaf (0 is 1, 1 is 7), register (EAX to EDX), bit
    "avx": (0, 2, 28), "avx2": (1, 1, 5), "avx512bw": (1, 1, 30), "avx512cd": (1, 1, 28),
    "avx512dq": (1, 1, 17), "avx512f": (1, 1, 16), "avx512vl": (1, 1, 31), "bmi1": (1, 1, 3),
    "bmi2": (1, 1, 8), "cx16": (0, 2, 13), "f16c": (0, 2, 29), "fma": (0, 2, 12),
    "movbe": (0, 2, 22), "popcnt": (0, 2, 23), "sse4_1": (0, 2, 19), "sse4_2": (0, 2, 20),
    "ssse3": (0, 2, 9),
}  # fmt: skip
PROMISED = {"avx2", "fma"}


class _Leaf(ctypes.Structure):
    _fields_ = (("has", ctypes.c_uint32 * 4), ("may_use", ctypes.c_uint32 * 4))


def instructions() -> set[str]:
    """List the instruction sets that this process may use, as /proc/cpuinfo spells them."""
    if not is_x86():
        return set()
    try:
        ask = ctypes.CDLL(None).__x86_get_cpuid_feature_leaf  # glibc 2.33 and later
    except (AttributeError, OSError, TypeError):
        info = Path("/proc/cpuinfo")
        return set(info.read_text(encoding="utf-8").split()) if info.exists() else set()
    ask.restype = ctypes.POINTER(_Leaf)
    return {
        name
        for name, (leaf, register, bit) in INSTRUCTIONS.items()
        if ask(leaf).contents.may_use[register] >> bit & 1
    }


def is_x86() -> bool:
    """Return True if this is x86-64."""
    return platform.machine() in ("x86_64", "AMD64")


def is_promised() -> bool:
    """Return True if the bytes of dvc.lock are promised on this processor."""
    return instructions() >= PROMISED


def runs_tensorflow() -> bool:
    """Return True if TensorFlow's packages start here: those for x86-64 are compiled for AVX."""
    return not is_x86() or "avx" in instructions()


def promise() -> str:
    """Describe in which class this processor is, and what is promised on it."""
    machine, system = platform.machine(), platform.system()
    if is_promised():
        return f"x86-64 with AVX2, {system}: the same bytes on every such machine"
    if not is_x86():
        return f"{machine} {system}: the same bytes on this class of machine; those of x86-64 are not promised"
    if runs_tensorflow():
        return "x86-64 without AVX2: the same bytes on this machine; those of AVX2 machines are not promised"
    return "x86-64 without AVX: TensorFlow does not start, so nothing can be trained or evaluated"


class RefuseTensorflow(MetaPathFinder):
    """Ends a process that is about to import TensorFlow: without AVX the import would kill it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        """Let every import through but that of TensorFlow.

        Raises:
            SystemExit: It is TensorFlow.
        """
        if fullname == "tensorflow":
            raise SystemExit(
                f"error: This processor is {promise()}. Use a machine whose processor has AVX."
            )
