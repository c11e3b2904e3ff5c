"""params.yaml while a run with overrides is in progress: what was written is taken back if it does not finish.

Both versions are kept, so that an edit that the user makes meanwhile is never undone.
"""

from pathlib import Path

from foundation.durability import flush
from foundation.files import write_bytes
from foundation.paths import PARAMS

BEFORE = Path(".dvc/tmp/exactcast/params.before.yaml")
WRITTEN = Path(".dvc/tmp/exactcast/params.written.yaml")


def write_params(root: Path, content: bytes) -> None:
    """Write params.yaml, and keep what it was until `forget_params`."""
    write_bytes(root / WRITTEN, content)
    write_bytes(root / BEFORE, (root / PARAMS).read_bytes())  # from here on they count
    write_bytes(root / PARAMS, content)


def params_kept(root: Path) -> bool:
    """Return True if a run that wrote params.yaml has neither finished nor been taken back."""
    return (root / BEFORE).is_file()


def take_back_params(root: Path) -> bool:
    """Put params.yaml back as it was; return False if no run wrote it, or the user edited it since."""
    if not params_kept(root):
        return False
    before, written = ((root / path).read_bytes() for path in (BEFORE, WRITTEN))
    path = root / PARAMS
    if not path.is_file() or path.read_bytes() not in (before, written):
        return False
    write_bytes(path, before)
    return True


def forget_params(root: Path) -> None:
    """Delete what was kept: the run is good, or taken back."""
    if params_kept(root):
        (root / BEFORE).unlink()
        (root / WRITTEN).unlink(missing_ok=True)
        flush(root)  # a power cut would bring it back, and a good run would be taken back
