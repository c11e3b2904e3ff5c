"""How text is laid out: in tables and lines no wider than a terminal; whole where no terminal is."""

import shutil
import sys
import textwrap
from collections.abc import Collection, Sequence

GAP = "  "


def screen_width() -> int | None:
    """Return how many columns the terminal has; None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def announce(line: str) -> None:
    """Print on stderr what is being done, where nothing can be shown of it yet."""
    print(line, file=sys.stderr, flush=True)


def filled(text: str, width: int | None, *, indent: str = "") -> str:
    """Break lines at spaces, never within a word; lines after the first are indented."""
    if width is None:
        return text
    return textwrap.fill(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def table(
    rows: Sequence[Sequence[str]], *, left: Collection[int] = (0,), width: int | None = None
) -> str:
    """Align rows of text in columns, as `table_rows` does."""
    return "\n".join(table_rows(rows, left=left, width=width))


def table_rows(
    rows: Sequence[Sequence[str]], *, left: Collection[int] = (0,), width: int | None = None
) -> list[str]:
    """Align rows of text in columns.

    Args:
        rows: The cells; the first row is the header.
        left: Which columns are aligned to the left, the others are to the right.
        width: Where they are wider than this, the words of a header stand above each other, and a
            cell of the first column that is still too long stands above its row.

    Returns:
        The text of each row, of one line or more.
    """
    widths = _widths(rows)
    if width is None or _total(widths) <= width:
        return [_aligned(row, widths, left) for row in rows]
    head, body = _folded(rows), rows[1:]
    widths = _widths([*head, *body])
    room = width - _total(widths[1:]) - len(GAP)
    widths[0] = max((len(row[0]) for row in [*head, *body] if len(row[0]) <= room), default=0)
    return [
        "\n".join(_aligned(line, widths, left) for line in head),
        *(_stacked(row, widths, left) for row in body),
    ]


def _stacked(row: Sequence[str], widths: Sequence[int], left: Collection[int]) -> str:
    if len(row[0]) <= widths[0]:
        return _aligned(row, widths, left)
    return f"{row[0]}\n{_aligned(['', *row[1:]], widths, left)}"


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _folded(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Write the words of a header in several lines, as far as what is below is narrower."""
    body = _widths(rows[1:]) if rows[1:] else [0] * len(rows[0])
    cells = [
        textwrap.wrap(cell, max(room, *map(len, cell.split()), 1), break_on_hyphens=False)
        for cell, room in zip(rows[0], body, strict=True)
    ]
    height = max(map(len, cells))
    padded = [[""] * (height - len(lines)) + lines for lines in cells]
    return [list(line) for line in zip(*padded, strict=True)]


def _aligned(row: Sequence[str], widths: Sequence[int], left: Collection[int]) -> str:
    return GAP.join(
        cell.ljust(width) if column in left else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ).rstrip()
