"""Text columns as numbers: one column of 0 and 1 per category that training rows hold."""

from collections.abc import Sequence

import numpy as np


def carry_forward(codes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Repeat the last known category in cells that are missing, within each series.

    Args:
        codes: Numbers of categories, nan where the cell is missing, shape (rows,).
        offsets: Rows at which the series begin, and the number of rows.

    Returns:
        Same shape; nan only where nothing is known before.
    """
    rows = np.arange(len(codes))
    begun = np.zeros(len(codes), dtype=bool)
    begun[offsets[:-1][np.diff(offsets) > 0]] = True  # a new series knows nothing of the one before
    known = np.maximum.accumulate(np.where(begun | ~np.isnan(codes), rows, 0))
    return codes[known]


def find_categories(codes: np.ndarray, labels: Sequence[str]) -> tuple[str, ...]:
    """List the categories that occur among the codes, sorted; nan do not count."""
    present = np.unique(codes[~np.isnan(codes)]).astype(np.int64)
    return tuple(sorted(labels[code] for code in present))


def unknown_rows(codes: np.ndarray, labels: Sequence[str], categories: Sequence[str]) -> np.ndarray:
    """Mark the rows whose category is none of these; a missing cell has none and is not marked."""
    known = [code for code, label in enumerate(labels) if label in set(categories)]
    return ~np.isnan(codes) & ~np.isin(codes, known)


def one_hot(codes: np.ndarray, labels: Sequence[str], categories: Sequence[str]) -> np.ndarray:
    """Write each category as a column: 1 in its rows, else 0.

    Args:
        codes: Numbers of labels, nan where there is none, shape (rows,).
        labels: The text of each code.
        categories: Those that get a column, in this order.

    Returns:
        Shape (rows, categories), float64; a row without any of the categories is all 0.
    """
    number = {label: code for code, label in enumerate(labels)}
    wanted = np.array([number.get(category, -1) for category in categories], dtype=np.float64)
    return (codes[:, None] == wanted).astype(np.float64)
