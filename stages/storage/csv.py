"""Reading a table of text through Arrow; what cannot be read is named by row and column.

Rows are counted from 1, without the header and the rows of units below it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from foundation.errors import DataError, quoted
from stages.storage.columns import Chosen
from stages.storage.marks import check_marks, number_problem
from stages.storage.numbers import NULLS, are_numbers, is_numeric, to_numbers
from stages.storage.text_tables import TextTable, is_text, no_rows, not_text

RowHandler = Callable[[pyarrow.csv.InvalidRow], str]


@dataclass(frozen=True)
class ReadColumns:
    """The columns of a table as Arrow holds them.

    Attributes:
        table: Times and ids as they are in the file, texts as text, numbers as numbers.
        numbers: The columns of numbers.
        texts: The columns of text that were asked for.
        left_out: The columns of text that nobody asked for; not in the table.
    """

    table: pa.Table
    numbers: list[str]
    texts: list[str]
    left_out: list[str]


def read_columns(text: TextTable, chosen: Chosen) -> ReadColumns:
    """Read times and ids as text, the other columns as numbers or text; missing numbers as null.

    Raises:
        DataError: A row or a cell is not what it should be.
    """
    candidates = chosen.candidates
    if text.ingest.thousands is None:
        types = dict.fromkeys(chosen.keys, pa.string()) | dict.fromkeys(candidates, pa.float64())
        try:
            table = _arrow_csv(text, types)
        except (pa.ArrowInvalid, UnicodeDecodeError):
            pass  # a cell is text, a marker with spaces, or wrong
        else:
            check_marks(read_text(text, candidates), text.ingest)
            return ReadColumns(table, candidates, [], [])
    return _read_by_cells(text, chosen)


def _read_by_cells(text: TextTable, chosen: Chosen) -> ReadColumns:
    """Read everything as text, and turn the columns that hold numbers into numbers."""
    try:
        table = read_text(text, [*chosen.keys, *chosen.candidates])
    except (pa.ArrowInvalid, UnicodeDecodeError) as invalid:
        raise broken_table(text, invalid) from None
    numbers = [
        name
        for name in chosen.candidates
        if name in chosen.numbers or is_numeric(table[name], text.ingest)
    ]
    cells = table.select(numbers or chosen.others)  # if nothing is left to forecast, show why
    for name in cells.column_names:
        known = are_numbers(cells[name], text.ingest)
        if not pc.all(known).as_py():
            raise number_problem(cells, name, pc.index(known, False).as_py(), text.ingest)
        place = table.column_names.index(name)
        table = table.set_column(place, name, to_numbers(cells[name], text.ingest))
    if text.ingest.thousands is None:
        check_marks(cells, text.ingest)
    texts = [name for name in chosen.either if name not in numbers]
    left_out = [name for name in chosen.others if name not in numbers]
    return ReadColumns(table.drop_columns(left_out), numbers, texts, left_out)


def read_text(
    text: TextTable,
    columns: Sequence[str],
    *,
    kind: pa.DataType = pa.string(),  # noqa: B008  a value, never changed
) -> pa.Table:
    """Read columns as the cells have them; the rows are known to be whole."""
    return _arrow_csv(text, dict.fromkeys(columns, kind))


def _arrow_csv(
    text: TextTable, types: dict[str, pa.DataType], on_wrong_row: RowHandler | None = None
) -> pa.Table:
    ingest = text.ingest
    in_utf_8 = text.is_cleaned or text.content is not None
    more_nulls = [marker for marker in ingest.missing_values if isinstance(marker, str)]
    try:
        return pyarrow.csv.read_csv(
            text.open_rows(),
            pyarrow.csv.ReadOptions(
                column_names=text.names,
                skip_rows=0 if text.is_cleaned else text.skip,
                encoding="utf-8" if in_utf_8 else ingest.encoding,
                block_size=1 << 24,
                use_threads=on_wrong_row is None,  # only one thread knows the number of a row
            ),
            pyarrow.csv.ParseOptions(delimiter=ingest.separator, invalid_row_handler=on_wrong_row),
            pyarrow.csv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                decimal_point=ingest.decimal,
                null_values=[*NULLS, *more_nulls],
            ),
        )
    except pa.ArrowInvalid as invalid:
        if "Empty CSV file" in str(invalid):
            raise no_rows(text.path) from None
        raise


def broken_table(text: TextTable, invalid: Exception) -> DataError:
    """Describe in which row a file ceases to be a table of text."""
    if not is_text(text):
        return not_text(text)
    wrong_rows: list[pyarrow.csv.InvalidRow] = []

    def note(row: pyarrow.csv.InvalidRow) -> str:
        wrong_rows.append(row)
        return "skip"

    try:
        _arrow_csv(text, dict.fromkeys(text.names, pa.string()), note)
    except pa.ArrowInvalid as broken:
        return DataError(f"{text.where} is not a valid CSV: {one_line(broken)}. Repair the file.")
    if not wrong_rows:
        return DataError(f"{text.where} cannot be read: {one_line(invalid)}. Repair the file.")
    row = wrong_rows[0]
    number = row.number - (0 if text.is_cleaned else text.skip)
    return DataError(
        f"Row {number} of the raw table {text.path} has another number of cells "
        f"({row.actual_columns}) than the header ({row.expected_columns}): found {quoted(row.text)}.",
        "Repair the row, or set ingest.separator and ingest.decimal as the file has them; lines above "
        "the header are skipped by ingest.skip_rows, lines at the end by ingest.skip_footer.",
    )


def one_line(error: Exception) -> str:
    """Bring what a library says into one line."""
    return " ".join(str(error).split()).rstrip(".")
