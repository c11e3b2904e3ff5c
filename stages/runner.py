"""What every stage does around its work: refuse a process that cannot be trusted, load, report."""

import importlib.util
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import stages
from foundation.errors import PipelineError, SetupError
from foundation.packages import ANY_PACKAGES, LOCK_FILE, check_packages
from foundation.params import Params, load_params
from foundation.paths import CODE_PACKAGES
from foundation.processor import is_promised, promise


def run_stage(run: Callable[[Params], None]) -> None:
    """Run a stage in this process; an error that the user can fix is one sentence and exit code 1."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        check_seal()
        check_code(Path.cwd())
        if not is_promised():
            logging.warning("processor: %s", promise())
        if os.environ.get(ANY_PACKAGES) != "1":
            check_packages(LOCK_FILE)
        run(load_params())
    except PipelineError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def check_seal() -> None:
    """Refuse a process in which a numeric library started without the pinned environment.

    Raises:
        SetupError: It did, or the environment was changed since.
    """
    changed = sorted(k for k, v in stages.PINNED.items() if os.environ.get(k) != v)
    if not stages.SEALED or changed:
        found = f"{', '.join(changed)} changed" if changed else "a numeric library loaded first"
        raise SetupError(
            f"This process is not sealed: {found}, so its numbers may differ from machine to "
            "machine. Start the stage in a process of its own: python -m stages.NAME"
        )


def check_code(root: Path) -> None:
    """Refuse to run with code from another folder than the working directory.

    Raises:
        SetupError: One of the project's packages would be imported from elsewhere.
    """
    for package in CODE_PACKAGES:
        spec = importlib.util.find_spec(package)
        origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
        if origin is None or not origin.is_relative_to(root.resolve()):
            raise SetupError(
                f"The package '{package}' would come from {origin}, not from the working directory "
                f"{root}. Start stages from the project's root as python -m stages.NAME, without "
                "PYTHONPATH and PYTHONSAFEPATH."
            )
