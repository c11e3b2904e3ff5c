"""The key of a stage's result: equal keys, equal bytes."""

import hashlib
import json
import platform
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from foundation.packages import installed_packages
from foundation.paths import CODE_PACKAGES


def stage_key(params: Any, inputs: Iterable[Path]) -> str:
    """Hash all that the result of this process depends on.

    The seal is code of ours, so it is in the key. The bytes are promised to be the same on all
    processors of a machine type, so the processor itself is not.

    Args:
        params: The parameters that the stage reads, as JSON has them.
        inputs: The files that it reads; their content counts, not their place.

    Returns:
        64 hexadecimal digits.
    """
    causes = {
        "code": sorted(map(_digest, _code())),
        "inputs": [_digest(path) for path in inputs],
        "packages": installed_packages(),
        "params": params,
        "python": platform.python_version_tuple()[:2],
        "system": [platform.system(), platform.machine(), *platform.libc_ver()],
    }
    return hashlib.sha256(json.dumps(causes, sort_keys=True).encode()).hexdigest()


def _code() -> set[Path]:
    """Find the files of the project that this process has loaded; the stage's own is `__main__`."""
    loaded = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    ours = ("__main__", *CODE_PACKAGES)
    return {Path(file) for name, file in loaded.items() if file and name.split(".")[0] in ours}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
