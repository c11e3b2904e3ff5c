"""Which pages are generated, and by what."""

from collections.abc import Callable
from pathlib import Path

from docs.generate.command_line import command_line_page
from docs.generate.markdown import between_marks
from docs.generate.parameters import parameters_page
from docs.generate.picture import picture

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = "docs/architecture.md"


def architecture_page() -> str:
    """Return docs/architecture.md with a current picture; its text is written by hand."""
    return between_marks((ROOT / ARCHITECTURE).read_text("utf-8"), picture(ROOT))


PAGES: dict[str, Callable[[], str]] = {
    ARCHITECTURE: architecture_page,
    "docs/reference/command-line.md": command_line_page,
    "docs/reference/parameters.md": lambda: parameters_page(ROOT),
}
