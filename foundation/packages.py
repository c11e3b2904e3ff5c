"""The installed packages, compared with requirements.lock."""

import re
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from foundation.errors import SetupError

LOCK_FILE = Path("requirements.lock")
ANY_PACKAGES = "EXACTCAST_ANY_PACKAGES"


def check_packages(lock: Path) -> None:
    """Refuse to run with other packages than the lock's; packages that the lock does not name do not matter.

    Raises:
        SetupError: A locked package is missing or has another version.
    """
    installed = installed_packages()
    differing = [
        f"{name} {installed.get(name, 'missing')} instead of {version}"
        for name, version in locked_packages(lock).items()
        if installed.get(name) != version
    ]
    if differing:
        shown = ", ".join(differing[:3]) + (", ..." if len(differing) > 3 else "")
        raise SetupError(
            f"{len(differing)} installed packages differ from {lock}: {shown}. Install the locked "
            f"ones with `make setup`, or accept other bytes for this run with {ANY_PACKAGES}=1."
        )


def installed_packages() -> dict[str, str]:
    """List name and version of every package of this Python."""
    described = (distribution.metadata for distribution in distributions())  # parsed at each look
    return {canonicalize_name(one["Name"]): one["Version"] for one in described}


def locked_packages(lock: Path) -> dict[str, str]:
    """Read name and version of every package that the lock asks for on this Python and system.

    Raises:
        SetupError: There is no lock.
    """
    if not lock.is_file():
        raise SetupError(f"{lock} is missing. Restore it: git checkout -- {lock}")
    entries = re.findall(r"^([\w.\-\[\]]+==[^\\\n]+?) *\\?$", lock.read_text("utf-8"), re.MULTILINE)
    requirements = [Requirement(entry) for entry in entries]
    return {
        canonicalize_name(r.name): next(iter(r.specifier)).version
        for r in requirements
        if r.marker is None or r.marker.evaluate()
    }
