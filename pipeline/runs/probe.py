"""Print what a stage finds around it: which Python, packages, processor, threads and variables.

Run by its path, in a checkout, with the Python and the variables of its stages: the checkout may be
of a commit that has no probe, and facts about another process would say nothing of the stages.
"""

import importlib
import json
import os
import platform
import re
import runpy
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

LEVELS = {  # of x86-64, the highest first; what numeric libraries choose their kernels by
    "x86-64-v4": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    "x86-64-v3": {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"},
    "x86-64-v2": {"cx16", "popcnt", "sse4_1", "sse4_2", "ssse3"},
}
PROCESSOR = Path(__file__).resolve().parents[2] / "foundation/processor.py"  # our commit's own
REPORTED = ("LANG", "LC_ALL", "PYTHONHASHSEED", "TZ")  # nothing may depend on them


def surroundings() -> dict[str, Any]:
    """Describe this process and the machine, without anything that names whose they are."""
    sys.path.insert(0, os.getcwd())  # noqa: PTH109  a text, for sys.path
    stages = importlib.import_module("stages")  # the checkout's own: it seals this process
    checkout = f"{Path(stages.__file__ or '').resolve().parent.parent}{os.sep}"
    return {
        "python": platform.python_version(),
        "packages": packages(),
        "any_packages": os.environ.get("EXACTCAST_ANY_PACKAGES") == "1",
        "system": f"{platform.system()} {platform.release()}",
        "libc": " ".join(platform.libc_ver()).strip() or "unknown",
        "processor": processor(),
        "threads": {"cores": os.cpu_count(), "usable": usable_cores()},
        "pinned": {k: os.environ.get(k, "").replace(checkout, "") for k in sorted(stages.PINNED)},
        "variables": {name: os.environ[name] for name in REPORTED if name in os.environ},
    }


def packages() -> dict[str, str]:
    """List every installed package with its version."""
    found = {re.sub(r"[-_.]+", "-", d.name).lower(): d.version for d in distributions()}
    return dict(sorted(found.items()))


def processor() -> dict[str, str]:
    """Return the processor's model, and its class by the instructions that it has."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    facts = {
        key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)
    }
    has = runpy.run_path(str(PROCESSOR))["instructions"]()
    level = next((name for name, needs in LEVELS.items() if needs <= has), platform.machine())
    return {"model": facts.get("model name") or platform.processor() or "unknown", "class": level}


def usable_cores() -> int | None:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


if __name__ == "__main__":
    print(json.dumps(surroundings()))
