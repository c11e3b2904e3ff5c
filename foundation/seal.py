"""The pinned environment: whatever could change a number is set before a numeric library loads.

See docs/decisions/0003-environment-seal.md for what each setting is for.
"""

import os
import sys
from pathlib import Path

from foundation import processor

_INHERITED = ("TF_", "XLA_", "KERAS_", "OMP_", "MKL_", "OPENBLAS_", "NPY_", "MPL", "ONEDNN_")
_CONFIG = Path(__file__).resolve().parent.parent / ".cache"  # never the user's own settings

PINNED = {
    "KERAS_BACKEND": "tensorflow",
    "KERAS_HOME": str(_CONFIG / "keras"),
    "MPLCONFIGDIR": str(_CONFIG / "matplotlib"),
    "CUDA_VISIBLE_DEVICES": "-1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
if processor.is_x86():
    # One instruction set for all processors: AVX2, and no library that picks kernels by itself
    PINNED |= {
        "XLA_FLAGS": " ".join(
            [
                "--xla_cpu_max_isa=AVX2",
                "--xla_cpu_use_onednn=false",
                "--xla_cpu_use_xnnpack=false",
                "--xla_cpu_experimental_ynn_fusion_type=",
                "--xla_cpu_experimental_xnn_graph_fusion_mode=XNN_GRAPH_FUSION_MODE_DISABLED",
            ]
        ),
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        # forced kernels that the processor lacks would kill the process
        "OPENBLAS_CORETYPE": "Haswell" if processor.is_promised() else "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    }


def seal() -> bool:
    """Pin the environment; tell whether every numeric library will load, or has loaded, under it."""
    numeric = {"numpy", "tensorflow", "keras", "matplotlib", "sklearn"} & sys.modules.keys()
    inherited = {name: value for name, value in os.environ.items() if name.startswith(_INHERITED)}
    untouched = inherited.items() <= PINNED.items() <= os.environ.items()
    for name in inherited:
        del os.environ[name]
    os.environ.update(PINNED)
    if not processor.runs_tensorflow():
        sys.meta_path.insert(0, processor.RefuseTensorflow())
    return untouched or not numeric
