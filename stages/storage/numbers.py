"""Numbers from text, read strictly: a cell is a number as configured, a missing value, or refused."""

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from forecasting.data.number_marks import SPACES, VARIANTS
from foundation.params.ingest import Ingest

NULLS = tuple(pyarrow.csv.ConvertOptions().null_values)
# What somebody may have meant as a number, whichever marks it is written with
NUMBER_LIKE = (
    rf"(?i)^\s*[+-]?(\d[\d.,'_\x{{2019}}{SPACES}]*|[.,]\d+|inf|infinity)(e[+-]?\d+)?\s*%?\s*$"
)


def to_numbers(cells: pa.ChunkedArray, ingest: Ingest) -> pa.ChunkedArray:
    """Convert cells to float64, missing ones to null; a cell that is not a number raises ArrowInvalid."""
    return _plain(cells, ingest).cast(pa.float64())


def are_numbers(cells: pa.ChunkedArray, ingest: Ingest) -> pa.ChunkedArray:
    """Return for each cell whether it is a number or a missing value."""
    plain = _plain(cells, ingest)
    try:
        plain.cast(pa.float64())
    except pa.ArrowInvalid:
        encoded = plain.dictionary_encode().combine_chunks()
        texts = encoded.dictionary
        known = pa.array([_is_plain(text) for text in texts.to_pylist()])
        return pa.chunked_array([pc.fill_null(known.take(encoded.indices), True)])
    return pa.chunked_array([pa.repeat(True, len(cells))])


def is_numeric(cells: pa.ChunkedArray, ingest: Ingest) -> bool:
    """Return True if a column is meant to hold numbers: at least half of its cells look like one.

    A column of missing values alone is one of numbers.
    """
    filled = pc.invert(are_missing(cells, ingest))
    alike = pc.and_(filled, pc.match_substring_regex(cells, NUMBER_LIKE))
    n_filled, n_alike = (pc.sum(mask).as_py() or 0 for mask in (filled, alike))
    return bool(2 * n_alike >= n_filled)


def are_missing(cells: pa.ChunkedArray, ingest: Ingest) -> pa.ChunkedArray:
    """Return for each cell whether it stands for a missing value."""
    markers = [marker.strip() for marker in ingest.missing_values if isinstance(marker, str)]
    trimmed = pc.is_in(pc.utf8_trim_whitespace(cells), pa.array(markers, pa.string()))
    return pc.or_(pc.is_in(cells, pa.array(NULLS)), trimmed)


def mark_class(mark: str) -> str:
    """Return a regular expression of a mark, however it is written."""
    return f"[{re.escape(VARIANTS.get(mark, mark))}]"


def is_plain(cell: str, decimal: str) -> bool:
    """Return True if a cell without marks between thousands is a number, or missing."""
    other = str.maketrans(f".{decimal}", f"{decimal}.")
    return _is_plain(cell.strip(" \t").translate(other)) or cell in NULLS


def _is_plain(text: str) -> bool:
    try:
        pa.array([text]).cast(pa.float64())
    except pa.ArrowInvalid:
        return False
    return True


def _plain(cells: pa.ChunkedArray, ingest: Ingest) -> pa.ChunkedArray:
    """Write numbers without thousands and with a point, missing ones as null; others become no numbers."""
    nothing = pa.scalar(None, pa.string())
    plain = pc.utf8_trim(pc.if_else(are_missing(cells, ingest), nothing, cells), " \t")
    if ingest.thousands:
        plain = _without_thousands(plain, ingest)
    if ingest.decimal != ".":
        plain = _swapped(plain, ".", ingest.decimal)
    return plain


def _without_thousands(cells: pa.ChunkedArray, ingest: Ingest) -> pa.ChunkedArray:
    mark, decimal = mark_class(str(ingest.thousands)), re.escape(ingest.decimal)
    grouped = rf"^[+-]?[1-9]\d{{0,2}}({mark}\d{{2,3}})*{mark}\d{{3}}({decimal}\d*)?$"
    is_grouped = pc.match_substring_regex(cells, grouped)
    return pc.if_else(is_grouped, pc.replace_substring_regex(cells, mark, ""), cells)


def _swapped(cells: pa.ChunkedArray, first: str, second: str) -> pa.ChunkedArray:
    """Exchange two marks, so that a point among decimal commas is not taken for one."""
    for old, new in ((first, "\0"), (second, first), ("\0", second)):
        cells = pc.replace_substring(cells, old, new)
    return cells


def replace_markers(
    values: pa.ChunkedArray, missing_values: Sequence[str | float]
) -> pa.ChunkedArray:
    """Replace the numbers that stand for missing values by null. Values and result: float64."""
    markers = [float(marker) for marker in missing_values if not isinstance(marker, str)]
    if not markers:
        return values
    found = pc.is_in(values, pa.array(markers, pa.float64()))
    return pc.if_else(found, pa.scalar(None, pa.float64()), values)
