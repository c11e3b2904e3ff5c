"""On what the figures were taken: processor, memory, system and versions; no names, no paths."""

import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("tensorflow", "keras", "numpy", "dvc")


def describe() -> dict[str, str]:
    """Describe the machine, the packages and the day."""
    return {
        "processor": _entry(Path("/proc/cpuinfo"), "model name") or platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release().split('-')[0]}, {'-'.join(platform.libc_ver())}",
        "Python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
    }


def _entry(file: Path, name: str) -> str:
    for line in file.read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return ""
