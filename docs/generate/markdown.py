"""Pieces of a Markdown page."""

from collections.abc import Iterable, Sequence

WRITTEN = "<!-- Written by `make docs`: change the code, not this page. -->"
BEGIN, END = "<!-- begin: written by `make docs` -->", "<!-- end: written by `make docs` -->"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def code_block(text: str, *, language: str) -> str:
    """Lay out a block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def between_marks(page: str, content: str) -> str:
    """Replace what stands between the marks of a page.

    Raises:
        ValueError: The page does not have both marks, once each and in order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        raise ValueError(f"The page should have the marks {BEGIN} and {END}, once each.")
    return f"{before}{BEGIN}\n\n{content}\n\n{END}{after}"
